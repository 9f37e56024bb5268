import type {LibTorch} from '../native/libtorch.js';
import type {NvidiaDriver} from '../native/nvidia_driver.js';
import {compareVersions, type Pins, type Variant} from './pins.js';

export interface VariantChoice {
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
  const {cuda, driver: needed} = pins.variants.cuda;
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
