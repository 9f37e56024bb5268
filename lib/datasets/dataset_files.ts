import type {ImageSize, LoadOptions} from './decode.js';
import type {ImageSet} from './image_set.js';

/** What a format finds in a folder. Nothing but names and labels is in memory until images are loaded. */
export interface DatasetFiles {
  /** In label order. */
  readonly classNames: readonly string[];
  /** Of every image; null where they have sizes of their own and are resized to the one that is asked for. */
  readonly size: ImageSize | null;
  readonly train: SplitFiles;
  readonly test: SplitFiles;
}

/** The images of one split, in the order of the format. */
export interface SplitFiles {
  readonly count: number;
  /**
   * The images at these positions, of which each is in [0, count), in this order.
   * @throws SauError ERR_DATASET for a file that cannot be read
   */
  load(positions: Int32Array, size: ImageSize, options?: LoadOptions): Promise<ImageSet>;
}
