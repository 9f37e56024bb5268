import {SauError} from '../base/errors.js';
import type {ImageSet} from './image_set.js';

/** Facts that both layouts of CIFAR-10 share: the file names (without '.bin') and the shape of the records. */
export const CIFAR10 = {
  trainFiles: ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5'],
  testFiles: ['test_batch'],
  numClasses: 10,
  side: 32,
  /** One image: 3 planes of 32x32. */
  imageBytes: 3072,
} as const;

/** The official order of the labels, for folders without a list of names. */
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

/** The official order of the fine labels: by name. */
export const CIFAR100_CLASS_NAMES: readonly string[] = `
  apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
  caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
  forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
  mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
  possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
  sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
  willow_tree wolf woman worm
`
  .trim()
  .split(/\s+/);

/** Throws ERR_DATASET unless the label is from 0 to 9. */
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
