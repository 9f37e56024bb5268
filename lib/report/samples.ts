import type {ImageSet} from '../datasets/image_set.js';

/** Grey of no difference in {@link differenceOf}. */
const MIDDLE = 128;

/** Images of a set by position: views of uint8 [3,H,W] each. */
export function pick(set: ImageSet, positions: Int32Array): Uint8Array[] {
  const bytes = 3 * set.height * set.width;
  return [...positions].map((p) => set.images.subarray(p * bytes, (p + 1) * bytes));
}

/** `count` positions spread evenly over `total`. */
export function spread(total: number, count: number): Int32Array {
  const n = Math.min(count, total);
  return Int32Array.from({length: n}, (_, i) => Math.floor(((i + 0.5) * total) / n));
}

/** What changed from one image to another, `factor` times, around a middle grey; clipped to [0,255]. */
export function differenceOf(from: Uint8Array, to: Uint8Array, factor: number): Uint8Array {
  return Uint8Array.from(to, (value, i) =>
    Math.max(0, Math.min(255, MIDDLE + factor * (value - (from[i] ?? 0)))),
  );
}
