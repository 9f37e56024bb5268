import {describe, expect, it} from 'vitest';
import {
  countsLine,
  failureLines,
  planLines,
  resultLines,
  statusLines,
} from '../../bin/sweep_tables.js';
import {SweepState} from '../../bin/sweep_view.js';
import type {Progress} from '../../lib/run/progress.js';
import type {SweepProgress} from '../../lib/sweep/progress.js';
import {countsOf, type StepStatus} from '../../lib/sweep/status.js';
import type {SweepResult} from '../../lib/sweep.js';

const LABELS = {
  ...{
    attack: 'badnet',
    victim: null,
    data: null,
    model: null,
    ratio: null,
    defense: null,
    clean: null,
  },
};

function step(
  index: number,
  state: StepStatus['state'],
  more: Partial<StepStatus> = {},
): StepStatus {
  return {
    ...{id: `${index}`, stage: 0, index, kind: 'attack', method: 'badnet', needs: []},
    ...{
      folder: `attacks/badnet-${index}`,
      labels: LABELS,
      state,
      seconds: null,
      failure: null,
      ...more,
    },
  };
}

const STEPS = [
  step(0, 'done', {seconds: 65}),
  step(1, 'done', {seconds: 55}),
  step(2, 'failed', {failure: {code: 'ERR_DIVERGED', message: 'no\nreally', when: ''}}),
  step(3, 'waiting'),
  step(4, 'blocked', {stage: 1, kind: 'defend', method: 'ft'}),
];
const COUNTS = countsOf(STEPS);
const RESULT: SweepResult = {
  ...{folder: '/x/y', name: 'y', counts: COUNTS, stages: [], steps: STEPS},
  ...{todo: 2, keptSteps: 1, secondsLeft: 120, submitted: null, manifest: null, seconds: 61},
};

describe('what a sweep prints', () => {
  it('counts the states that there are', () => {
    expect(countsLine(COUNTS)).toBe('2 of 5 done, 1 failed, 1 blocked, 1 waiting');
    expect(countsLine(countsOf([]))).toBe('0 of 0 done');
  });

  it('has a line for each stage and method, with what is left and how long it takes', () => {
    const [, , table = ''] = statusLines(RESULT);
    expect(table.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      [
        ...['stage', 'method', 'steps', 'done', 'running', 'failed', 'blocked', 'left'],
        ...['mean time', 'time left'],
      ],
      // No call does what failed, or what it blocks, unless it is asked to.
      ['0 attack', 'badnet', '4', '2', '0', '1', '0', '1', '1:00', '1:00'],
      ['1 defend', 'ft', '1', '0', '0', '0', '1', '0', '-', '-'],
    ]);
  });

  it('tells what a call would do', () => {
    expect(planLines(RESULT).at(-1)).toBe(
      '2 steps to do: about 2:00, one after another; nothing was written',
    );
    expect(planLines({...RESULT, secondsLeft: null}).at(-1)).toContain(
      'is known once a step of each kind is done',
    );
    expect(planLines({...RESULT, todo: 0}).at(-1)).toBe(
      'nothing is left to do; nothing was written',
    );
  });

  it('tells what failed with its code, what that blocks, and what to do', () => {
    expect(failureLines(RESULT)).toEqual([
      '',
      'failed: attacks/badnet-2\n  no\n  really (ERR_DIVERGED)',
      '1 step blocked by them',
      'try them again with --retry-failed',
    ]);
    const many = Array.from({length: 25}, (_, i) =>
      step(i, 'failed', {failure: {code: 'E', message: 'm', when: ''}}),
    );
    expect(failureLines({...RESULT, steps: many})).toContain('and 5 more, which --json lists');
    expect(failureLines({...RESULT, steps: STEPS.slice(0, 2)})).toEqual([]);
  });

  it('tells what the next call tries again, as its failure concerned every step', () => {
    const failure = {code: 'ERR_DEVICE', message: 'no CUDA', when: ''};
    const waiting = step(3, 'waiting', {failure});
    expect(failureLines({...RESULT, steps: [waiting]})).toEqual([
      '',
      'not done: attacks/badnet-3\n  no CUDA (ERR_DEVICE)',
      'the next call of sweep tries them again',
    ]);
  });

  it('tells what was done, now and before, or who goes on', () => {
    expect(resultLines(RESULT).at(-2)).toContain(
      '2 of 5 done, 1 failed, 1 blocked, 1 waiting, 1 of them before, in 1:01',
    );
    const given = {...RESULT, submitted: {jobs: ['7'], message: 'watch it by squeue'}};
    expect(resultLines(given)).toEqual([
      expect.stringContaining('sweep y in /x/y'),
      'watch it by squeue',
    ]);
  });
});

