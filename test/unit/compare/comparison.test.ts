import {describe, expect, it} from 'vitest';
import {comparisonOf, type RunState} from '../../../lib/compare/comparison.js';
import {spreadOf} from '../../../lib/compare/spread.js';
import type {RunSummary} from '../../../lib/records/run_summary.js';
import {runSummary} from '../../support/run_summaries.js';
import {metrics} from '../../support/sample_rounds.js';

const PLACE = {folder: '/compare', checkpoint: 'record/demo/attack_result.pt'};

function done(method: string, summary: RunSummary): RunState {
  const {seed} = summary;
  return {kind: 'done', method, seed, folder: `/compare/${method}/seed_${seed}`, summary};
}

describe('the spread of figures', () => {
  it('is the mean and the deviation with n - 1', () => {
    expect(spreadOf([1, 2, 6])).toEqual({mean: 3, deviation: Math.sqrt(7), count: 3});
  });

  it('has no deviation of one figure, and is of what is known alone', () => {
    expect(spreadOf([0.25])).toEqual({mean: 0.25, deviation: null, count: 1});
    expect(spreadOf([null, 0.5, null])).toEqual({mean: 0.5, deviation: null, count: 1});
    expect(spreadOf([null])).toBeNull();
    expect(spreadOf([])).toBeNull();
  });
});

describe('a comparison', () => {
  it('has the methods in the order of their first runs, each over its seeds', () => {
    const {methods, before} = comparisonOf(PLACE, [
      done('sau', runSummary(metrics(0.8, 0.1, 0.7))),
      done('ft', runSummary(metrics(0.9, 0.5, 0.4))),
      done('sau', runSummary(metrics(0.9, 0.3, 0.5), {seed: 1})),
    ]);
    expect(methods.map(({method}) => method)).toEqual(['sau', 'ft']);
    expect(methods[0]?.runs.map(({seed}) => seed)).toEqual([0, 1]);
    expect(methods[0]?.acc?.mean).toBeCloseTo(0.85);
    expect(methods[0]?.asr?.deviation).toBeCloseTo(Math.sqrt(0.02));
    expect(methods[1]?.ra).toEqual({mean: 0.4, deviation: null, count: 1});
    expect(before).toEqual(metrics(0.9, 1, 0));
  });

  it('divides the passes by the clean images', () => {
    const [method] = comparisonOf(PLACE, [done('sau', runSummary(metrics(0.8, 0.1, 0.7)))]).methods;
    expect(method?.forwardPerImage?.mean).toBe(15);
    expect(method?.backwardPerImage?.mean).toBe(12);
  });

  it('is over the runs that have a result, and keeps why the others have none', () => {
    const failed = {method: 'sau', seed: 1, folder: '/compare/sau/seed_1'} as const;
    const {methods} = comparisonOf(PLACE, [
      done('sau', runSummary(metrics(0.8, 0.1, 0.7))),
      {...failed, kind: 'failed', code: 'ERR_DIVERGED', message: 'the loss became NaN'},
      {...failed, seed: 2, kind: 'waiting'},
    ]);
    expect(methods[0]?.acc).toEqual({mean: 0.8, deviation: null, count: 1});
    expect(methods[0]?.runs.map(({kind}) => kind)).toEqual(['done', 'failed', 'waiting']);
    expect(methods[0]?.runs[1]).toMatchObject({code: 'ERR_DIVERGED', message: /NaN/});
  });

  it('has no figures where no run has a result', () => {
    const waiting = {kind: 'waiting', method: 'ft', seed: 0, folder: 'x'} as const;
    const {methods, before} = comparisonOf(PLACE, [waiting]);
    expect(before).toBeNull();
    expect(methods[0]).toMatchObject({acc: null, der: null, methodSeconds: null});
  });

  it('marks a method that chose by the test sets', () => {
    const {methods} = comparisonOf(PLACE, [
      done('anp', runSummary(metrics(0.8, 0, 0.7), {selection: 'oracle'})),
      done('sau', runSummary(metrics(0.8, 0.1, 0.7), {selection: 'clean'})),
    ]);
    expect(methods.map(({oracle}) => oracle)).toEqual([true, false]);
  });

  it('takes a run whose cost is not known', () => {
    const old = runSummary(metrics(0.8, 0.1, 0.7), {cost: null, passes: null});
    expect(comparisonOf(PLACE, [done('sau', old)]).methods[0]).toMatchObject({
      ...{methodSeconds: null, peakMemoryBytes: null, forwardPerImage: null},
    });
  });

  it('says what keeps figures from being compared', () => {
    const cleanSubset = {count: 20, chosen: '20', sha256: 'd'.repeat(64)};
    const some = metrics(0.8, 0.1, 0.7);
    const notesOf = (...states: RunState[]) => comparisonOf(PLACE, states).notes;
    const sau = done('sau', runSummary(some));
    expect(notesOf(sau, done('ft', runSummary(some)))).toEqual([]);
    expect(notesOf(sau, done('sau', runSummary(some, {seed: 1, cleanSubset})))).toEqual([]);
    expect(notesOf(sau, done('clp', runSummary(some, {cleanSubset: null})))).toEqual([]);
    expect(notesOf(sau, done('ft', runSummary(some, {cleanSubset})))).toEqual([
      'the runs of seed 0 had different clean images',
    ]);
    expect(
      notesOf(sau, done('ft', runSummary(some, {device: 'cuda:0', precision: 'tf32'}))),
    ).toEqual(['the runs had different devices', 'the runs had different precisions']);
  });
});
