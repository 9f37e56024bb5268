import {statSync} from 'node:fs';
import {resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {SauError} from '../base/errors.js';
import {shownUrl} from '../download/http.js';
import {findLibC} from '../native/libc.js';
import type {LibTorch} from '../native/libtorch.js';
import {findNvidiaDriver} from '../native/nvidia_driver.js';
import {findPlatform, type Platform, supportedPlatforms, THIS_TUPLE} from '../native/platforms.js';
import {named} from '../options/named.js';
import type {SetupConfig} from '../options/types.js';
import {SetupCache} from './cache.js';
import {chooseVariant, pinnedBuild, readPins, type Variant, variantOf} from './pins.js';
import {hasPip, type PipAttempt, PYTHON, pipArguments, pipAttempts} from './pip.js';

/** The source of a LibTorch. */
export type SetupSource =
  /** Tried one after the other until one gives the variant. */
  | {readonly kind: 'pip'; readonly attempts: readonly PipAttempt[]}
  | {readonly kind: 'url'; readonly url: string; readonly sha256: string}
  | {readonly kind: 'archive'; readonly path: string; readonly sha256: string | null}
  | {readonly kind: 'folder'; readonly path: string};

/** What setup is going to do. It is shown before it is done. */
export interface SetupPlan {
  readonly version: string;
  /** null: whatever the source has. */
  readonly variant: Variant | null;
  /** Why this variant. */
  readonly reason: string;
  readonly source: SetupSource;
  /** The command, address or path, for people. */
  readonly from: string;
  /** Approximate size in bytes; null if unknown. */
  readonly fetchedBytes: number | null;
  readonly installedBytes: number | null;
  /** The target folder; its name has a `*` if the variant is unknown. */
  readonly destination: string;
  /** Accept a LibTorch of the other variant that is in the cache. */
  readonly anyVariantServes: boolean;
  /** A LibTorch that is there already, so that nothing is to be done. */
  readonly present: LibTorch | null;
}

/**
 * Decides what to fetch and from where. Changes nothing. `version` is the wanted version. Throws ERR_CONFIG, and
 * ERR_NATIVE on a platform that LibTorch cannot run on.
 */
export async function planSetup(config: SetupConfig, version: string): Promise<SetupPlan> {
  const platform = requirePlatform();
  const pins = readPins();
  const cache = new SetupCache();
  if (config.from !== null) return planFrom(config, config.from, version, cache);
  const pip = await hasPip();
  const driver = await findNvidiaDriver();
  const {variant, reason} = chooseVariant({asked: config.variant, driver, hasPip: pip, pins});
  const cuda = variant === 'cuda' ? pins.cuda.version : null;
  const build = pinnedBuild(pins, platform, variant);
  const {zip, approximateBytes} = build;
  // A CUDA build serves the CPU too.
  const anyVariantServes = config.variant === 'auto' && variant === 'cpu';
  const common = {
    version,
    variant,
    reason,
    destination: cache.destination(version, cuda),
    anyVariantServes,
    present: await findPresent(cache, {version, variant, anyVariantServes}),
    installedBytes: approximateBytes.installed,
  };
  if (pip) {
    if (config.sha256 !== null) throw checksumWithoutFile();
    const attempts = pipAttempts(pins, build, version);
    const from = attempts[0] === undefined ? 'pip' : commandOf(attempts[0]);
    return {
      ...common,
      source: {kind: 'pip', attempts},
      from,
      fetchedBytes: approximateBytes.fetched,
    };
  }
  if (zip === null || version !== pins.version) throw noZip(version, platform);
  const sha256 = config.sha256 ?? zip.sha256;
  if (sha256 === null) throw checksumMissing(zip.url);
  const source = {kind: 'url', url: zip.url, sha256} as const;
  return {...common, source, from: zip.url, fetchedBytes: zip.bytes};
}

async function planFrom(
  {variant: asked, sha256: given}: SetupConfig,
  from: string,
  version: string,
  cache: SetupCache,
): Promise<SetupPlan> {
  const variant = asked === 'auto' ? null : asked;
  const source = sourceOf(from, given);
  const bytes = source.kind === 'archive' ? statSync(source.path).size : null;
  const anyVariantServes = variant === null;
  return {
    version,
    variant,
    anyVariantServes,
    reason: variant === null ? 'what the source holds' : 'as asked',
    source,
    from: source.kind === 'url' ? shownUrl(source.url) : source.path,
    fetchedBytes: bytes,
    installedBytes: null,
    destination: cache.destination(version, null).replace(/cpu$/, variant === 'cpu' ? 'cpu' : '*'),
    present: await findPresent(cache, {version, variant, anyVariantServes}),
  };
}

function sourceOf(
  from: string,
  given: string | null,
): Exclude<SetupSource, {readonly kind: 'pip'}> {
  if (/^https?:\/\//i.test(from)) {
    if (!URL.canParse(from)) throw badSource(from, 'it is no address');
    const url = new URL(from);
    // The form that links of a package index have.
    const linked = /^#sha256=([0-9a-f]{64})$/i.exec(url.hash)?.[1]?.toLowerCase();
    url.hash = '';
    const sha256 = given ?? linked;
    if (sha256 === undefined) throw checksumMissing(shownUrl(url.href));
    return {kind: 'url', url: url.href, sha256};
  }
  if (/^[a-z]{2,}:\/\//i.test(from) && !from.startsWith('file://')) {
    throw badSource(from, 'its scheme is none of http, https and file');
  }
  const path = from.startsWith('file://') ? fileURLToPath(from) : resolve(from);
  const facts = statSync(path, {throwIfNoEntry: false});
  if (facts === undefined) throw badSource(path, 'there is nothing');
  if (facts.isFile()) return {kind: 'archive', path, sha256: given};
  if (!facts.isDirectory()) throw badSource(path, 'it is neither a file nor a folder');
  if (given !== null) throw badSource(path, 'a folder has no checksum');
  return {kind: 'folder', path};
}

/** A LibTorch in the cache that makes fetching unnecessary. */
export async function findPresent(
  cache: SetupCache,
  plan: Pick<SetupPlan, 'version' | 'variant' | 'anyVariantServes'>,
): Promise<LibTorch | null> {
  const found = await cache.installed(plan.version);
  return found.find((l) => plan.anyVariantServes || variantOf(l) === plan.variant) ?? null;
}

function noZip(version: string, {tuple}: Platform): SauError {
  return new SauError(
    'ERR_CONFIG',
    `Expected python3 with pip, or ${named('from')}, to fetch LibTorch ${version} for ${tuple}: it has no known zip.`,
    {
      remedy: `Install python3 with pip, or name a file with ${named('from')} and its ${named('sha256')}.`,
    },
  );
}

function checksumMissing(url: string): SauError {
  return new SauError('ERR_CONFIG', `Expected ${named('sha256')} for ${url} but received none.`, {
    remedy:
      'What comes over the network is not used unchecked: give the checksum that the publisher states, or a ' +
      'link that ends in #sha256=..., such as those to the wheels on https://download.pytorch.org/whl/torch/.',
  });
}

function checksumWithoutFile(): SauError {
  return new SauError(
    'ERR_CONFIG',
    `Expected ${named('from')} with ${named('sha256')} but received ${named('sha256')} alone.`,
    {
      remedy: `pip checks what it fetches itself: leave ${named('sha256')} out, or name a file with ${named('from')}.`,
    },
  );
}

function badSource(from: string, why: string): SauError {
  const expected = 'an address, a .zip or .whl file or a folder with a LibTorch';
  return new SauError(
    'ERR_CONFIG',
    `Expected ${expected} for ${named('from')} but received ${from}: ${why}`,
  );
}

/** As a user would type it. */
function commandOf(attempt: PipAttempt): string {
  return [PYTHON, ...pipArguments('DIR', attempt)].join(' ');
}

function requirePlatform(): Platform {
  const platform = findPlatform(THIS_TUPLE);
  const lacksLibC = platform?.needsGlibc === true && findLibC()?.name !== 'glibc';
  if (platform !== null && !lacksLibC) return platform;
  const found = lacksLibC ? `${THIS_TUPLE} without glibc (musl, as on Alpine)` : THIS_TUPLE;
  throw new SauError('ERR_NATIVE', `Expected ${supportedPlatforms()} but this is ${found}.`, {
    remedy: 'LibTorch has no build for it: use a Debian, Ubuntu or RHEL based system or container.',
  });
}
