import type {Trigger} from './trigger.js';

/**
 * The two ways in which the official tool turns a number into a gray level. Both truncate toward zero
 * (specification B3.4, B5).
 */
type ToByte = (value: number) => number;

/** Clips to [0,255], then truncates. */
export const clipToByte: ToByte = (value) => Math.trunc(Math.min(255, Math.max(0, value)));

/**
 * Casts without clipping: truncates, then takes the remainder modulo 256, so -1.5 becomes 255 and 300 becomes 44.
 */
export const wrapToByte: ToByte = (value) => value & 0xff;

/**
 * Adds a pattern to every image and makes bytes of the sums by `toByte`, which clips and truncates by default
 * (specification B4.3, B4.4, B4.6, B4.7).
 * @param pattern [3,H,W] planes in gray levels, positive or negative
 */
export function addPattern(
  pattern: Uint8Array | Float32Array | Float64Array,
  toByte: ToByte = clipToByte,
): Trigger {
  return (image) => {
    const stamped = new Uint8Array(image.length);
    for (let i = 0; i < image.length; i++) {
      stamped[i] = toByte((image[i] ?? 0) + (pattern[i] ?? 0));
    }
    return stamped;
  };
}
