import {CIFAR10_CLASS_NAMES} from './cifar10.js';

/** The facts that a known data set brings (specification C.1). Arrays are per channel R, G, B. */
export interface DatasetFacts {
  readonly numClasses: number;
  /** Height and width in pixels. */
  readonly size: number;
  /** In [0,1] pixel scale. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

export const DATASETS = {
  cifar10: {numClasses: 10, size: 32, mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.243, 0.261]},
  cifar100: {
    numClasses: 100,
    size: 32,
    mean: [0.5071, 0.4865, 0.4409],
    std: [0.2673, 0.2564, 0.2762],
  },
  gtsrb: {numClasses: 43, size: 32, mean: [0, 0, 0], std: [1, 1, 1]},
  tiny: {numClasses: 200, size: 64, mean: [0.4802, 0.4481, 0.3975], std: [0.2302, 0.2265, 0.2262]},
  imagenet: {numClasses: 1000, size: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]},
} as const satisfies Readonly<Record<string, DatasetFacts>>;

export type DatasetName = keyof typeof DATASETS;

/** True for a key of DATASETS. */
export function isDatasetName(name: string): name is DatasetName {
  return Object.hasOwn(DATASETS, name);
}

/** The known data set whose class folders these are, told by their names and number; null if none. */
export function recogniseDataset(classNames: readonly string[]): DatasetName | null {
  const all = (pattern: RegExp): boolean => classNames.every((name) => pattern.test(name));
  switch (classNames.length) {
    case DATASETS.cifar10.numClasses:
      return classNames.join() === CIFAR10_CLASS_NAMES.join() ? 'cifar10' : null;
    case DATASETS.gtsrb.numClasses:
      return all(/^\d{5}$/) ? 'gtsrb' : null;
    case DATASETS.tiny.numClasses:
      return all(/^n\d{8}$/) ? 'tiny' : null;
    case DATASETS.imagenet.numClasses:
      return all(/^n\d{8}$/) ? 'imagenet' : null;
    default:
      return null;
  }
}
