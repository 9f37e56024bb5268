import {Breather} from '../base/breather.js';
import {allocateLike} from './image_memory.js';

/** Images at network resolution with their labels. */
export interface ImageSet {
  /** uint8 [N,3,H,W], channels R, G, B, row-major. Of a large set a file that is mapped into memory. */
  readonly images: Uint8Array;
  /** [N] class indices, 0-based. For poisoned images the attack's label. */
  readonly labels: Int32Array;
  /** [N] true labels; differs from `labels` only for poisoned images. */
  readonly trueLabels: Int32Array;
  /** [N] position of each image in its split. */
  readonly originalIndices: Int32Array;
  /** N. */
  readonly count: number;
  /** H in pixels. */
  readonly height: number;
  /** W in pixels. */
  readonly width: number;
}

/** A copy of the images at `positions`, in that order. */
export async function selectImages(set: ImageSet, positions: Int32Array): Promise<ImageSet> {
  const {height, width} = set;
  const bytes = 3 * height * width;
  const images = await allocateLike(set, positions.length);
  const breather = new Breather();
  for (const [slot, position] of positions.entries()) {
    images.set(set.images.subarray(position * bytes, (position + 1) * bytes), slot * bytes);
    if (breather.due) await breather.rest();
  }
  const at = (values: Int32Array): Int32Array => positions.map((i) => values[i] ?? 0);
  return {
    images,
    labels: at(set.labels),
    trueLabels: at(set.trueLabels),
    originalIndices: at(set.originalIndices),
    count: positions.length,
    height,
    width,
  };
}

/** The first `count` images, or the set itself if it has no more. */
export async function firstImages(set: ImageSet, count: number): Promise<ImageSet> {
  if (count >= set.count) return set;
  return selectImages(
    set,
    Int32Array.from({length: count}, (_, i) => i),
  );
}
