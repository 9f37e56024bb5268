import {beforeAll, describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import type {NativeInversionOptions} from '../../lib/native/run_contract.js';
import {tNet} from '../support/golden_nets.js';
import {expectGolden, stepInput} from '../support/golden_steps.js';
import {UNLEARN} from '../support/sessions.js';

let core: NativeCore;
beforeAll(async () => {
  ({core} = await loadCore());
});

const INVERSION: NativeInversionOptions = {
  ...{batchSize: 8, epochs: 80, learningRate: 0.1, initialCost: 1e-3, costMultiplier: 2},
  ...{patience: 5, success: 0.98, earlyStop: true, earlyStopThreshold: 0.99},
  ...{earlyStopPatience: 25, cropPadding: 0, flip: false, rowConstants: false},
};

describe('the search for a trigger on the golden net', () => {
  const search = (given: Partial<NativeInversionOptions> = {}, chunk = 8) =>
    core.functional.defenses.inversionSteps({
      ...stepInput(tNet(core)),
      ...{optimizer: UNLEARN.optimizer, inversion: {...INVERSION, ...given}},
      ...{mean: [0.4, 0.5, 0.6], std: [0.25, 0.2, 0.3]},
      ...{cost: 1e-3, target: 1, steps: 2, chunk},
    });
  const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);

  it.each([8, 3])('takes the steps of the reference, %i images a pass', (chunk) => {
    const {crossEntropies, norms, mask, pattern} = search({}, chunk);
    expectGolden('cross entropies', crossEntropies, [10.78066, 7.439755]);
    expectGolden('norms', [...norms, sum(mask)], [56.37101, 56.60555, 57.04378]);
    expectGolden('mask', mask.slice(0, 3), [0.8353749, 0.9173982, 0.9172463]);
    expectGolden('mask', mask.slice(32, 35), [0.8836641, 0.900336, 0.902929]);
    expectGolden('pattern', [sum(pattern)], [167.9655]);
    const row = pattern.slice(64 + 32, 64 + 35);
    expectGolden('pattern', row, [0.9155872, 0.8697458, 0.8714288]);
  });

  it("normalizes rows where the official tool's quirk is taken over", () => {
    const {crossEntropies, mask, pattern} = search({rowConstants: true});
    expectGolden('cross entropies', crossEntropies, [8.349058, 6.578576]);
    expectGolden('sums', [sum(mask), sum(pattern)], [57.01834, 167.4603]);
    const row = pattern.slice(64 + 8, 64 + 11);
    expectGolden('pattern', row, [0.9161263, 0.916235, 0.9161774]);
  });
});

describe('the weight of the norm', () => {
  const control = (successes: number[], norms: number[], given = {}) =>
    core.functional.defenses.costs({successes, norms, inversion: {...INVERSION, ...given}});
  const times = (count: number, value: number): number[] => Array(count).fill(value);

  it('rises with five successes in a row and falls with five failures', () => {
    const {costs} = control([...times(5, 1), ...times(5, 0.5)], times(10, 30));
    expectGolden('costs', [costs[3] ?? 0, costs[4] ?? 0, costs[9] ?? 0], [1e-3, 2e-3, 7.071068e-4]);
  });

  it('starts to count anew where the row is broken', () => {
    const {costs} = control([...times(4, 1), 0.5, ...times(4, 1)], times(9, 30));
    expect(new Set(costs)).toEqual(new Set([1e-3]));
  });

  it('keeps the first mask, then each that works with a smaller norm', () => {
    const {kept} = control([0.5, 0.5, 0.99, 0.99, 0.97, 0.99], [9, 8, 30, 40, 20, 25]);
    expect(kept).toEqual([1, 0, 1, 0, 0, 1]);
  });

  it('ends the search where the norm stays, once the weight was too large and too small', () => {
    const rose = [...times(5, 1), ...times(5, 0.5)];
    const {costs} = control([...rose, ...times(90, 0.5)], times(100, 30));
    expect(costs).toHaveLength(26); // the first success, and 25 epochs without a smaller norm
    const never = control([...rose, ...times(30, 0.5)], times(40, 30), {earlyStop: false});
    expect(never.costs).toHaveLength(40);
    expect(control(times(40, 1), times(40, 30)).costs).toHaveLength(40); // it never fell
  });
});

describe('classes whose triggers are far smaller', () => {
  const VALUES = [30, 40, 55, 60, 61, 62, 70, 75, 80, 90];
  const outliers = (values: number[], lowerMedian: boolean) =>
    core.functional.defenses.smallOutliers({values, lowerMedian, most: 2});

  it('stand out by the lower median, and by the mean of the two in the middle do not', () => {
    const lower = outliers(VALUES, true);
    expectGolden('lower', [lower.median, lower.deviation, lower.index], [61, 13.3434, 2.323246]);
    expect(lower.found).toEqual([0]);
    const mean = outliers(VALUES, false);
    expectGolden('mean', [mean.median, mean.deviation, mean.index], [61.5, 16.3086, 1.931496]);
    expect(mean.found).toEqual([]);
  });

  it('stand out by both where they are very small', () => {
    const values = [12, ...VALUES.slice(1)];
    const indices = [true, false].map((lower) => outliers(values, lower).index);
    expectGolden('indices', indices, [3.672227, 3.035208]);
  });

  it('stand out from equal ones, which do not', () => {
    expect(outliers([5, 5, 5, 5, 1], true)).toMatchObject({index: Infinity, found: [4]});
    expect(outliers([5, 5, 5], true)).toMatchObject({deviation: 0, index: 0, found: []});
  });
});
