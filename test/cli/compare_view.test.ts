import {describe, expect, it} from 'vitest';
import {CompareState} from '../../bin/compare_view.js';
import type {AboutRun} from '../../lib/compare/progress.js';
import type {Progress} from '../../lib/run/progress.js';

const about: AboutRun = {method: 'ft', seed: 1, run: 1, runs: 6};
const within = (progress: Progress) => ({kind: 'within', ...about, progress}) as const;
const batch = within({
  ...{kind: 'batch', round: 4, rounds: 20, batch: 0, batches: 8, secondsLeft: 75},
});

/** At a time that does not pass. */
const stateNow = (): CompareState => new CompareState(() => 0);

describe('what is shown of a comparison', () => {
  it('are lines for runs, with the time for all that is left where it is known', () => {
    const state = stateNow();
    const lines = [
      {kind: 'kept', ...about, run: 0, seed: 0} as const,
      {kind: 'run', ...about, secondsLeft: null} as const,
      {kind: 'run', ...about, secondsLeft: 3700} as const,
      {kind: 'ran', ...about, seconds: 62, failure: null} as const,
      {kind: 'ran', ...about, seconds: 1, failure: {code: 'ERR_X', message: 'no norm'}} as const,
    ].flatMap((progress) => state.follow(progress));
    expect(lines).toEqual([
      'run 1/6: ft, seed 0 | done before',
      'run 2/6: ft, seed 1 ...',
      'run 2/6: ft, seed 1 ... | about 1:01:40 left in all',
      'run 2/6: ft, seed 1 | done in 1:02',
      'run 2/6: ft, seed 1 | no result: no norm (ERR_X)',
    ]);
  });

  it('is the run with its own bar while it goes on', () => {
    const state = stateNow();
    state.follow({kind: 'run', ...about, secondsLeft: null});
    expect(state.line(80)).toBe('run 2/6: ft, seed 1');
    expect(state.countLine()).toBeNull();
    expect(state.follow(batch)).toEqual([]);
    expect(state.line(80)).toBe(`run 2/6: ft, seed 1 | █████${'░'.repeat(19)} 5/20 | 1:15 left`);
    expect(state.line(40)).toBe('run 2/6: ft, seed 1 | 5/20 | 1:15 left');
    expect(state.line(12)).toBe('run 2/6: ft,');
    expect(state.countLine()).toBe('run 2/6: ft, seed 1 | 5/20 | batch 0/8 | 1:15 left');
    state.follow({kind: 'ran', ...about, seconds: 1, failure: null});
    expect(state.line(80)).toBe('');
    expect(state.countLine()).toBeNull();
  });

  it('has each note once, and no line for the rounds of a run', () => {
    const state = stateNow();
    const note = within({kind: 'note', message: 'no poisoned test set'});
    expect(state.follow(note)).toEqual([expect.stringContaining('no poisoned test set')]);
    expect(state.follow(note)).toEqual([]);
    expect(state.follow(within({kind: 'stage', message: 'unlearning'}))).toEqual([]);
  });

  it('has a line for each stage of the report', () => {
    const progress = {kind: 'stage', message: 'drawing images for the report'} as const;
    expect(stateNow().follow({kind: 'reporting', progress})).toEqual([
      'report | drawing images for the report',
    ]);
  });
});
