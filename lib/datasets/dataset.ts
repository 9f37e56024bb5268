import type {DatasetName} from './datasets.js';
import type {LoadOptions} from './decode.js';
import type {ImageSet} from './image_set.js';

export type DatasetKind = 'cifarBinary' | 'cifarPython' | 'imageFolder';
export type SplitName = 'train' | 'test';
/** Positions in a split, in the order in which the images are wanted; repeats are allowed. */
export type Selection = Int32Array | readonly number[];

/** A clean data set on disk. Nothing but its labels is in memory until a part of it is loaded. */
export interface Dataset {
  readonly kind: DatasetKind;
  /** A key of DATASETS; null where the folder does not tell. */
  readonly name: DatasetName | null;
  /** The folder that holds the files. */
  readonly path: string;
  readonly numClasses: number;
  /** [numClasses] in label order. */
  readonly classNames: readonly string[];
  readonly height: number;
  readonly width: number;
  readonly trainCount: number;
  readonly testCount: number;
  /**
   * Training images in the given order, or all of them in the data set's own.
   * @throws SauError ERR_DATASET for an index out of range or a file that cannot be read
   */
  loadTrain(selection?: Selection, options?: LoadOptions): Promise<ImageSet>;
  /** Test images; as loadTrain. */
  loadTest(selection?: Selection, options?: LoadOptions): Promise<ImageSet>;
}