describe('the line of a sweep', () => {
  const planned = {...step(3, 'waiting'), options: {}};
  const ended = (more: object): SweepProgress => ({
    ...{kind: 'ended', step: planned, seconds: 5, failure: null, counts: COUNTS, secondsLeft: 90},
    ...more,
  });

  it('has how many are done and failed, what runs, and the time that is left', () => {
    let now = 0;
    const state = new SweepState({tellsAll: false}, () => now);
    expect(state.line(80)).toBe('');
    expect(state.follow({kind: 'opened', counts: COUNTS, todo: 2, jobs: 2})).toEqual([
      '2 of 5 done, 1 failed, 1 blocked, 1 waiting; 2 to do, 2 at once',
    ]);
    state.follow({kind: 'begun', step: planned});
    expect(state.line(80)).toMatch(/ 2\/5, 1 failed \| attacks\/badnet-3$/);
    expect(state.follow(ended({}))).toEqual([]);
    now = 30_000;
    state.follow({kind: 'begun', step: {...planned, folder: 'a'}});
    state.follow({kind: 'begun', step: {...planned, folder: 'b'}});
    expect(state.line(80)).toMatch(/ 2\/5, 1 failed \| a and 1 more \| 1:00 left$/);
    expect(state.line(30)).toBe('2/5, 1 failed | 1:00 left');
  });

  it('stands in a log once for each step, and a failure on a terminal too', () => {
    const log = new SweepState({tellsAll: true});
    expect(log.follow(ended({}))).toEqual([
      'attacks/badnet-3 | done in 0:05 | 2 of 5 done, 1 failed, 1 blocked, 1 waiting | about 1:30 left',
    ]);
    const failure = {code: 'ERR_NATIVE', message: 'it ended'};
    const line = ['attacks/badnet-3 | failed: it ended (ERR_NATIVE)'];
    expect(log.follow(ended({failure}))).toEqual(line);
    expect(new SweepState({tellsAll: false}).follow(ended({failure}))).toEqual(line);
  });

  it('has how far the first step is, now and then in a log too', () => {
    let now = 0;
    const progress: Progress = {
      ...{kind: 'batch', round: 11, rounds: 30, batch: 1, batches: 4, secondsLeft: 250},
    };
    const within: SweepProgress = {kind: 'within', step: planned, progress};
    const told = [true, false].map((tellsAll) => {
      const state = new SweepState({tellsAll}, () => now);
      state.follow({kind: 'opened', counts: COUNTS, todo: 2, jobs: 2});
      state.follow({kind: 'begun', step: planned});
      expect(state.follow(within)).toEqual([]);
      expect(state.line(80)).toMatch(/ \| attacks\/badnet-3 12\/30, 4:10 left$/);
      now += 30_000;
      return state.follow(within);
    });
    expect(told).toEqual([
      [expect.stringMatching(/^attacks\/badnet-3 \| .*12\/30.*4:10 left/)],
      [],
    ]);
  });

  it('keeps the lines of a note of the sweep itself, and those of a step in one line', () => {
    const state = new SweepState({tellsAll: true});
    const [own = ''] = state.follow({kind: 'note', message: 'do:\nkubectl apply'});
    expect(own.split('\n')).toHaveLength(2);
    const progress = {kind: 'note', message: 'few\nimages'} as const;
    const [of = ''] = state.follow({kind: 'within', step: planned, progress});
    expect(of).toMatch(/attacks\/badnet-3: few\\x0aimages$/);
  });

  it('is without notes that were told before', () => {
    const state = new SweepState({tellsAll: true});
    const note = (folder: string): SweepProgress => ({
      kind: 'within',
      step: {...planned, folder},
      progress: {kind: 'note', message: 'few images'},
    });
    expect(state.follow(note('a')).join()).toContain('few images');
    expect(state.follow(note('b'))).toEqual([]);
  });
});
