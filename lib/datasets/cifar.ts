import {damagedDataFile} from './data_file.js';
import type {ImageSet} from './image_set.js';
import type {KnownDataset} from './known.js';

/** The shape of an image in all layouts of CIFAR. */
export const CIFAR = {
  height: 32,
  width: 32,
  /** One image: 3 planes of 32x32. */
  imageBytes: 3072,
} as const;

/** Throws ERR_DATASET unless the label is one of the data set's. */
export function checkCifarLabel(
  label: unknown,
  file: string,
  {title, numClasses}: KnownDataset,
): number {
  if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < numClasses) {
    return label;
  }
  const expected = `labels 0 to ${numClasses - 1}`;
  throw damagedDataFile(file, title, {expected, found: String(label)});
}

/** The names where there is one for each class, else the official ones. */
export function classNamesOf(
  names: readonly string[],
  {classes, numClasses}: KnownDataset,
): readonly string[] {
  return names.length === numClasses || classes instanceof RegExp ? names : classes;
}

/** An ImageSet of clean CIFAR images. */
export function cifarImageSet(
  images: Uint8Array,
  labels: Int32Array,
  originalIndices: Int32Array,
): ImageSet {
  return {
    images,
    labels,
    trueLabels: labels,
    originalIndices,
    count: labels.length,
    height: CIFAR.height,
    width: CIFAR.width,
  };
}
