/**
 * OpenCV's 8-bit conversion between RGB and YCrCb (BT.601, full range): fixed-point weights of 14
 * fractional bits, sums rounded to the nearest, results clipped to [0,255] (specification B4.11).
 */
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
export function toYCrCb(r: number, g: number, b: number): Pixel {
  const y = rounded(r * LUMA.r + g * LUMA.g + b * LUMA.b);
  const cr = CENTER + rounded((r - y) * TO_CR);
  const cb = CENTER + rounded((b - y) * TO_CB);
  return [y, clipped(cr), clipped(cb)];
}

/** Bytes Y, Cr, Cb -> bytes R, G, B. */
export function fromYCrCb(y: number, cr: number, cb: number): Pixel {
  const red = cr - CENTER;
  const blue = cb - CENTER;
  return [
    clipped(y + rounded(red * CR_TO_R)),
    clipped(y + rounded(blue * CB_TO_G + red * CR_TO_G)),
    clipped(y + rounded(blue * CB_TO_B)),
  ];
}
