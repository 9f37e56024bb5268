import type {Selection} from './dataset_files.js';
import type {LoadOptions} from './decode.js';
import type {ImageSet} from './image_set.js';
import type {FormatName, KnownName} from './known.js';
import type {Transform} from './transform.js';

/** A clean data set on disk. Only its labels are in memory until a part of it is loaded. */
export interface Dataset {
  readonly format: FormatName;
  /** null where neither the user nor the folder tells. */
  readonly name: KnownName | null;
  /** The folder that holds the files. */
  readonly path: string;
  /** The folder that the official tool takes it from: `path`, or the one above where `path` is the archive's own. */
  readonly root: string;
  readonly numClasses: number;
  /** [numClasses] in label order. */
  readonly classNames: readonly string[];
  /** [numClasses] What the classes are called, for people; the same as `classNames` where nothing else is known. */
  readonly classTitles: readonly string[];
  readonly height: number;
  readonly width: number;
  /** How pictures become images of that size. */
  readonly transform: Transform;
  readonly trainCount: number;
  readonly testCount: number;
  /** That a known data set, as its authors lay it out, has another number of images; null where it has as many. */
  readonly note: string | null;
  /**
   * [trainCount] The label of each training image. Decodes none.
   * @throws SauError ERR_DATASET for a file that cannot be read
   */
  trainLabels(options?: LoadOptions): Promise<Int32Array>;
  /**
   * Training images in the given order, or all of them in the data set's own.
   * @throws SauError ERR_DATASET for an index out of range or a file that cannot be read
   */
  loadTrain(selection?: Selection, options?: LoadOptions): Promise<ImageSet>;
  /** Test images; otherwise as loadTrain. */
  loadTest(selection?: Selection, options?: LoadOptions): Promise<ImageSet>;
}
