import {decodeAll, type ImageSize, type LoadOptions} from './decode.js';
import type {ImageSet} from './image_set.js';

/** Image files with their labels, not yet decoded. All lists have one entry per image. */
export interface LabelledFiles {
  readonly files: readonly string[];
  readonly labels: Int32Array;
}

/** Decodes the images at the given positions of the list: the ImageSet's originalIndices. */
export async function loadLabelledFiles(
  {files, labels}: LabelledFiles,
  positions: Int32Array,
  size: ImageSize,
  options?: LoadOptions,
): Promise<ImageSet> {
  const chosen = Array.from(positions, (position) => files[position] ?? '');
  const images = await decodeAll(chosen, size, options);
  const chosenLabels = positions.map((position) => labels[position] ?? 0);
  return {
    images,
    labels: chosenLabels,
    trueLabels: chosenLabels,
    originalIndices: positions,
    count: positions.length,
    height: size.height,
    width: size.width,
  };
}
