import {describe, expect, it} from 'vitest';
import {Queue} from '../../../lib/sweep/engines/queue.js';
import type {StepState, StepStatus} from '../../../lib/sweep/status.js';
import type {SweepStep} from '../../../lib/sweep/steps.js';

const NO_LABELS = {
  ...{attack: null, victim: null, data: null, model: null, ratio: null, defense: null, clean: null},
} as const;

function step(id: string, needs: readonly string[] = []): SweepStep {
  const isAttack = needs.length === 0;
  return {
    ...{id, stage: isAttack ? 0 : 1, index: 0, kind: isAttack ? 'attack' : 'defend', options: {}},
    ...{method: isAttack ? 'badnet' : 'ft', needs, folder: id, labels: NO_LABELS},
  };
}

const A = step('a');
const B = step('b');
const ALL = [A, B, step('a1', ['a']), step('a2', ['a']), step('b1', ['b'])];

function queue(
  states: Readonly<Record<string, StepState>> = {},
  seconds: Readonly<Record<string, number>> = {},
) {
  const status = ALL.map(({options: _, ...shown}): StepStatus => {
    const {id} = shown;
    return {...shown, state: states[id] ?? 'waiting', seconds: seconds[id] ?? null, failure: null};
  });
  const todo = ALL.filter(({id}) => states[id] !== 'done' && states[id] !== 'blocked');
  return new Queue(status, todo);
}

const take = (from: Queue) => from.take()?.id ?? null;

describe('the steps that are left of a sweep', () => {
  it('begin once those are done that they need, and before more attacks', () => {
    const left = queue();
    expect([take(left), take(left), take(left)]).toEqual(['a', 'b', null]);
    left.done(A, 2);
    expect([take(left), take(left), take(left)]).toEqual(['a1', 'a2', null]);
    const early = queue();
    expect(take(early)).toBe('a');
    early.done(A, 2);
    expect([take(early), take(early), take(early)]).toEqual(['a1', 'a2', 'b']);
  });

  it('begin at once where an earlier call has done what they need', () => {
    const left = queue({a: 'done'});
    expect([take(left), take(left), take(left), take(left)]).toEqual(['a1', 'a2', 'b', null]);
  });

  it('are blocked by a failure alone that they need', () => {
    const left = queue();
    expect([take(left), take(left)]).toEqual(['a', 'b']);
    left.failed(A);
    left.done(B, 1);
    expect([take(left), take(left)]).toEqual(['b1', null]);
    expect(left.counts).toEqual({
      ...{total: 5, done: 1, running: 1, interrupted: 0, failed: 1, blocked: 2, waiting: 0},
    });
  });

  it('count what was stopped as interrupted, and what is tried again as waiting', () => {
    const left = queue({a: 'failed'});
    expect(left.counts).toMatchObject({failed: 0, waiting: 5});
    expect(take(left)).toBe('a');
    left.stopped(A);
    expect(left.counts).toMatchObject({interrupted: 1, waiting: 4});
  });

  it('take as long as those of their kind did, in so many places', () => {
    const left = queue({a: 'done', a1: 'done'}, {a: 10, a1: 4});
    expect(left.secondsLeft(1)).toBe(10 + 4 + 4);
    expect(left.secondsLeft(2)).toBe(9);
    expect(queue({a: 'done'}, {a: 10}).secondsLeft(1)).toBeNull();
    expect(take(left)).toBe('a2');
    left.done(step('a2', ['a']), 8);
    expect(left.secondsLeft(1)).toBe(10 + 6);
  });
});
