import {setImmediate, setTimeout} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import type {Progress, RunOptions} from '../../../lib/run/progress.js';
import {type Run, startRun} from '../../../lib/run/run.js';

const stage = (message: string): Progress => ({kind: 'stage', message});
const batch = (n: number): Progress => {
  return {kind: 'batch', round: 0, rounds: 1, batch: n, batches: 9, secondsLeft: null};
};

/** A run that tells what the test tells it to, and ends as the test says. */
function controlledRun(options: RunOptions = {}) {
  let tell: (progress: Progress) => void = () => undefined;
  const {promise, resolve, reject} = withResolvers<string>();
  const run = startRun(options, ({onProgress}) => {
    tell = onProgress;
    return promise;
  });
  return {run, tell: (progress: Progress) => tell(progress), resolve, reject};
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((ok, failed) => {
    resolve = ok;
    reject = failed;
  });
  return {promise, resolve, reject};
}

/** Names of messages: the text of a stage, the number of a batch. */
async function listen(run: Run<unknown>): Promise<(string | number)[]> {
  const heard: (string | number)[] = [];
  for await (const progress of run) heard.push(nameOf(progress));
  return heard;
}

function nameOf(progress: Progress): string | number {
  if (progress.kind === 'stage') return progress.message;
  return progress.kind === 'batch' ? progress.batch : progress.kind;
}

/** What the process is told of rejections that nobody handles, while `work` runs. */
async function unhandledDuring(work: () => Promise<void>): Promise<unknown[]> {
  const seen: unknown[] = [];
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  const note = (reason: unknown) => seen.push(reason);
  process.on('unhandledRejection', note);
  try {
    await work();
    await setTimeout(10); // the event is sent once the microtasks are done
  } finally {
    process.off('unhandledRejection', note);
    for (const other of others) process.on('unhandledRejection', other);
  }
  return seen;
}

describe('the signal of a run', () => {
  const signalOf = async (options: RunOptions): Promise<AbortSignal> =>
    startRun(options, async ({signal}) => signal);

  it('is aborted with that of the caller, and for the same reason', async () => {
    const controller = new AbortController();
    const {promise, resolve} = withResolvers<void>();
    const run = startRun({signal: controller.signal}, async ({signal}) => {
      await promise;
      return signal;
    });
    controller.abort('enough');
    resolve();
    expect(await run).toMatchObject({aborted: true, reason: 'enough'});
    expect(await signalOf({})).toMatchObject({aborted: false});
  });

  it('that was aborted before is what the run rejects with, and nothing is begun', async () => {
    let begun = false;
    const run = startRun({signal: AbortSignal.abort('before')}, async () => {
      begun = true;
      throw new Error('what else is wrong');
    });
    await expect(run).rejects.toBe('before');
    expect(begun).toBe(false);
  });

  it('is let go of when the run has ended', async () => {
    const controller = new AbortController();
    const signal = await signalOf({signal: controller.signal});
    controller.abort();
    expect(signal.aborted).toBe(false);
  });

  it('is aborted by an onProgress that throws, with which the run rejects whatever its work does', async () => {
    const error = new Error('a bug of the caller');
    const onProgress = (): void => {
      throw error;
    };
    const {run, tell, resolve} = controlledRun({onProgress});
    expect(() => tell(batch(1))).not.toThrow();
    resolve('a result');
    await expect(run).rejects.toBe(error);
  });
});

