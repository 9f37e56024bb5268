import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {SauError} from '../base/errors.js';
import type {LibTorch} from '../native/libtorch.js';
import type {NvidiaDriver} from '../native/nvidia_driver.js';
import {packageRoot} from '../native/package_root.js';
import type {Platform} from '../native/platforms.js';
import {named} from '../options/named.js';

/** A build of LibTorch: for the CPU alone, or for NVIDIA GPUs too. */
export type Variant = 'cpu' | 'cuda';

/** One way to ask pip. */
export interface PipSource {
  readonly requirement: string;
  /** An index that is searched in addition to those that the user has configured. */
  readonly extraIndex?: string;
}

/** An official archive. */
export interface PinnedZip {
  readonly url: string;
  readonly bytes: number;
  /** null: unknown, so the user must give one. */
  readonly sha256: string | null;
}

export interface PinnedVariant {
  readonly pip: readonly PipSource[];
  /** null: none is known for this platform, so that pip or a file is the only way. */
  readonly zip: PinnedZip | null;
  readonly approximateBytes: {readonly fetched: number; readonly installed: number};
}

export interface PlatformBuilds {
  readonly cpu: PinnedVariant;
  /** null: there is none for this platform. */
  readonly cuda: PinnedVariant | null;
}

/** The contents of libtorch.json, the only place with versions, addresses and checksums. */
export interface Pins {
  readonly version: string;
  readonly supported: {readonly min: string; readonly below: string};
  /** A Python for which wheels of this version exist. The C++ libraries do not depend on it. */
  readonly wheelPython: string;
  /** The CUDA of the CUDA builds; `driver`: the oldest NVIDIA driver for it. */
  readonly cuda: {readonly version: string; readonly driver: string};
  /** The builds for each platform of lib/native/platforms.ts, by its tuple. */
  readonly platforms: Readonly<Record<string, PlatformBuilds>>;
}

export function readPins(): Pins {
  return JSON.parse(readFileSync(join(packageRoot(), 'libtorch.json'), 'utf8')) as Pins;
}

/** A build for a platform of the table. Throws ERR_CONFIG for a CUDA build where there is none. */
export function pinnedBuild({platforms}: Pins, {tuple}: Platform, variant: Variant): PinnedVariant {
  const builds = platforms[tuple];
  if (builds === undefined) throw new Error(`libtorch.json has no builds for ${tuple}`);
  const build = builds[variant];
  if (build !== null) return build;
  throw new SauError(
    'ERR_CONFIG',
    `Expected cpu or auto for ${named('variant')} on ${tuple} but received ${variant}. LibTorch has no such build.`,
  );
}

/**
 * Compares versions number by number: 2.13.0 comes before 2.14.1, 580.65.06 after 575.9. Returns a negative number,
 * 0 or a positive number.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i += 1) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}

interface VariantChoice {
  readonly variant: Variant;
  /** The reason, for people. */
  readonly reason: string;
}

/** What the choice depends on. */
export interface VariantFacts {
  readonly asked: 'auto' | Variant;
  readonly driver: NvidiaDriver | null;
  readonly hasPip: boolean;
  readonly pins: Pins;
}

/** The variant for this machine: the driver decides, never a toolkit. */
export function chooseVariant({asked, driver, hasPip, pins}: VariantFacts): VariantChoice {
  const {version: cuda, driver: needed} = pins.cuda;
  const isOld = driver !== null && isOlder(driver, needed);
  if (asked === 'cpu') return {variant: 'cpu', reason: 'as asked'};
  if (asked === 'cuda') {
    if (driver === null)
      return {variant: 'cuda', reason: 'as asked, though no NVIDIA driver was found'};
    const though = isOld ? `, though NVIDIA driver ${driver.version} is older than ${needed}` : '';
    return {variant: 'cuda', reason: `as asked${though}`};
  }
  if (driver === null) return {variant: 'cpu', reason: 'no NVIDIA driver was found'};
  const found = `NVIDIA driver ${driver.version}`;
  if (isOld) {
    const reason = `${found} is older than ${needed}, which CUDA ${cuda} needs; update it for the GPU`;
    return {variant: 'cpu', reason};
  }
  if (!hasPip) {
    const reason =
      `${found} was found, but there is no python3 with pip to fetch NVIDIA's libraries, which the zip is ` +
      'without; install one for the GPU';
    return {variant: 'cpu', reason};
  }
  return {variant: 'cuda', reason: `${found} was found (${driver.source})`};
}

/** A driver of unknown version counts as new enough. */
export function isOlder(driver: NvidiaDriver, needed: string): boolean {
  return driver.version !== 'unknown' && compareVersions(driver.version, needed) < 0;
}

export function variantOf({cuda}: LibTorch): Variant {
  return cuda === null ? 'cpu' : 'cuda';
}
