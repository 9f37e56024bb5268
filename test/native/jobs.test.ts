import {describe, expect, it} from 'vitest';
import type {StateDict} from '../../lib/checkpoint/tensor.js';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import {SauError} from '../../lib/errors.js';
import type {NativeImageSet} from '../../lib/native/data_contract.js';
import type {NativeUnlearnOptions} from '../../lib/native/run_contract.js';
import {createSession, deviceInfo} from '../../lib/open_session.js';
import type {Session} from '../../lib/session.js';
import {
  bytesOf,
  errorOf,
  facts,
  imageSetOf,
  loadedSession,
  PGD,
  range,
  tensorsOf,
  tinySession,
  UNLEARN,
} from './support.js';

/** Would take hours: only for jobs that are stopped. */
const ENDLESS: NativeUnlearnOptions = {...UNLEARN, rounds: 1_000_000};

const HALF = [0.5, 0.5, 0.5];

async function roundsSession(): Promise<Session> {
  return loadedSession(imageSetOf(await tensorsOf('rounds.pt')));
}

/** Starts an endless job; `running` resolves with its first progress, `outcome` with how it ends. */
function startEndless(session: Session, signal?: AbortSignal) {
  let outcome: Promise<unknown> = Promise.resolve();
  const running = new Promise<void>((resolve) => {
    const options = {onProgress: () => resolve(), ...(signal === undefined ? {} : {signal})};
    outcome = session.unlearn(ENDLESS, options).catch((error: unknown) => error);
  });
  return {running, outcome};
}

/** All that a session can be asked for, by name, with arguments that would do. */
function everyCall(session: Session, set: ImageSet, state: StateDict) {
  const train = {
    ...{epochs: 1, batchSize: 4, dropLast: true, optimizer: UNLEARN.optimizer, cropPadding: 0},
    ...{schedule: 'constant' as const, scheduleLength: 1, warmupShare: 0, milestones: [], gamma: 1},
    ...{flip: false, evalEvery: 0, evalBatchSize: 8},
  };
  const bpp = {
    ...{kind: 'bpp' as const, poisonRate: 0.1, labelMode: 'all2one' as const, targetLabel: 0},
    ...{levels: 8, dithering: false, negativeRatio: 0, rotation: 0, mean: HALF, std: HALF},
  };
  const trojan = {neurons: 1, steps: 1, target: 1, stepSize: 1, bound: 1, stopBelow: 0};
  const lf = {targetLabel: 0, passes: 1, peak: 1, searchSteps: 1, overshoot: 0, enough: 1};
  const stega = {epochs: 1, batchSize: 4, learningRate: 1, accuracyGoal: 1, waitSteps: 1};
  const picture = {planes: new Uint8Array(768), height: 16, width: 16};
  return {
    initialize: () => session.initialize(),
    loadStateDict: () => session.loadStateDict(state),
    setImages: () => session.setImages('train', set),
    unlearn: () => session.unlearn(UNLEARN),
    train: () => session.train(train),
    exportTraining: () => session.exportTraining(),
    loadTraining: () => session.loadTraining(state),
    trainAttack: () => session.trainAttack(train, bpp),
    poisonImages: () => session.poisonImages('train'),
    evaluate: () => session.evaluate('trainee', 8),
    predict: () => session.predict('trainee', 'cleanSubset'),
    perturb: () => session.perturb('cleanSubset', range(2), PGD),
    outerGradient: () =>
      session.outerGradient('cleanSubset', range(1), new Float32Array(768), UNLEARN.loss),
    trojanTrigger: () => session.trojanTrigger(picture, {...trojan, normalize: true}),
    lfPattern: () => session.lfPattern({...lf, settled: 0, normalize: true}),
    adversarialImages: () =>
      session.adversarialImages({stepSize: 1, bound: 1, steps: 1, normalize: true}),
    stegaImages: () =>
      session.stegaImages(Uint8Array.of(1), {...stega, rampSteps: 1, imageWeight: 1}),
    exportStateDict: () => session.exportStateDict(),
  } satisfies Record<string, () => Promise<unknown>>;
}

