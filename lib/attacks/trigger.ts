import {Breather} from '../base/breather.js';
import {allocateLike} from '../datasets/image_memory.js';
import type {ImageSet} from '../datasets/image_set.js';

/**
 * Stamps one image: takes uint8 [3,H,W] planes and the image's original index in its split, and returns a new array
 * of that shape. A pure function: equal images give equal results, and the input is not changed.
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
 * A new set of the images at `positions`, in that order, each with the trigger (specification B3.4). Its labels are
 * the attack's; its trueLabels are those of the set.
 */
export async function applyTrigger(
  set: ImageSet,
  positions: Int32Array,
  {trigger, labelOf, onImages}: Stamp,
): Promise<ImageSet> {
  const imageBytes = 3 * set.height * set.width;
  const images = await allocateLike(set, positions.length);
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
 * The training set of the victim: a copy of `clean` in which image i of `poisoned`, with its labels, replaces image
 * positions[i].
 */
export async function withPoisoned(
  clean: ImageSet,
  positions: Int32Array,
  poisoned: ImageSet,
): Promise<ImageSet> {
  const imageBytes = 3 * clean.height * clean.width;
  const images = await allocateLike(clean, clean.count);
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
