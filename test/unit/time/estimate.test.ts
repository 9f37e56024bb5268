import {describe, expect, it} from 'vitest';
import {estimateOf, partsOf, type RunSize} from '../../../lib/time/estimate.js';
import {measurementsOf} from '../../../lib/time/planned_work.js';
import {roughly} from '../../../lib/time/roughly.js';

const PACE = {forward: 0.01, attack: 0.03, training: 0.05};
const SIZE: RunSize = {
  ...{rounds: 10, unit: 'rounds', images: 100, tests: 200, evalEvery: 3, measuresBefore: true},
  work: {once: {forward: 1}, round: {attack: 2, training: 1}, fixed: {training: 4}},
};

describe('the estimate of a run', () => {
  it('is the passes of all images at the pace of one, by part', () => {
    const parts = partsOf(SIZE, PACE);
    expect(parts.map(({part}) => part)).toEqual(['before', 'method', 'within']);
    const [before, method, within] = parts.map(({seconds}) => seconds);
    expect(before).toBeCloseTo(2, 9);
    expect(method).toBeCloseTo(100 * (0.01 + 10 * (0.06 + 0.05)) + 0.2, 9);
    expect(within).toBeCloseTo(4 * 2, 9); // after the rounds 3, 6, 9 and 10
  });

  it('has a measurement at the end where no round is measured', () => {
    const parts = partsOf({...SIZE, evalEvery: 0}, PACE).map(({part}) => part);
    expect(parts).toEqual(['before', 'method', 'after']);
  });

  it('lists what is clearly shorter, the shortest last, and what takes less by an unknown share', () => {
    const {shorter, seconds} = estimateOf(SIZE, PACE, [
      {options: {rounds: 1}, size: {...SIZE, rounds: 1}},
      {options: {rounds: 5}, size: {...SIZE, rounds: 5}},
      {options: {rounds: 10}, size: SIZE},
      {options: {precision: 'bf16'}, size: null},
    ]);
    expect(seconds).toBeGreaterThan(60);
    expect(shorter.map(({options}) => options)).toEqual([
      {precision: 'bf16'},
      {rounds: 5},
      {rounds: 1},
    ]);
    expect(shorter[0]?.seconds).toBeNull();
  });

  it('lists nothing shorter than a run below a minute', () => {
    const size = {...SIZE, rounds: 2};
    const {shorter} = estimateOf(size, PACE, [{options: {rounds: 1}, size: {...size, rounds: 1}}]);
    expect(shorter).toEqual([]);
  });
});

it('measures every n-th round and the last, and every n-th of the others', () => {
  expect(measurementsOf(10, 3, 7)).toBe(4 + 2);
  expect(measurementsOf(10, 0, 7)).toBe(0);
});

it.each([
  [0.4, 'less than 1 s'],
  [61, '61 s'],
  [300, '5 min'],
  [3 * 3600 + 21 * 60, '3 h 20 min'],
  [2 * 3600 - 10, '2 h'],
  [27 * 3600, '1 day 3 h'],
  [2 * 86_400, '2 days'],
])('writes %d seconds as %s', (seconds, text) => {
  expect(roughly(seconds)).toBe(text);
});
