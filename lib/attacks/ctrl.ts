import {SauError} from '../base/errors.js';
import type {OwnOptions} from '../options/attacks/attacks.js';
import {named} from '../options/named.js';
import {clipToByte, wrapToByte} from './add_pattern.js';
import type {AttackContext, Triggers} from './attack_context.js';
import {type Coefficient, dctPattern} from './dct_pattern.js';
import type {Trigger} from './trigger.js';

/** Row and column of the raised coefficients, at every image size. */
const COEFFICIENTS: readonly Coefficient[] = [
  [15, 15],
  [31, 31],
];
const LEAST_SIDE = 32;

/**
 * CTRL (specification B4.12): raises two coefficients of the DCT of both color differences of YUV over the whole
 * image, the same in training and test. The conversion back to RGB is not the exact inverse. A value out of range
 * wraps modulo 256, or is clipped if `wrap` is off.
 * @throws SauError ERR_CONFIG for images without these coefficients
 */
export async function ctrl(
  {magnitude, wrap}: OwnOptions<'ctrl'>,
  {size}: Pick<AttackContext, 'size'>,
): Promise<Triggers> {
  const {height, width} = size;
  if (Math.min(height, width) < LEAST_SIDE) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected images of at least ${LEAST_SIDE}x${LEAST_SIDE} pixels for ctrl but received ${height}x${width}; choose another ${named('imageSize')}`,
      {details: {height, width}},
    );
  }
  const pattern = dctPattern(COEFFICIENTS, magnitude, size);
  const toByte = wrap ? wrapToByte : clipToByte;
  const trigger: Trigger = (image) => {
    const stamped = new Uint8Array(image.length);
    const area = pattern.length;
    for (let i = 0; i < area; i++) {
      const [r, g, b] = [image[i] ?? 0, image[area + i] ?? 0, image[2 * area + i] ?? 0];
      const y = 0.299 * r + 0.587 * g + 0.114 * b;
      const u = -0.147 * r - 0.289 * g + 0.436 * b + (pattern[i] ?? 0);
      const v = 0.615 * r - 0.515 * g - 0.1 * b + (pattern[i] ?? 0);
      stamped[i] = toByte(y + 1.14 * v);
      stamped[area + i] = toByte(y - 0.396 * u - 0.581 * v);
      stamped[2 * area + i] = toByte(y + 2.029 * u);
    }
    return stamped;
  };
  return {train: trigger, test: trigger};
}
