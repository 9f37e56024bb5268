import {describe, expect, it} from 'vitest';
import {bytesOf} from '../support/oracle.js';
import {ENDLESS, roundsSession, sauOptions, startEndless, UNLEARN} from '../support/sessions.js';

describe('a job that is iterated', () => {
  it('tells its rounds and batches in order, then gives its reports', async () => {
    using session = await roundsSession();
    const run = session.defend(sauOptions(UNLEARN));
    const rounds: number[] = [];
    let batches = 0;
    for await (const progress of run) {
      if (progress.kind === 'round') rounds.push(progress.report.round);
      if (progress.kind === 'batch') batches++;
    }
    expect(rounds).toEqual([0, 1]);
    expect(batches).toBeGreaterThan(0);
    expect((await run).map(({round}) => round)).toEqual([0, 1]);
  });

  it('goes on while the body of the loop waits', async () => {
    using session = await roundsSession();
    const run = session.defend(sauOptions(UNLEARN));
    const heard: string[] = [];
    for await (const progress of run) {
      await run; // the whole run, while this message is being looked at
      heard.push(progress.kind);
    }
    // The first message, whatever it was, and of what came meanwhile all but overtaken batches.
    expect(heard.filter((kind) => kind === 'round')).toHaveLength(2);
    expect(heard.length).toBeLessThanOrEqual(5);
  });

  it('throws the reason of an abort in the loop, and nothing is left unhandled', async () => {
    using session = await roundsSession();
    const controller = new AbortController();
    const reason = new Error('enough');
    const loop = async () => {
      for await (const {kind} of session.defend(sauOptions(ENDLESS), {signal: controller.signal})) {
        if (kind === 'round') controller.abort(reason);
      }
    };
    await expect(loop()).rejects.toBe(reason);
    expect(session.busy).toBe(false);
  });
});

describe('an onProgress that throws', () => {
  it.each(['batch', 'round'])('in a %s stops the job, which rejects with it', async (when) => {
    using session = await roundsSession();
    const error = new Error('a bug of the caller');
    let calls = 0;
    const job = session.defend(sauOptions(ENDLESS), {
      onProgress: ({kind}) => {
        if (kind !== when) return;
        calls += 1;
        throw error;
      },
    });
    await expect(job).rejects.toBe(error);
    expect(calls).toBeGreaterThan(0);
    expect(session.busy).toBe(false);
    expect(await session.defend(sauOptions(UNLEARN))).toHaveLength(2);
  });
});

describe('an abort', () => {
  it("rejects with the signal's reason and leaves the session usable", async () => {
    using session = await roundsSession();
    const controller = new AbortController();
    const reason = new Error('enough');
    const {running, outcome} = startEndless(session, controller.signal);
    await running;
    controller.abort(reason);
    expect(await outcome).toBe(reason);
    expect(session.busy).toBe(false);
    expect(await session.defend(sauOptions(UNLEARN))).toHaveLength(2);
  });

  it('keeps the weights of the last finished step', async () => {
    using session = await roundsSession();
    const before = await session.exportStateDict();
    const controller = new AbortController();
    const {running, outcome} = startEndless(session, controller.signal);
    await running;
    controller.abort();
    await outcome;
    const after = await session.exportStateDict();
    expect(bytesOf(after)['linear.weight']).not.toBe(bytesOf(before)['linear.weight']);
    const linear = after.get('linear.weight')?.data ?? new Uint8Array();
    expect(new Float32Array(linear.slice().buffer).every(Number.isFinite)).toBe(true);
  });

  it('before the start rejects without a job', async () => {
    using session = await roundsSession();
    const reason = new Error('never mind');
    const call = session.defend(sauOptions(UNLEARN), {signal: AbortSignal.abort(reason)});
    await expect(call).rejects.toBe(reason);
    expect(session.busy).toBe(false);
  });

  it('after the end changes nothing', async () => {
    using session = await roundsSession();
    const controller = new AbortController();
    await session.defend(sauOptions(UNLEARN), {signal: controller.signal});
    controller.abort();
    expect(await session.defend(sauOptions(UNLEARN))).toHaveLength(2);
  });

  it('reaches a job that waits for its turn', async () => {
    using first = await roundsSession();
    using second = await roundsSession();
    const controller = new AbortController();
    const {running, outcome} = startEndless(first, controller.signal);
    await running;
    const waiting = new AbortController();
    const reason = new Error('no longer');
    const call = second.defend(sauOptions(UNLEARN), {signal: waiting.signal});
    waiting.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(first.busy).toBe(true);
    controller.abort();
    await outcome;
  });
});

describe('two sessions', () => {
  it('take turns and both come to the results that each has alone', async () => {
    const alone = async () => {
      using session = await roundsSession();
      await session.defend(sauOptions(UNLEARN));
      return bytesOf(await session.exportStateDict());
    };
    const expected = await alone();
    expect(await Promise.all([alone(), alone()])).toEqual([expected, expected]);
  });
});