describe('a run', () => {
  it('is a promise of the result', async () => {
    const {run, resolve} = controlledRun();
    expect(run).toBeInstanceOf(Promise);
    resolve('done');
    expect(await run).toBe('done');
    expect(await run.finally(() => undefined)).toBe('done');
  });

  it('tells onProgress and every loop the same', async () => {
    const called: (string | number)[] = [];
    const {run, tell, resolve} = controlledRun({onProgress: (p) => called.push(nameOf(p))});
    const loops = [listen(run), listen(run)];
    for (const progress of [stage('a'), batch(1), stage('b'), batch(2)]) {
      tell(progress);
      await setImmediate();
    }
    resolve('done');
    const all = ['a', 1, 'b', 2];
    expect(called).toEqual(all);
    expect(await Promise.all(loops)).toEqual([all, all]);
  });

  it('tells a late loop what was told before it, but for past batches', async () => {
    const {run, tell, resolve} = controlledRun();
    tell(stage('a'));
    tell(batch(1));
    tell(stage('b'));
    const loop = listen(run);
    tell(stage('c'));
    resolve('done');
    expect(await loop).toEqual(['a', 'b', 'c']);
    expect(await listen(run)).toEqual(['a', 'b', 'c']);
  });

  it('keeps for a slow loop only the last of batches or of images in a row, and all else', async () => {
    const {run, tell, resolve} = controlledRun();
    const heard: (string | number)[] = [];
    const {promise: released, resolve: release} = withResolvers<void>();
    const loop = (async () => {
      for await (const progress of run) {
        heard.push(nameOf(progress));
        await released;
      }
    })();
    tell(stage('a'));
    await setImmediate();
    for (let n = 0; n < 10_000; n++) tell(batch(n));
    tell(stage('b'));
    tell(batch(1));
    tell(batch(2));
    for (let done = 0; done < 100; done++) {
      tell({kind: 'images', doing: 'measuring', done, of: 100, secondsLeft: null});
    }
    resolve('done');
    release();
    await loop;
    expect(heard).toEqual(['a', 9999, 'b', 2, 'images']);
    expect(await listen(run)).toEqual(['a', 'b']);
  });

  it('tells a late loop no past count of a run that is a part of it either', async () => {
    type Within = {readonly kind: 'within'; readonly progress: Progress};
    const within = (progress: Progress): Within => ({kind: 'within', progress});
    const run = startRun<string, RunOptions<Within>, Within>({}, async ({onProgress}) => {
      for (const progress of [stage('a'), batch(1), batch(2), stage('b'), batch(3)]) {
        onProgress(within(progress));
      }
      return 'done';
    });
    const heard: (string | number)[] = [];
    const loop = run[Symbol.asyncIterator]();
    await run;
    for (let one = await loop.next(); !one.done; one = await loop.next()) {
      heard.push(nameOf(one.value.progress));
    }
    expect(heard).toEqual(['a', 'b']);
  });

  it('throws its error at the end of the loop, once all is told', async () => {
    const {run, tell, reject} = controlledRun();
    const heard: (string | number)[] = [];
    const reason = new Error('it failed');
    tell(stage('a'));
    reject(reason);
    const loop = async () => {
      for await (const progress of run) heard.push(nameOf(progress));
    };
    await expect(loop()).rejects.toBe(reason);
    await expect(run).rejects.toBe(reason);
    expect(heard).toEqual(['a']);
  });

  it('goes on when a loop is left, and can be listened to again', async () => {
    const {run, tell, resolve} = controlledRun();
    tell(stage('a'));
    tell(stage('b'));
    for await (const progress of run) {
      expect(nameOf(progress)).toBe('a');
      break;
    }
    tell(stage('c'));
    resolve('done');
    expect(await run).toBe('done');
    expect(await listen(run)).toEqual(['a', 'b', 'c']);
  });

  it('gives a loop to whoever calls next() and return() by hand', async () => {
    const {run, tell, resolve} = controlledRun();
    const iterator = run[Symbol.asyncIterator]();
    tell(stage('a'));
    expect(await iterator.next()).toEqual({done: false, value: stage('a')});
    expect(await iterator.return?.()).toEqual({done: true, value: undefined});
    expect(await iterator.next()).toEqual({done: true, value: undefined});
    resolve('done');
    await run;
  });
});

describe('a run that fails', () => {
  const reason = new Error('it failed');

  it('leaves no unhandled rejection where only the loop is used', async () => {
    const seen = await unhandledDuring(async () => {
      const {run, reject} = controlledRun();
      const loop = listen(run).catch((error: unknown) => error);
      reject(reason);
      expect(await loop).toBe(reason);
    });
    expect(seen).toEqual([]);
  });

  it('leaves none where the loop was left before', async () => {
    const seen = await unhandledDuring(async () => {
      const {run, tell, reject} = controlledRun();
      tell(stage('a'));
      for await (const _ of run) break;
      reject(reason);
      await setImmediate();
    });
    expect(seen).toEqual([]);
  });

  it('is an unhandled rejection, as any promise, where nobody looks', async () => {
    const seen = await unhandledDuring(async () => {
      controlledRun().reject(reason);
      await setImmediate();
    });
    expect(seen).toEqual([reason]);
  });
});
