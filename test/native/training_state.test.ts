import {describe, expect, it} from 'vitest';
import type {TrainOptions} from '../../lib/session/session.js';
import {errorOf} from '../support/error_of.js';
import {bytesOf, flatten, floatsOf, imageSetOf, tensorsOf} from '../support/oracle.js';
import {loadedSession, tinySession} from '../support/sessions.js';

const TRAIN: TrainOptions = {
  epochs: 4,
  batchSize: 8,
  dropLast: true,
  optimizer: {
    optimizer: 'sgd',
    learningRate: 0.05,
    weightDecay: 5e-4,
    momentum: 0.9,
    nesterov: true,
    adamBeta1: 0.9,
    adamBeta2: 0.999,
  },
  schedule: 'oneCycle',
  scheduleLength: 4,
  warmupShare: 0.25,
  milestones: [],
  gamma: 1,
  cropPadding: 2,
  flip: true,
  evalEvery: 0,
  evalBatchSize: 8,
  poisonedPositions: new Int32Array(0),
};

async function trainSession() {
  const session = await loadedSession();
  await session.setImages('train', imageSetOf(await tensorsOf('training.pt')));
  return session;
}

async function wholeTraining(options: TrainOptions) {
  using session = await trainSession();
  await session.train(options);
  return {weights: bytesOf(await session.exportStateDict()), state: await session.exportTraining()};
}

/** How far the parameters move in epoch `part` of a training that has one batch and no momentum. */
async function stepOf(epoch: number, options: Partial<TrainOptions>): Promise<number> {
  using session = await trainSession();
  const before = flatten(await session.exportStateDict(), 'parameters');
  const optimizer = {...TRAIN.optimizer, momentum: 0, nesterov: false, weightDecay: 0};
  const plain = {...TRAIN, cropPadding: 0, flip: false, optimizer, batchSize: 32, ...options};
  // The state of one step with a rate of nearly 0, and the wanted epoch after it.
  await session.train(
    {...plain, schedule: 'constant', optimizer: {...optimizer, learningRate: 1e-30}},
    {},
    {firstEpoch: 0, stopEpoch: 1},
  );
  await session.train(plain, {}, {firstEpoch: epoch, stopEpoch: epoch + 1});
  const after = flatten(await session.exportStateDict(), 'parameters');
  return Math.hypot(...after.map((value, i) => value - (before[i] ?? 0)));
}

describe('a training in parts', () => {
  it.each(['sgd', 'adam'] as const)(
    'in one session ends in the bits of the whole one with %s',
    async (optimizer) => {
      const options = {...TRAIN, optimizer: {...TRAIN.optimizer, optimizer, learningRate: 0.01}};
      using session = await trainSession();
      await session.train(options, {}, {firstEpoch: 0, stopEpoch: 3});
      const reports = await session.train(options, {}, {firstEpoch: 3, stopEpoch: 4});
      expect(reports.map(({round}) => round)).toEqual([3]);
      expect(bytesOf(await session.exportStateDict())).toEqual(
        (await wholeTraining(options)).weights,
      );
    },
  );

  it('goes on in another session, of another seed, with the same bits', async () => {
    using first = await trainSession();
    await first.train(TRAIN, {}, {firstEpoch: 0, stopEpoch: 2});
    const [weights, state] = [await first.exportStateDict(), await first.exportTraining()];
    using second = await tinySession({seed: 9});
    await second.initialize();
    await second.setImages('train', imageSetOf(await tensorsOf('training.pt')));
    await second.loadStateDict(weights, 'trainee');
    await second.loadTraining(state);
    await second.train(TRAIN, {}, {firstEpoch: 2, stopEpoch: 4});
    const whole = await wholeTraining(TRAIN);
    expect(bytesOf(await second.exportStateDict())).toEqual(whole.weights);
    expect(bytesOf(await second.exportTraining())).toEqual(bytesOf(whole.state));
  });

  it('has its generator first and a tensor per parameter, under PyTorch’s names', async () => {
    const {state} = await wholeTraining({...TRAIN, epochs: 1});
    const [first, second] = state.keys();
    expect([first, second]).toEqual(['generator', '0.momentum_buffer']);
    expect(state.get('generator')?.dtype).toBe('uint8');
  });

  it('has nothing to go on from before the first part, or after one that was cut off', async () => {
    using session = await trainSession();
    const later = {firstEpoch: 1, stopEpoch: 2};
    await errorOf(session.train(TRAIN, {}, later), 'ERR_CONFIG');
    await errorOf(session.exportTraining(), 'ERR_CONFIG');
    await session.train(TRAIN, {}, {firstEpoch: 0, stopEpoch: 1});
    const optimizer = {...TRAIN.optimizer, learningRate: 1e30};
    await errorOf(session.train({...TRAIN, optimizer}), 'ERR_DIVERGED');
    await errorOf(session.exportTraining(), 'ERR_CONFIG');
  });

  it('refuses the state of another optimizer', async () => {
    const {state} = await wholeTraining({...TRAIN, epochs: 1});
    using session = await trainSession();
    await session.loadTraining(state);
    const optimizer = {...TRAIN.optimizer, optimizer: 'adam'} as const;
    const later = {firstEpoch: 1, stopEpoch: 2};
    await errorOf(session.train({...TRAIN, optimizer}, {}, later), 'ERR_CHECKPOINT');
    const bare = new Map([...state].slice(1));
    await errorOf(session.loadTraining(bare), 'ERR_CHECKPOINT');
  });
});

