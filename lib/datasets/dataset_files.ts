import {Breather} from '../base/breather.js';
import {SauError} from '../base/errors.js';
import type {ImageSize, LoadOptions} from './decode.js';
import type {ImageSet} from './image_set.js';
import type {Transform} from './transform.js';

/** What a format finds in a folder. Nothing but names and labels is in memory until images are loaded. */
export interface DatasetFiles {
  /** In label order. */
  readonly classNames: readonly string[];
  /** What the classes are called, in label order, where the files tell more than `classNames`. */
  readonly classTitles?: readonly string[];
  /** Of every image; null where they have sizes of their own and are resized to the one that is asked for. */
  readonly size: ImageSize | null;
  readonly train: SplitFiles;
  readonly test: SplitFiles;
}

/** The images of one split, in the order of the format. */
export interface SplitFiles {
  readonly count: number;
  /** [count] The image files; null where images lie many in a file. */
  readonly paths: readonly string[] | null;
  /**
   * [count] The label of each image.
   * @throws SauError ERR_DATASET for a file that cannot be read
   */
  labels(options?: LoadOptions): Promise<Int32Array>;
  /**
   * The images at these positions, of which each is in [0, count), in this order.
   * @throws SauError ERR_DATASET for a file that cannot be read
   */
  load(positions: Int32Array, transform: Transform, options?: LoadOptions): Promise<ImageSet>;
}

export type SplitName = 'train' | 'test';
/** Positions in a split, in the order in which the images are loaded; repeats are allowed. */
export type Selection = Int32Array | readonly number[];

/**
 * The positions to load: those given, or 0..count-1.
 * @throws SauError ERR_DATASET, which names the first position that is not an integer in [0, count)
 */
export function resolveSelection(
  selection: Selection | undefined,
  count: number,
  split: SplitName,
): Int32Array {
  if (selection === undefined) return Int32Array.from({length: count}, (_, i) => i);
  for (const index of selection) {
    if (Number.isInteger(index) && index >= 0 && index < count) continue;
    throw new SauError(
      'ERR_DATASET',
      `Expected indices from 0 to ${count - 1} of the ${split} set but received ${index}`,
      {details: {index, count, split}},
    );
  }
  return Int32Array.from(selection);
}

/** An image to load: `slot` in the result, `offset` within the file that holds it. */
export interface Pick {
  readonly slot: number;
  readonly offset: number;
}

/** Splits a selection by file: one list per file. File i has sizes[i] images. */
export async function picksByFile(
  selection: Int32Array,
  sizes: readonly number[],
): Promise<Pick[][]> {
  const breather = new Breather();
  const picks = sizes.map((): Pick[] => []);
  for (const [slot, position] of selection.entries()) {
    let file = 0;
    let offset = position;
    while (offset >= (sizes[file] ?? Number.POSITIVE_INFINITY)) offset -= sizes[file++] ?? 0;
    picks[file]?.push({slot, offset});
    if ((slot & 0xfff) === 0 && breather.due) await breather.rest();
  }
  return picks;
}

/** Splits picks into blocks of neighbors: block b holds the offsets [b * size, (b + 1) * size). */
export function picksByBlock(picks: readonly Pick[], size: number): Map<number, Pick[]> {
  const blocks = new Map<number, Pick[]>();
  for (const pick of picks) {
    const block = Math.floor(pick.offset / size);
    const members = blocks.get(block);
    if (members) members.push(pick);
    else blocks.set(block, [pick]);
  }
  return blocks;
}
