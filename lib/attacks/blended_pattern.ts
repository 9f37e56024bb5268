import type {RgbImage} from '../datasets/rgb_image.js';

/** Drawn large, so that its resized copies of every usual image size are alike. */
const SIDE = 256;
/** In drawn pixels; at 32x32, the usual size, the narrowest wave is five pixels long. */
const STRIPE = 48;
const BAND = 40;
const RING = 52;

/** 0 to 255 and back along a period, in whole numbers: the same on every machine. */
function triangle(position: number, period: number): number {
  const half = period / 2;
  const at = ((position % period) + period) % period;
  return Math.round((Math.min(at, period - at) * 255) / half);
}

/**
 * The pattern that blended uses unless the user brings a picture: diagonal stripes in red, bands across
 * them in green, and square rings in blue.
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
