import {SauError} from '../base/errors.js';
import {type ImageSet, selectImages} from '../datasets/image_set.js';
import {named} from '../options/named.js';

/** The clean images of a run with patience. */
export interface CleanParts {
  /** Those that the method learns from; null where it looks at none. */
  readonly learned: ImageSet | null;
  /** Those by which the run sees whether it still changes; null without patience. */
  readonly heldOut: ImageSet | null;
}

/** Fewer cannot be split. */
const LEAST = 5;

/** Of so many clean images those that are learned from: with patience all but the last fifth, rounded up. */
export function learnedOf(count: number, patience: number): number {
  return patience === 0 ? count : count - Math.ceil(count / 5);
}

/** Sets the last fifth of the clean images aside where the run has patience. Throws ERR_CONFIG for fewer than five. */
export async function cleanParts(clean: ImageSet | null, patience: number): Promise<CleanParts> {
  if (clean === null || patience === 0) return {learned: clean, heldOut: null};
  const {count} = clean;
  if (count < LEAST) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected at least ${LEAST} clean images for ${named('patience')}, which sets a fifth of them aside, but ` +
        `received ${count}. Give more ${named('clean')} images`,
      {details: {count, patience}},
    );
  }
  const split = learnedOf(count, patience);
  const part = (from: number, to: number) =>
    selectImages(
      clean,
      Int32Array.from({length: to - from}, (_, i) => from + i),
    );
  return {learned: await part(0, split), heldOut: await part(split, count)};
}
