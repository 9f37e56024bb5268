import {describe, expect, it} from 'vitest';
import type {StateDict} from '../../lib/checkpoint/tensor.js';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import type {Session} from '../../lib/session/session.js';
import {errorOf} from '../support/error_of.js';
import {imageSetOf, range, tensorsOf} from '../support/oracle.js';
import {
  PGD,
  roundsSession,
  sauOptions,
  startEndless,
  tinySession,
  UNLEARN,
} from '../support/sessions.js';

const HALF = [0.5, 0.5, 0.5];

/** All that a session can be asked for, by name, with arguments that would do. */
function everyCall(session: Session, set: ImageSet, state: StateDict) {
  const train = {
    ...{epochs: 1, batchSize: 4, dropLast: true, optimizer: UNLEARN.optimizer, cropPadding: 0},
    ...{schedule: 'constant' as const, scheduleLength: 1, warmupShare: 0, milestones: [], gamma: 1},
    ...{flip: false, evalEvery: 0, evalBatchSize: 8, poisonedPositions: new Int32Array(0)},
  };
  const bpp = {
    ...{kind: 'bpp' as const, poisonRate: 0.1, labelMode: 'all2one' as const, targetLabel: 0},
    ...{levels: 8, dithering: false, negativeRatio: 0, rotation: 0, mean: HALF, std: HALF},
  };
  const trojan = {neurons: 1, steps: 1, target: 1, stepSize: 1, bound: 1, stopBelow: 0};
  const lf = {targetLabel: 0, passes: 1, peak: 1, searchSteps: 1, overshoot: 0, enough: 1};
  const stega = {epochs: 1, batchSize: 4, learningRate: 1, accuracyGoal: 1, waitSteps: 1};
  const margin = {starts: 4, iterations: 10, stepSize: 0.01, tolerance: 0, height: 8, width: 8};
  const scan = {statistic: 'mmbd' as const, options: margin};
  const picture = {planes: new Uint8Array(768), height: 16, width: 16};
  return {
    initialize: () => session.initialize(),
    loadStateDict: () => session.loadStateDict(state),
    setImages: () => session.setImages('train', set),
    defend: () => session.defend(sauOptions(UNLEARN)),
    train: () => session.train(train),
    exportTraining: () => session.exportTraining(),
    loadTraining: () => session.loadTraining(state),
    trainAttack: () => session.trainAttack(train, bpp),
    poisonImages: () => session.poisonImages('train'),
    evaluate: () => session.evaluate('trainee', 8),
    predict: () => session.predict('trainee', 'cleanSubset'),
    features: () => session.features('trainee', 'cleanSubset', range(2)),
    gradCam: () => session.gradCam('trainee', 'cleanSubset', range(2), range(2)),
    perturb: () => session.perturb('cleanSubset', range(2), PGD),
    outerGradient: () =>
      session.outerGradient('cleanSubset', range(1), new Float32Array(768), UNLEARN.loss),
    trojanTrigger: () => session.trojanTrigger(picture, {...trojan, normalize: true}),
    lfPattern: () => session.lfPattern({...lf, settled: 0, normalize: true}),
    adversarialImages: () =>
      session.adversarialImages({stepSize: 1, bound: 1, steps: 1, normalize: true}),
    stegaImages: () =>
      session.stegaImages(Uint8Array.of(1), {...stega, rampSteps: 1, imageWeight: 1}),
    scan: () => session.scan(scan),
    exportStateDict: () => session.exportStateDict(),
  } satisfies Record<string, () => Promise<unknown>>;
}

it('every method of a session is among those that are tried', async () => {
  using session = await tinySession();
  const set = imageSetOf(await tensorsOf('rounds.pt'));
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(session));
  const others = ['constructor', 'busy', 'passes', 'stopped', 'requestState', 'dispose'];
  expect(Object.keys(everyCall(session, set, new Map())).sort()).toEqual(
    methods.filter((name) => !others.includes(name)).sort(),
  );
});

describe('a busy session', () => {
  it('refuses a second job and goes on with the first', async () => {
    using session = await roundsSession();
    const first = session.defend(sauOptions(UNLEARN));
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
