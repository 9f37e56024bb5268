import type {RgbImage} from '../datasets/rgb_image.js';

/** The pattern is drawn large, so that its copies look alike at every usual image size. */
const SIDE = 256;
/** In drawn pixels; at 32x32, the usual size, the narrowest wave is five pixels long. */
const STRIPE = 48;
const BAND = 40;
const RING = 52;

/** Rises from 0 to 255 and falls back along a period, in integers, so that every machine draws equal patterns. */
function triangle(position: number, period: number): number {
  const half = period / 2;
  const at = ((position % period) + period) % period;
  return Math.round((Math.min(at, period - at) * 255) / half);
}

/**
 * The pattern of `blended`, unless the user gives a picture: diagonal stripes in red, bands across them in green,
 * and square rings in blue.
 */
export function drawBlendedPattern(): RgbImage {
  const data = new Uint8Array(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const at = (y * SIDE + x) * 3;
      const fromCenter = Math.max(Math.abs(2 * x - SIDE + 1), Math.abs(2 * y - SIDE + 1)) / 2;
      data[at] = triangle(x + y, STRIPE);
      data[at + 1] = triangle(x - y, BAND);
      data[at + 2] = triangle(Math.floor(fromCenter), RING);
    }
  }
  return {data, height: SIDE, width: SIDE};
}
