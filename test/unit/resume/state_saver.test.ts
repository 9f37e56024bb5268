import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import type {StateDict} from '../../../lib/checkpoint/tensor.js';
import {StateSaver} from '../../../lib/resume/state_saver.js';

const STATE: StateDict = new Map();

/** A saver of states that take so many milliseconds of a clock that only the test moves. */
function saverOf(milliseconds: number, failure?: Error) {
  const calls: string[] = [];
  const saver = new StateSaver({
    request: () => calls.push('request'),
    write: async () => {
      calls.push('write');
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      if (failure !== undefined) throw failure;
      calls.push('written');
    },
    onFailure: (message) => calls.push(message),
  });
  return {saver, calls};
}

describe('a saver of states', () => {
  beforeEach(() => {
    vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout', 'performance']});
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('asks for the next state when fifty times what one costs has passed', async () => {
    const {saver, calls} = saverOf(60);
    saver.begin();
    saver.take(STATE, 0.04);
    await vi.advanceTimersByTimeAsync(60);
    expect(calls).toEqual(['request', 'write', 'written']);
    await vi.advanceTimersByTimeAsync(50 * (60 + 40) - 1);
    expect(calls).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls.at(-1)).toBe('request');
  });

  it('waits for the state that is being written, and asks for none after its end', async () => {
    const {saver, calls} = saverOf(10);
    saver.begin();
    saver.take(STATE, 0);
    const closed = saver.close();
    await vi.advanceTimersByTimeAsync(10);
    await closed;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toEqual(['request', 'write', 'written']);
  });

  it('tells once that states cannot be written, and tries on', async () => {
    const {saver, calls} = saverOf(10, new Error('the disk is full'));
    saver.begin();
    for (let times = 0; times < 2; times++) {
      saver.take(STATE, 0);
      await vi.advanceTimersByTimeAsync(10 + 50 * 10);
    }
    expect(calls).toEqual(['request', 'write', 'the disk is full', 'request', 'write', 'request']);
    await saver.close();
  });
});
