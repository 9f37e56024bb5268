import {describe, expect, it} from 'vitest';
import {failedGates, type Gates, requireMeasurable} from '../../../lib/run/gates.js';
import {metrics} from '../../support/sample_rounds.js';

const NONE: Gates = {failAboveAsr: null, failBelowAcc: null, maxAccDrop: null};
const BEFORE = metrics(0.75, 1, 0);
const AFTER = metrics(0.5, 0.25, 0.5);

describe('the limits of a result', () => {
  it.each<[Partial<Gates>, object[]]>([
    [{}, []],
    [{failAboveAsr: 0.25, failBelowAcc: 0.5, maxAccDrop: 0.25}, []],
    [{failAboveAsr: 0.2}, [{gate: 'failAboveAsr', limit: 0.2, measured: 0.25}]],
    [{failBelowAcc: 0.6}, [{gate: 'failBelowAcc', limit: 0.6, measured: 0.5}]],
    [{maxAccDrop: 0.2}, [{gate: 'maxAccDrop', limit: 0.2, measured: 0.25}]],
    [{failAboveAsr: 0, failBelowAcc: 1}, [{gate: 'failAboveAsr'}, {gate: 'failBelowAcc'}]],
  ])('are kept at their very value and not beyond it (case %#)', (gates, failed) => {
    expect(failedGates({...NONE, ...gates}, BEFORE, AFTER)).toMatchObject(failed);
    expect(failedGates({...NONE, ...gates}, BEFORE, AFTER)).toHaveLength(failed.length);
  });

  it('are not kept by what was not measured', () => {
    const gates = {failAboveAsr: 1, failBelowAcc: 0, maxAccDrop: 1};
    const open = {...AFTER, acc: null, asr: null};
    expect(failedGates(gates, BEFORE, open).map(({measured}) => measured)).toEqual([
      ...[null, null, null],
    ]);
  });

  it('are refused where there are no images to measure them with', () => {
    const both = {cleanTest: true, poisonedTest: true};
    const gates = {failAboveAsr: 0.5, failBelowAcc: 0.5, maxAccDrop: 0.5};
    expect(() => requireMeasurable(gates, both)).not.toThrow();
    expect(() => requireMeasurable(NONE, {cleanTest: false, poisonedTest: false})).not.toThrow();
    expect(() => requireMeasurable(gates, {...both, poisonedTest: false})).toThrow(
      'Expected poisoned test images for failAboveAsr but received none. Name a record',
    );
    expect(() => requireMeasurable(gates, {...both, cleanTest: false})).toThrow(
      'Expected clean test images for failBelowAcc but received none. Name the data set with data',
    );
    expect(() =>
      requireMeasurable({...NONE, maxAccDrop: 0.1}, {...both, cleanTest: false}),
    ).toThrow('for maxAccDrop');
  });
});
