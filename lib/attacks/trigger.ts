import {Breather} from '../base/breather.js';
import type {ImageSet} from '../datasets/image_set.js';

/**
 * Stamps one image: uint8 [3,H,W] planes and the image's original index in its split in, a new array of
 * the same shape out. Pure: the same image gives the same result, and the input stays as it is.
 */
export type Trigger = (image: Uint8Array, originalIndex: number) => Uint8Array;

/** What is done to images. */
export interface Stamp {
  readonly trigger: Trigger;
  /** The attack's label for a true label. */
  readonly labelOf: (label: number) => number;
  /** Images stamped so far, of all. */
  readonly onImages?: (done: number, total: number) => void;
}

/**
 * A new set of the images at `positions`, in that order, with the trigger on each: labels are those that
 * the attack wants, trueLabels the set's (specification B3.4).
 */
export async function applyTrigger(
  set: ImageSet,
  positions: Int32Array,
  {trigger, labelOf, onImages}: Stamp,
): Promise<ImageSet> {
  const imageBytes = 3 * set.height * set.width;
  const images = new Uint8Array(positions.length * imageBytes);
  const breather = new Breather();
  for (const [slot, position] of positions.entries()) {
    const from = position * imageBytes;
    const image = set.images.subarray(from, from + imageBytes);
    images.set(trigger(image, set.originalIndices[position] ?? 0), slot * imageBytes);
    onImages?.(slot + 1, positions.length);
    if (breather.due) await breather.rest();
  }
  const trueLabels = positions.map((position) => set.trueLabels[position] ?? 0);
  return {
    images,
    labels: trueLabels.map(labelOf),
    trueLabels,
    originalIndices: positions.map((position) => set.originalIndices[position] ?? 0),
    count: positions.length,
    height: set.height,
    width: set.width,
  };
}

/**
 * The training set of the victim: a copy of `clean` in which image positions[i] is image i of `poisoned`
 * with its labels.
 */
export async function withPoisoned(
  clean: ImageSet,
  positions: Int32Array,
  poisoned: ImageSet,
): Promise<ImageSet> {
  const imageBytes = 3 * clean.height * clean.width;
  const images = new Uint8Array(clean.images.length);
  const labels = clean.labels.slice();
  const breather = new Breather();
  for (let i = 0; i < clean.count; i++) {
    const at = i * imageBytes;
    images.set(clean.images.subarray(at, at + imageBytes), at);
    if (breather.due) await breather.rest();
  }
  for (const [slot, position] of positions.entries()) {
    const from = slot * imageBytes;
    images.set(poisoned.images.subarray(from, from + imageBytes), position * imageBytes);
    labels[position] = poisoned.labels[slot] ?? 0;
    if (breather.due) await breather.rest();
  }
  return {...clean, images, labels};
}
