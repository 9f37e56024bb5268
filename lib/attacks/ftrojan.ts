import {SauError} from '../base/errors.js';
import type {OwnOptions} from '../options/attacks/attacks.js';
import {named} from '../options/named.js';
import type {AttackContext, Triggers} from './attack_context.js';
import {type Coefficient, dctPattern} from './dct_pattern.js';
import {clipToByte, wrapToByte} from './to_byte.js';
import type {Trigger} from './trigger.js';
import {fromYCrCb, toYCrCb} from './ycrcb.js';

const WINDOW = 32;
/** Row and column of the raised coefficients in the DCT of every window. */
const COEFFICIENTS: readonly Coefficient[] = [
  [15, 15],
  [31, 31],
];

/**
 * FTrojan (specification B4.11): raises two coefficients of the DCT of every 32x32 window of both color channels
 * of YCrCb, the same in training and test. A channel out of range wraps modulo 256, or is clipped if `wrap` is off.
 * The official tool also transforms luma there and back. Its rounding noise lowers some values by one gray level,
 * depending on the DCT (OpenCV: 18% of random bytes). This package leaves that out.
 * @throws SauError ERR_CONFIG unless both sides are multiples of 32
 */
export async function ftrojan(
  {magnitude, wrap}: OwnOptions<'ftrojan'>,
  {size}: Pick<AttackContext, 'size'>,
): Promise<Triggers> {
  const {height, width} = size;
  if (height % WINDOW !== 0 || width % WINDOW !== 0) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected sides that are multiples of ${WINDOW} pixels for ftrojan but received ${height}x${width}; choose another ${named('imageSize')}`,
      {details: {height, width}},
    );
  }
  const pattern = dctPattern(COEFFICIENTS, magnitude, {height: WINDOW, width: WINDOW});
  const toByte = wrap ? wrapToByte : clipToByte;
  const area = height * width;
  const trigger: Trigger = (image) => {
    const stamped = new Uint8Array(image.length);
    for (let i = 0; i < area; i++) {
      const inWindow = (Math.floor(i / width) % WINDOW) * WINDOW + (i % WINDOW);
      const change = pattern[inWindow] ?? 0;
      const [y, cr, cb] = toYCrCb(image[i] ?? 0, image[area + i] ?? 0, image[2 * area + i] ?? 0);
      const [r, g, b] = fromYCrCb(y, toByte(cr + change), toByte(cb + change));
      stamped[i] = r;
      stamped[area + i] = g;
      stamped[2 * area + i] = b;
    }
    return stamped;
  };
  return {train: trigger, test: trigger};
}
