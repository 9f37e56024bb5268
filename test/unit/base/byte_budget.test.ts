import {setImmediate} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import {ByteBudget} from '../../../lib/base/byte_budget.js';

/** A task that says when it begins, and ends when it is told. */
function taskOf(name: string, begun: string[]) {
  let end: (error?: Error) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error));
  });
  const task = (): Promise<void> => {
    begun.push(name);
    return ended;
  };
  return {task, end};
}

describe('a budget of bytes', () => {
  it('runs what fits at the same time, the rest in its turn', async () => {
    const begun: string[] = [];
    const budget = new ByteBudget(10);
    const [a, b, c] = [taskOf('a', begun), taskOf('b', begun), taskOf('c', begun)];
    // The last one fits, but came later.
    const runs = [budget.run(6, a.task), budget.run(6, b.task), budget.run(1, c.task)];
    await setImmediate();
    expect(begun).toEqual(['a']);
    a.end();
    await setImmediate();
    expect(begun).toEqual(['a', 'b', 'c']);
    b.end();
    c.end();
    await Promise.all(runs);
  });

  it('runs what is larger than all of it alone', async () => {
    const begun: string[] = [];
    const budget = new ByteBudget(10);
    const large = taskOf('large', begun);
    const small = taskOf('small', begun);
    const runs = [budget.run(99, large.task), budget.run(1, small.task)];
    await setImmediate();
    expect(begun).toEqual(['large']);
    large.end();
    small.end();
    await Promise.all(runs);
    expect(begun).toEqual(['large', 'small']);
  });

  it('goes on after a task that fails', async () => {
    const budget = new ByteBudget(1);
    const failed = budget.run(1, () => Promise.reject(new Error('no')));
    const next = budget.run(1, () => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
