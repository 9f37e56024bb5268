import {SauError} from '../base/errors.js';
import type {OwnOptions} from '../options/attacks/attacks.js';
import {named} from '../options/named.js';
import {clipToByte, wrapToByte} from './add_pattern.js';
import type {AttackContext, Triggers} from './attack_context.js';
import {type Coefficient, dctPattern} from './dct_pattern.js';
import type {Trigger} from './trigger.js';

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

// OpenCV's 8-bit conversion between RGB and YCrCb (BT.601, full range): fixed-point weights of 14 fractional bits,
// sums rounded to the nearest, results clipped to [0,255] (specification B4.11).

type Pixel = readonly [number, number, number];

const FRACTION_BITS = 14;
const HALF = 1 << (FRACTION_BITS - 1);
const CENTER = 128;

/** Weights times 2^14; the comments give the decimal values. */
const LUMA = {r: 4899, g: 9617, b: 1868}; // 0.299, 0.587, 0.114
const TO_CR = 11682; // 0.713
const TO_CB = 9241; // 0.564
const CR_TO_R = 22987; // 1.403
const CR_TO_G = -11698; // -0.714
const CB_TO_G = -5636; // -0.344
const CB_TO_B = 29049; // 1.773

function rounded(sum: number): number {
  return (sum + HALF) >> FRACTION_BITS;
}

function clipped(value: number): number {
  return Math.min(255, Math.max(0, value));
}

/** Bytes R, G, B -> bytes Y, Cr, Cb. */
function toYCrCb(r: number, g: number, b: number): Pixel {
  const y = rounded(r * LUMA.r + g * LUMA.g + b * LUMA.b);
  const cr = CENTER + rounded((r - y) * TO_CR);
  const cb = CENTER + rounded((b - y) * TO_CB);
  return [y, clipped(cr), clipped(cb)];
}

/** Bytes Y, Cr, Cb -> bytes R, G, B. */
function fromYCrCb(y: number, cr: number, cb: number): Pixel {
  const red = cr - CENTER;
  const blue = cb - CENTER;
  return [
    clipped(y + rounded(red * CR_TO_R)),
    clipped(y + rounded(blue * CB_TO_G + red * CR_TO_G)),
    clipped(y + rounded(blue * CB_TO_B)),
  ];
}