it('every method of a session is among those that are tried', async () => {
  using session = await tinySession();
  const set = imageSetOf(await tensorsOf('rounds.pt'));
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(session));
  const others = ['constructor', 'busy', 'dispose'];
  expect(Object.keys(everyCall(session, set, new Map())).sort()).toEqual(
    methods.filter((name) => !others.includes(name)).sort(),
  );
});

describe('a busy session', () => {
  it('refuses a second job and goes on with the first', async () => {
    using session = await roundsSession();
    const first = session.unlearn(UNLEARN);
    expect(session.busy).toBe(true);
    const error = await errorOf(session.evaluate('trainee', 8), 'ERR_BUSY');
    expect(error.message).toContain('running job');
    expect(await first).toHaveLength(2);
    expect(session.busy).toBe(false);
  });

  it('refuses every other call too', async () => {
    using session = await roundsSession();
    const set = imageSetOf(await tensorsOf('rounds.pt'));
    const state = await session.exportStateDict();
    const controller = new AbortController();
    const {running, outcome} = startEndless(session, controller.signal);
    await running;
    for (const call of Object.values(everyCall(session, set, state))) {
      await errorOf(call(), 'ERR_BUSY');
    }
    controller.abort();
    await outcome;
  });

  it('is idle again after a job that failed', async () => {
    using session = await roundsSession();
    await errorOf(session.predict('trainee', 'train'), 'ERR_DATASET');
    expect(session.busy).toBe(false);
    expect(await session.predict('trainee', 'cleanSubset')).toHaveLength(14);
  });
});

describe('a disposed session', () => {
  it('refuses every call', async () => {
    const session = await roundsSession();
    const set = imageSetOf(await tensorsOf('rounds.pt'));
    const state = await session.exportStateDict();
    session.dispose();
    for (const call of Object.values(everyCall(session, set, state))) {
      await errorOf(call(), 'ERR_DISPOSED');
    }
    expect(session.busy).toBe(false);
  });

  it('may be disposed again', async () => {
    const session = await tinySession();
    session.dispose();
    expect(() => session.dispose()).not.toThrow();
  });

  it('stops its job, whose promise rejects with ERR_ABORTED', async () => {
    const session = await roundsSession();
    const {running, outcome} = startEndless(session);
    await running;
    session.dispose();
    expect(await outcome).toMatchObject({code: 'ERR_ABORTED'});
    await errorOf(session.predict('trainee', 'cleanSubset'), 'ERR_DISPOSED');
  });
});

describe('a job that is iterated', () => {
  it('tells its rounds and batches in order, then gives its reports', async () => {
    using session = await roundsSession();
    const run = session.unlearn(UNLEARN);
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
    const run = session.unlearn(UNLEARN);
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
      for await (const {kind} of session.unlearn(ENDLESS, {signal: controller.signal})) {
        if (kind === 'round') controller.abort(reason);
      }
    };
    await expect(loop()).rejects.toBe(reason);
    expect(session.busy).toBe(false);
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
    expect(await session.unlearn(UNLEARN)).toHaveLength(2);
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
    const call = session.unlearn(UNLEARN, {signal: AbortSignal.abort(reason)});
    await expect(call).rejects.toBe(reason);
    expect(session.busy).toBe(false);
  });

  it('after the end changes nothing', async () => {
    using session = await roundsSession();
    const controller = new AbortController();
    await session.unlearn(UNLEARN, {signal: controller.signal});
    controller.abort();
    expect(await session.unlearn(UNLEARN)).toHaveLength(2);
  });

  it('reaches a job that waits for its turn', async () => {
    using first = await roundsSession();
    using second = await roundsSession();
    const controller = new AbortController();
    const {running, outcome} = startEndless(first, controller.signal);
    await running;
    const waiting = new AbortController();
    const reason = new Error('no longer');
    const call = second.unlearn(UNLEARN, {signal: waiting.signal});
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
      await session.unlearn(UNLEARN);
      return bytesOf(await session.exportStateDict());
    };
    const expected = await alone();
    expect(await Promise.all([alone(), alone()])).toEqual([expected, expected]);
  });
});

