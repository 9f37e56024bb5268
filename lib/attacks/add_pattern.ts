import {clipToByte, type ToByte} from './to_byte.js';
import type {Trigger} from './trigger.js';

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
