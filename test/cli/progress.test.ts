import {describe, expect, it} from 'vitest';
import {BarState, elapsedLine, progressLine} from '../../bin/progress_bar.js';
import {hasColors} from '../../bin/terminal.js';
import type {Progress} from '../../lib/run/progress.js';
import type {RoundReport} from '../../lib/run/results.js';

const PARTS = {
  share: 0.5,
  count: '100/200',
  status: ['loss 0.1234', 'ACC 93.21 %', 'ASR 100.00 %', 'measuring 12345/19000'],
  secondsLeft: 4512,
};

describe('a line of progress', () => {
  it('has all of its parts on 120 columns', () => {
    expect(progressLine(PARTS, 119)).toBe(
      '████████████░░░░░░░░░░░░ 100/200 | loss 0.1234 | ACC 93.21 % | ASR 100.00 % | measuring 12345/19000 | 1:15:12 left',
    );
  });

  it('gives up its bar before its status, and its status from the first part on', () => {
    expect(progressLine(PARTS, 100)).toBe(
      '█████░░░░░ 100/200 | loss 0.1234 | ACC 93.21 % | ASR 100.00 % | measuring 12345/19000 | 1:15:12 left',
    );
    expect(progressLine(PARTS, 79)).toBe(
      '100/200 | ACC 93.21 % | ASR 100.00 % | measuring 12345/19000 | 1:15:12 left',
    );
    expect(progressLine(PARTS, 22)).toBe('100/200 | 1:15:12 left');
  });

  it('never needs more columns than there are', () => {
    for (let columns = 1; columns < 130; columns++) {
      expect(progressLine(PARTS, columns).length).toBeLessThanOrEqual(columns);
      expect(elapsedLine('preparing the device', 61_000, columns).length).toBeLessThanOrEqual(
        columns,
      );
    }
    expect(progressLine(PARTS, 3)).toBe('100');
  });
});

describe('the state of the bar', () => {
  const report = (round: number): RoundReport => ({
    round,
    figures: {loss: 0.5, cleanLoss: 0.5, sharedLoss: 0, suspectShare: 0},
    metrics: null,
    seconds: 1,
  });
  const images = (done: number, secondsLeft: number | null): Progress => {
    return {kind: 'images', doing: 'measuring', done, of: 200, secondsLeft};
  };

  it('tells the time in a stage that counts nothing, from its first second on', () => {
    let clock = 0;
    const state = new BarState(() => clock);
    state.follow({kind: 'stage', message: 'preparing the device'});
    clock = 900;
    expect(state.line(79)).toBe('');
    clock = 62_000;
    expect(state.line(79)).toBe('1:02 preparing the device');
  });

  it('counts images in a stage of images', () => {
    let clock = 0;
    const state = new BarState(() => clock);
    state.follow({kind: 'stage', message: 'measuring the backdoored model'});
    state.follow(images(50, 90));
    expect(state.line(79)).toBe('██████░░░░░░░░░░░░░░░░░░ measuring 50/200 | 1:30 left');
    clock = 10_000; // none has ended since
    expect(state.line(79)).toContain('1:20 left');
    clock = 100_000;
    expect(state.line(79)).toContain('0:00 left');
    state.follow(images(200, 0));
    clock = 102_000;
    expect(state.line(79)).toBe('0:02 measuring the backdoored model');
  });

  it('tells how many images are found while nobody knows how many there are', () => {
    let clock = 0;
    const state = new BarState(() => clock);
    const found = (done: number, of: number | null): Progress => {
      return {kind: 'images', doing: 'finding', done, of, secondsLeft: null};
    };
    state.follow({kind: 'stage', message: 'reading photographs'});
    clock = 900;
    state.follow(found(5000, null));
    expect(state.line(79)).toBe('');
    clock = 3000;
    state.follow(found(17_000, null));
    expect(state.line(79)).toBe('0:03 reading photographs | finding 17000 images');
    expect(state.line(20)).toHaveLength(20);
    state.follow(found(20_000, 20_000));
    clock = 5000;
    expect(state.line(79)).toBe('0:02 reading photographs');
  });

  it('stays that of the rounds while one of them is measured', () => {
    const state = new BarState(() => 0);
    state.follow({kind: 'stage', message: 'unlearning'});
    state.follow({
      ...{kind: 'batch', round: 0, rounds: 4, batch: 2, batches: 2, secondsLeft: 60},
    });
    state.follow(images(100, 50));
    expect(state.line(79)).toBe('██████░░░░░░░░░░░░░░░░░░ 1/4 | measuring 100/200 | 0:50 left');
    state.follow({kind: 'round', report: report(0), rounds: 4, secondsLeft: 45});
    expect(state.line(79)).toBe('██████░░░░░░░░░░░░░░░░░░ 1/4 | loss 0.5000 | 0:45 left');
    state.follow({kind: 'stage', message: 'writing the result'});
    expect(state.line(79)).toBe('');
  });
});

describe('color', () => {
  const terminal = {isTTY: true, hasColors: () => true};
  const pipe = {isTTY: false, hasColors: () => false};

  it('is for terminals that have it', () => {
    expect(hasColors(terminal, {})).toBe(true);
    expect(hasColors({...terminal, hasColors: () => false}, {})).toBe(false);
    expect(hasColors(pipe, {})).toBe(false);
  });

  it('is turned on by FORCE_COLOR and off by FORCE_COLOR=0', () => {
    expect(hasColors(pipe, {FORCE_COLOR: ''})).toBe(true);
    expect(hasColors(pipe, {FORCE_COLOR: '3'})).toBe(true);
    expect(hasColors(terminal, {FORCE_COLOR: '0'})).toBe(false);
  });

  it('is never there with NO_COLOR', () => {
    expect(hasColors(terminal, {NO_COLOR: '1'})).toBe(false);
    expect(hasColors(terminal, {NO_COLOR: '1', FORCE_COLOR: '1'})).toBe(false);
    expect(hasColors(terminal, {NO_COLOR: ''})).toBe(true);
  });
});