describe('the arguments of a call', () => {
  it.each([
    ['options', {rounds: undefined}, 'rounds as a number'],
    ['options', {rounds: 1.5}, 'rounds as an integer'],
    ['options', {batchSize: Number.NaN}, 'batchSize as an integer'],
    ['options', {pgd: undefined}, 'pgd as an object'],
    ['options', {pgd: {...PGD, normBound: '0.2'}}, 'normBound as a number'],
    ['options', {pgd: {...PGD, init: 'middle'}}, "'middle'"],
    ['options', {loss: {...UNLEARN.loss, trainMode: 0}}, 'trainMode as a boolean'],
    ['options', {optimizer: {...UNLEARN.optimizer, optimizer: 'lion'}}, "'lion'"],
    ['options', {batchOrder: [0, 1]}, 'an Int32Array'],
    ['options', {batchOrder: new Float32Array(28)}, 'an Int32Array'],
  ])('are refused by name: %s %o', async (_, wrong, words) => {
    using session = await roundsSession();
    const options = {...UNLEARN, ...wrong} as NativeUnlearnOptions;
    expect((await errorOf(session.unlearn(options), 'ERR_CONFIG')).message).toContain(words);
    expect(session.busy).toBe(false);
  });

  it.each([
    ['images', new Uint16Array(14 * 768), 'Uint8Array'],
    ['labels', new Float32Array(14), 'Int32Array'],
    ['trueLabels', undefined, 'trueLabels'],
    ['count', undefined, 'count'],
  ])('are refused where %s is of another type', async (field, value, words) => {
    using session = await tinySession();
    const set = imageSetOf(await tensorsOf('rounds.pt'));
    const wrong = {...set, [field]: value} as NativeImageSet;
    const call = session.setImages('cleanSubset', {...wrong, originalIndices: range(14)});
    expect((await errorOf(call, 'ERR_CONFIG')).message).toContain(words);
  });

  it.each([
    ['outerSteps', {outerSteps: 0}],
    ['batchSize', {batchSize: 0}],
    ['batchSize', {batchSize: -4}],
  ])('fail without a crash where %s makes no sense', async (_, wrong) => {
    using session = await roundsSession();
    const outcome = await session.unlearn({...UNLEARN, ...wrong}).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(SauError);
    expect(await session.predict('trainee', 'cleanSubset')).toHaveLength(14);
  });
});

describe('a session', () => {
  it('refuses an unknown model by name', async () => {
    using session = await tinySession({model: 'resnet50'});
    const error = await errorOf(session.initialize(), 'ERR_CONFIG');
    expect(error.message).toContain("'resnet50'");
  });

  it('refuses an unknown device by name', async () => {
    await errorOf(
      (async () => {
        using session = await tinySession({device: 'tpu'});
        await session.initialize();
      })(),
      'ERR_DEVICE',
    );
  });

  it('refuses options without a seed', async () => {
    const {model, num_classes: numClasses, mean, std} = facts;
    const options = {device: 'cpu', threads: 1, model, numClasses, mean, std};
    const error = await errorOf(
      createSession(options as unknown as Parameters<typeof createSession>[0]),
      'ERR_CONFIG',
    );
    expect(error.message).toContain('seed');
  });

  it('refuses other than three channel constants', async () => {
    using session = await tinySession({mean: [0.5]});
    const error = await errorOf(session.initialize(), 'ERR_NATIVE');
    expect(error.message).toContain('3 channel constants, got 1');
  });

  it('runs on the CPU where device is auto and there is no GPU, else on the first GPU', async () => {
    const {cudaAvailable} = await deviceInfo();
    using session = await tinySession({device: 'auto'});
    expect(session.device).toBe(cudaAvailable ? 'cuda:0' : 'cpu');
  });

  it('says what to do where a GPU is asked for and there is none', async ({skip}) => {
    if ((await deviceInfo()).cudaAvailable) skip('there is a GPU');
    const error = await errorOf(tinySession({device: 'cuda'}), 'ERR_DEVICE');
    expect(error.message).toContain('--device cpu');
  });
});
