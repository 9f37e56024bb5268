// How far two arrays of numbers are apart.
import {expect} from 'vitest';

/** |actual - expected| / |expected| in the L2 norm. */
export function relativeL2(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let error = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    const value = expected[i] ?? Number.NaN;
    error += ((actual[i] ?? Number.NaN) - value) ** 2;
    norm += value ** 2;
  }
  return Math.sqrt(error / norm);
}

/** Largest |actual - expected| over all elements. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/** Relative distance of two scalars. */
export function relative(actual: number, expected: number): number {
  return Math.abs(actual - expected) / Math.abs(expected);
}

/** Shows a measured figure beside its bound when SAU_TEST_FIGURES is set. */
export function expectBelow(what: string, figure: number, bound: number): void {
  if (process.env.SAU_TEST_FIGURES) console.log(`${what}: ${figure.toExponential(2)} <= ${bound}`);
  expect(figure, what).toBeLessThanOrEqual(bound);
}

export function shareOfEqual(actual: Uint8Array, expected: Uint8Array): number {
  expect(actual.length).toBe(expected.length);
  return actual.filter((value, i) => value === expected[i]).length / expected.length;
}

/** The largest difference, relative to the largest number. */
export function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  const differences = Array.from(actual, (value, i) => Math.abs(value - (expected[i] ?? 0)));
  return Math.max(...differences) / Math.max(...Array.from(expected, Math.abs));
}
