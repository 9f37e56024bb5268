import {SauError} from '../errors.js';
import type {ImageSet} from './image_set.js';

/** What both layouts of CIFAR-10 share: the file names (without '.bin') and the records' shape. */
export const CIFAR10 = {
  trainFiles: ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5'],
  testFiles: ['test_batch'],
  numClasses: 10,
  side: 32,
  /** One image: 3 planes of 32x32. */
  imageBytes: 3072,
} as const;

/** The official order of the labels, for folders that lack their list of names. */
export const CIFAR10_CLASS_NAMES: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

/** Throws ERR_DATASET unless the label is one of the ten. */
export function checkCifarLabel(label: unknown, file: string): number {
  if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label <= 9) {
    return label;
  }
  throw new SauError(
    'ERR_DATASET',
    `Expected labels 0 to 9 in ${file} but found ${label}; download it again`,
    {
      details: {file, label: String(label)},
    },
  );
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
    height: CIFAR10.side,
    width: CIFAR10.side,
  };
}