describe('the learning rate', () => {
  it('rises over the warm-up share of one cycle and then falls to 0, both on a line', async () => {
    const options = {schedule: 'oneCycle', scheduleLength: 8, warmupShare: 0.5, epochs: 8} as const;
    const constant = await stepOf(1, {schedule: 'constant'});
    for (const [epoch, share] of [
      [1, 1.5 / 4],
      [3, 3.5 / 4],
      [4, 3.5 / 4],
      [7, 0.5 / 4],
    ] as const) {
      expect((await stepOf(epoch, options)) / constant).toBeCloseTo(share, 4);
    }
  });

  it('is multiplied after each milestone', async () => {
    const options = {schedule: 'multiStep', milestones: [2, 3], gamma: 0.1, epochs: 8} as const;
    const constant = await stepOf(1, {schedule: 'constant'});
    for (const [epoch, share] of [
      [1, 1],
      [2, 0.1],
      [3, 0.01],
    ] as const) {
      expect((await stepOf(epoch, options)) / constant / share).toBeCloseTo(1, 3);
    }
  });
});

describe('a plateau', () => {
  /** One batch, so that the loss of an epoch does not depend on the order, and steps too small to lower it. */
  const FLAT: TrainOptions = {
    ...TRAIN,
    ...{schedule: 'plateau', gamma: 0.1, epochs: 26, batchSize: 32, cropPadding: 0, flip: false},
    optimizer: {...TRAIN.optimizer, learningRate: 1e-6, momentum: 0, nesterov: false},
  };

  /** How far the head's bias, which is small, moves in each epoch. */
  async function stepsOf(options: TrainOptions): Promise<number[]> {
    using session = await trainSession();
    const bias = async () => floatsOf(await session.exportStateDict(), 'linear.bias');
    const zero = new Map(await session.exportStateDict());
    zero.set('linear.bias', {dtype: 'float32', shape: [5], data: new Uint8Array(20)});
    await session.loadStateDict(zero, 'trainee');
    const steps: number[] = [];
    let before = await bias();
    for (let epoch = 0; epoch < options.epochs; epoch++) {
      await session.train(options, {}, {firstEpoch: epoch, stopEpoch: epoch + 1});
      const after = await bias();
      steps.push(Math.hypot(...after.map((value, i) => value - (before[i] ?? 0))));
      before = after;
    }
    return steps;
  }

  it('lowers the rate after more than ten epochs without a better loss, counted anew each time', async () => {
    const steps = await stepsOf(FLAT);
    const first = steps[0] ?? 0;
    expect(first).toBeGreaterThan(0);
    // The first epoch has the best loss; the eleven after it are one too many.
    const shares = steps.map((step) => Math.round(Math.log10(step / first)));
    const expected = [...Array(12).fill(0), ...Array(11).fill(-1), ...Array(3).fill(-2)];
    expect(shares.map((share) => share + 0)).toEqual(expected);
  });

  it('leaves the rate where it is while the loss falls', async () => {
    const falling = {...FLAT, epochs: 14, optimizer: {...FLAT.optimizer, learningRate: 0.01}};
    using plateau = await trainSession();
    await plateau.train(falling);
    using constant = await trainSession();
    await constant.train({...falling, schedule: 'constant'});
    expect(bytesOf(await plateau.exportStateDict())).toEqual(
      bytesOf(await constant.exportStateDict()),
    );
  });

  it('goes on in another session with the same bits, and not without its state', async () => {
    const whole = await wholeTraining(FLAT);
    using first = await trainSession();
    await first.train(FLAT, {}, {firstEpoch: 0, stopEpoch: 7});
    const [weights, state] = [await first.exportStateDict(), await first.exportTraining()];
    using second = await tinySession({seed: 9});
    await second.initialize();
    await second.setImages('train', imageSetOf(await tensorsOf('training.pt')));
    await second.loadStateDict(weights, 'trainee');
    await second.loadTraining(state);
    await second.train(FLAT, {}, {firstEpoch: 7, stopEpoch: FLAT.epochs});
    expect(bytesOf(await second.exportStateDict())).toEqual(whole.weights);
    expect(bytesOf(await second.exportTraining())).toEqual(bytesOf(whole.state));
    await second.loadTraining(new Map([...state].filter(([name]) => name !== 'schedule.plateau')));
    const later = {firstEpoch: 7, stopEpoch: 8};
    const error = await errorOf(second.train(FLAT, {}, later), 'ERR_CHECKPOINT');
    expect(error.message).toContain('schedule');
  });
});

describe('Nesterov’s momentum', () => {
  it('takes in its first step 1 + momentum times the step of the plain one', async () => {
    const momentum = 0.9;
    const step = async (nesterov: boolean) => {
      using session = await trainSession();
      const before = flatten(await session.exportStateDict(), 'parameters');
      const optimizer = {...TRAIN.optimizer, momentum, nesterov, weightDecay: 0};
      await session.train({...TRAIN, epochs: 1, batchSize: 32, schedule: 'constant', optimizer});
      const after = flatten(await session.exportStateDict(), 'parameters');
      return Math.hypot(...after.map((value, i) => value - (before[i] ?? 0)));
    };
    expect((await step(true)) / (await step(false))).toBeCloseTo(1 + momentum, 4);
  });
});
