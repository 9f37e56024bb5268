import type {ImageSize} from '../datasets/decode.js';

/** A coefficient of a 2-D DCT: row and column of the frequency. */
export type Coefficient = readonly [row: number, column: number];

/** Value of the k-th function of the orthonormal DCT-II of n samples at sample x. */
function basis(n: number, k: number, x: number): number {
  // The angle is taken modulo a full turn while it is still an integer.
  const angle = (((2 * x + 1) * k) % (4 * n)) * (Math.PI / (2 * n));
  return Math.sqrt((k === 0 ? 1 : 2) / n) * Math.cos(angle);
}

/**
 * The change of an image when `amount` is added to each of these coefficients of its orthonormal 2-D DCT-II. The
 * transform is linear, so the change is the same for every image, and no image needs a transform.
 * @returns [H,W] in the image's units
 */
export function dctPattern(
  coefficients: readonly Coefficient[],
  amount: number,
  {height, width}: ImageSize,
): Float64Array {
  const pattern = new Float64Array(height * width);
  for (const [row, column] of coefficients) {
    const across = Float64Array.from({length: width}, (_, x) => basis(width, column, x));
    for (let y = 0; y < height; y++) {
      const down = amount * basis(height, row, y);
      for (let x = 0; x < width; x++) {
        const i = y * width + x;
        pattern[i] = (pattern[i] ?? 0) + down * (across[x] ?? 0);
      }
    }
  }
  return pattern;
}
