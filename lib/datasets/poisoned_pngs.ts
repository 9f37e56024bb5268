import {decodeAll, type ImageSize, type LoadOptions} from './decode.js';
import type {ImageSet} from './image_set.js';

/** One poisoned image of a record, found on disk. */
export interface PoisonedPng {
  /** Absolute path. */
  readonly path: string;
  /** The label that the attack wants. */
  readonly attackLabel: number;
  readonly originalLabel: number;
  /** Position in the split that the image comes from. */
  readonly originalIndex: number;
}

/**
 * Loads poisoned images in the given order: labels are the attack labels, trueLabels the original ones.
 * @throws SauError ERR_DATASET naming the first file that is missing or corrupt
 */
export async function loadPoisonedPngs(
  entries: readonly PoisonedPng[],
  size: ImageSize,
  options?: LoadOptions,
): Promise<ImageSet> {
  const images = await decodeAll(
    entries.map((entry) => entry.path),
    size,
    options,
  );
  return {
    images,
    labels: Int32Array.from(entries, (entry) => entry.attackLabel),
    trueLabels: Int32Array.from(entries, (entry) => entry.originalLabel),
    originalIndices: Int32Array.from(entries, (entry) => entry.originalIndex),
    count: entries.length,
    height: size.height,
    width: size.width,
  };
}
