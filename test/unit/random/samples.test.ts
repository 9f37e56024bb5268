import {describe, expect, it} from 'vitest';
import {
  classBalancedSample,
  NumpyLegacyRandom,
  numpyChoiceWithoutReplacement,
  pythonSample,
} from '../../../lib/random/samples.js';

type Golden = readonly [n: number, k: number, seed: number, first: number[], digest: number];

/** Order-sensitive digest of a whole draw. */
function digest(draw: Int32Array): number {
  return draw.reduce((sum, value) => (sum * 31 + value) % 1000003, 0);
}

// From CPython 3 and numpy 2; the first rows are also in specification B5.
const PYTHON: Golden[] = [
  [50000, 2500, 0, [25247, 49673, 27562, 2653, 16968, 33506], 203142],
  [39209, 1960, 0, [25247, 27562, 2653, 16968, 33506, 31845], 17108],
  [100000, 5000, 0, [50494, 99346, 55125, 5306, 33936, 67013], 541327],
  [50000, 2500, 42, [41905, 7296, 1639, 48598], 895260],
  [10, 10, 1, [2, 1, 4, 0, 3, 5, 7, 9], 11380],
  [21, 5, 0, [12, 13, 1, 8, 16], 470727],
  [22, 5, 0, [12, 13, 1, 8, 16], 470727],
  [85, 7, 3, [30, 75, 69, 16, 47, 77, 60], 457466],
  [86, 7, 3, [30, 75, 69, 16, 47, 77, 60], 457466],
  [86, 6, 4294967295, [81, 79, 26, 27, 77, 66], 715180],
  [1045, 100, 9, [948, 764, 547, 283], 866673],
  [1, 1, 0, [0], 0],
];

const NUMPY: Golden[] = [
  [50000, 5000, 0, [11841, 19602, 45519, 25747, 42642, 31902, 30346, 12363], 483741],
  [39209, 3921, 0, [19138, 21703, 32087, 19762, 13970, 32376], 261644],
  [100000, 10000, 0, [3582, 60498, 53227, 21333, 3885, 51521], 868605],
  [50000, 2500, 42, [33553, 9427, 199, 12447], 89699],
  [10, 10, 1, [2, 9, 6, 4, 0, 3, 1, 7], 993908],
  [86, 6, 4294967295, [67, 5, 39, 84, 60, 6], 9389],
  [1, 1, 0, [0], 0],
];

describe('pythonSample', () => {
  it.each(PYTHON)("gives python's sample of %i, %i with seed %i", (n, k, seed, first, sum) => {
    const draw = pythonSample(n, k, seed);
    expect([...draw.slice(0, first.length)]).toEqual(first);
    expect(draw).toHaveLength(k);
    expect(digest(draw)).toBe(sum);
  });

  it('gives nothing when nothing is asked for', () => {
    expect(pythonSample(7, 0, 0)).toHaveLength(0);
  });

  it.each([
    [5, 6],
    [5, -1],
    [5, 1.5],
  ])('refuses to draw from %i images %d', (n, k) => {
    expect(() => pythonSample(n, k, 0)).toThrow(/Expected to draw between 0 and 5 of 5/);
  });

  it.each([-1, 0.5, 2 ** 32, Number.NaN])('refuses seed %d', (seed) => {
    expect(() => pythonSample(5, 1, seed)).toThrow(/Expected a seed from 0 to 4294967295/);
  });
});

describe('numpyChoiceWithoutReplacement', () => {
  it.each(NUMPY)("gives numpy's choice of %i, %i with seed %i", (n, k, seed, first, sum) => {
    const draw = numpyChoiceWithoutReplacement(n, k, seed);
    expect([...draw.slice(0, first.length)]).toEqual(first);
    expect(draw).toHaveLength(k);
    expect(digest(draw)).toBe(sum);
  });

  it('refuses more than there are', () => {
    expect(() => numpyChoiceWithoutReplacement(3, 4, 0)).toThrow(/between 0 and 3 of 3/);
  });
});

describe('classBalancedSample', () => {
  it("gives numpy's choices from the classes of CIFAR-10, one after another", () => {
    const labels = Int32Array.from({length: 50_000}, (_, i) => i % 10);
    const sample = classBalancedSample(labels, 10, 250, 0);
    expect(sample).toHaveLength(2500);
    const places = (label: number) =>
      [...sample.subarray(250 * label, 250 * label + 6)].map((i) => (i - label) / 10);
    expect(places(0)).toEqual([398, 3833, 4836, 4572, 636, 2545]);
    expect(places(1)).toEqual([597, 332, 521, 3935, 4800, 1102]);
    expect(new Set(sample).size).toBe(2500);
  });

  it('refuses more than a class has', () => {
    const labels = Int32Array.of(0, 0, 1);
    expect(() => classBalancedSample(labels, 2, 2, 0)).toThrow(/between 0 and 1 of 1/);
  });
});

describe('NumpyLegacyRandom', () => {
  it("gives RandomState's permutation", () => {
    expect([...new NumpyLegacyRandom(5).permutation(10)]).toEqual([9, 5, 2, 4, 7, 1, 0, 8, 6, 3]);
  });

  it('refuses a seed that numpy refuses', () => {
    expect(() => new NumpyLegacyRandom(-1)).toThrow(/Expected a seed/);
  });
});
