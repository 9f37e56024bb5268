import {describe, expect, it} from 'vitest';
import {anomalyIndices, largestOf, numberOf} from '../../../lib/scan/outliers.js';
import {expectGolden} from '../../support/golden_steps.js';

const NORMS = [30, 40, 55, 60, 61, 62, 70, 75, 80, 90];
const RATES = [0.02, 0.05, 0.61, 0.04, 0.08, 0.03, 0.06, 0.1, 0.01, 0.07];

function largest(values: number[], suspicious: 'small' | 'large', kind: 'lower' | 'mean'): number {
  return numberOf(largestOf(anomalyIndices(values, suspicious, kind)) ?? Number.NaN);
}

describe('the anomaly index', () => {
  it('has the golden values for norms, by either median', () => {
    expectGolden('lower', [largest(NORMS, 'small', 'lower')], [2.323246]);
    expectGolden('mean', [largest(NORMS, 'small', 'mean')], [1.931496]);
    const smaller = [12, ...NORMS.slice(1)];
    expectGolden('lower', [largest(smaller, 'small', 'lower')], [3.672227]);
    expectGolden('mean', [largest(smaller, 'small', 'mean')], [3.035208]);
  });

  it('has the golden values for rates, where large is suspicious', () => {
    expectGolden('lower', [largest(RATES, 'large', 'lower')], [18.88574]);
    expectGolden('mean', [largest(RATES, 'large', 'mean')], [14.97369]);
    expect(anomalyIndices(RATES, 'large', 'lower')[2]).toBe(largest(RATES, 'large', 'lower'));
  });

  it('is negative on the side that is not suspicious', () => {
    const [first, , , , , , , , , last] = anomalyIndices(NORMS, 'small', 'lower');
    expect(first).toBeGreaterThan(0);
    expect(last).toBeLessThan(0);
  });

  it('is infinite where all others are equal, on the suspicious side alone', () => {
    expect(anomalyIndices([5, 5, 5, 5, 1], 'small', 'lower')).toEqual([0, 0, 0, 0, 'infinite']);
    expect(anomalyIndices([5, 5, 5, 5, 1], 'large', 'lower')).toEqual([0, 0, 0, 0, 0]);
    expect(largestOf([1, 'infinite', null])).toBe('infinite');
    expect(largestOf([null, null])).toBeNull();
  });
});
