import {describe, expect, it} from 'vitest';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import type {TrainOptions} from '../../lib/session/session.js';
import {expectBelow, largestDifference, relative, relativeL2} from '../support/closeness.js';
import {errorOf} from '../support/error_of.js';
import {
  bytesOf,
  facts,
  flatten,
  floatsOf,
  imageSetOf,
  integersOf,
  ORACLE_EPOCHS,
  range,
  tensorsOf,
} from '../support/oracle.js';
import {loadedSession, tinySession} from '../support/sessions.js';

const {full} = facts.training;
const SIDE = 16;

const TRAIN: TrainOptions = {
  epochs: 2,
  ...ORACLE_EPOCHS,
  dropLast: true,
  evalEvery: 0,
  evalBatchSize: 8,
  poisonedPositions: new Int32Array(0),
};

async function trainSession(seed = 0) {
  const session = await loadedSession(undefined, {seed});
  await session.setImages('train', imageSetOf(await tensorsOf('training.pt')));
  return session;
}

async function parametersAfter(options: Partial<TrainOptions>): Promise<Float32Array> {
  using session = await trainSession();
  await session.train({...TRAIN, ...options});
  return flatten(await session.exportStateDict(), 'parameters');
}

describe('ordinary training', () => {
  it("ends at the oracle's weights, statistics and losses on batches of all images", async () => {
    using session = await trainSession();
    const before = flatten(await session.exportStateDict(), 'parameters');
    const reports = await session.train(TRAIN);
    const after = await session.exportStateDict();
    const expected = await tensorsOf('training.pt');
    const goal = floatsOf(expected, 'full.parameters');
    const parameters = flatten(after, 'parameters');
    const updates = [parameters, goal].map((p) => p.map((v, i) => v - (before[i] ?? 0)));
    // Measured: about 1e-6, from sums in another order.
    expectBelow('update', relativeL2(updates[0] ?? [], updates[1] ?? []), 1e-4);
    expectBelow('parameters', largestDifference(parameters, goal), 1e-6);
    expectBelow(
      'statistics',
      relativeL2(flatten(after, 'statistics'), floatsOf(expected, 'full.statistics')),
      1e-6,
    );
    expect(integersOf(after, 'layer1.0.bn1.num_batches_tracked')[0]).toBe(full.batches_tracked);
    for (const [epoch, report] of reports.entries()) {
      const {loss, trainAcc, ...others} = report.figures;
      expect(report.round).toBe(epoch);
      expect(relative(loss ?? 0, full.losses[epoch][0])).toBeLessThan(1e-5);
      expect(trainAcc).toBeGreaterThan(0.5);
      expect(others).toEqual({});
    }
  });

  it('tells poisoned images from clean ones where it is told which they are', async () => {
    const train = imageSetOf(await tensorsOf('training.pt'));
    const labels = train.labels.map((label) => (label + 1) % facts.num_classes);
    const rates = async (poisonedPositions: Int32Array, set: ImageSet = train) => {
      using session = await trainSession();
      await session.setImages('train', set);
      const [report] = await session.train({...TRAIN, batchSize: 8, epochs: 1, poisonedPositions});
      const {trainAcc, trainCleanAcc, trainAsr, trainRa, trainCrossAcc} = report?.figures ?? {};
      const shares = {cleanAcc: trainCleanAcc, asr: trainAsr, ra: trainRa};
      return {trainAcc, ...shares, crossTrainAcc: trainCrossAcc};
    };
    const first = Int32Array.from(range(12));
    const rest = Int32Array.from(range(train.count)).subarray(12);
    const {trainAcc, cleanAcc, asr, ra, crossTrainAcc} = await rates(first);
    const swapped = await rates(rest);
    expect([swapped.cleanAcc, swapped.asr]).toEqual([asr, cleanAcc]);
    expect((12 * (asr ?? 0) + rest.length * (cleanAcc ?? 0)) / train.count).toBeCloseTo(
      trainAcc ?? 0,
      12,
    );
    expect(ra).toBe(asr); // their labels are the true ones
    expect(crossTrainAcc).toBeNull();
    // The same weights see the same images: what is right is now the true label.
    const poisoned = await rates(Int32Array.from(range(train.count)), {
      ...train,
      trueLabels: labels,
    });
    expect(poisoned.asr).toBe(trainAcc);
    expect(poisoned.ra).toBeLessThanOrEqual(1 - (trainAcc ?? 0));
    expect(poisoned.cleanAcc).toBeNull();
    expect(await rates(new Int32Array(0))).toEqual({
      ...{trainAcc, cleanAcc: undefined, asr: undefined, ra: undefined, crossTrainAcc: undefined},
    });
  });

  it('refuses poisoned positions beyond its images', async () => {
    using session = await trainSession();
    const poisonedPositions = Int32Array.of(0, 32);
    const {message} = await errorOf(session.train({...TRAIN, poisonedPositions}), 'ERR_CONFIG');
    expect(message).toContain(
      'positions from 0 to 31 for poisonedPositions but received 32 at [1]',
    );
  });

  it('leaves the reference alone', async () => {
    using session = await trainSession();
    await session.train(TRAIN);
    expect(bytesOf(await session.exportStateDict('reference'))).toEqual(
      bytesOf(await tensorsOf('tiny_reference.pt')),
    );
  });

  it('learns', async () => {
    using session = await trainSession();
    await session.initialize();
    const optimizer = {...TRAIN.optimizer, learningRate: 0.05};
    const options = {...TRAIN, optimizer, epochs: 12, batchSize: 8, scheduleLength: 12};
    const reports = await session.train(options);
    expect(reports[0]?.figures.trainAcc).toBeLessThan(0.5);
    expect(reports.at(-1)?.figures.trainAcc).toBeGreaterThan(0.6);
  });

  it('has the full learning rate in the first epoch and less in the second of a cosine', async () => {
    const constant = {schedule: 'constant'} as const;
    expect(await parametersAfter({epochs: 1, ...constant})).toEqual(
      await parametersAfter({epochs: 1}),
    );
    expect(await parametersAfter(constant)).not.toEqual(await parametersAfter({}));
  });

  it('has a learning rate of 0 at the end of the cosine', async () => {
    expect(await parametersAfter({epochs: 2, scheduleLength: 1})).toEqual(
      await parametersAfter({epochs: 1, scheduleLength: 1}),
    );
  });

  it.each([
    [true, 3],
    [false, 4],
  ])('drops the partial last batch only if told to (dropLast %s)', async (dropLast, batches) => {
    using session = await trainSession();
    const told: string[] = [];
    await session.train(
      {...TRAIN, batchSize: 10, dropLast},
      {
        onProgress: (event) =>
          event.kind === 'batch' && told.push(`${event.batch}/${event.batches}`),
      },
    );
    const epoch = Array.from({length: batches}, (_, i) => `${i + 1}/${batches}`);
    expect(told).toEqual([...epoch, ...epoch]);
    const start = integersOf(
      await tensorsOf('tiny_trainee.pt'),
      'layer1.0.bn1.num_batches_tracked',
    );
    const end = integersOf(await session.exportStateDict(), 'layer1.0.bn1.num_batches_tracked');
    expect((end[0] ?? 0) - (start[0] ?? 0)).toBe(2 * batches);
  });

  it('refuses a batch size above the number of images where the last batch is dropped', async () => {
    using session = await trainSession();
    const error = await errorOf(session.train({...TRAIN, batchSize: 33}), 'ERR_CONFIG');
    expect(error.message).toContain('at most 32');
  });

  it('is a function of the seed', async () => {
    const run = async (seed: number) => {
      using session = await trainSession(seed);
      await session.train({...TRAIN, batchSize: 8, cropPadding: 4, flip: true});
      return bytesOf(await session.exportStateDict());
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  it('rejects with ERR_DIVERGED where the learning rate is too high', async () => {
    using session = await trainSession();
    const optimizer = {...TRAIN.optimizer, learningRate: 1e30};
    const error = await errorOf(session.train({...TRAIN, optimizer, epochs: 4}), 'ERR_DIVERGED');
    expect(error.message).toContain('Lower learningRate');
  });
});

/** `count` copies of an image that is white where `white` says so, else black. */
function copies(count: number, white: (row: number, column: number) => boolean): ImageSet {
  const plane = Uint8Array.from({length: SIDE * SIDE}, (_, i) =>
    white(Math.floor(i / SIDE), i % SIDE) ? 255 : 0,
  );
  const images = new Uint8Array(count * 3 * SIDE * SIDE);
  for (let i = 0; i < count * 3; i++) images.set(plane, i * plane.length);
  const labels = new Int32Array(count);
  return {
    images,
    labels,
    trueLabels: labels,
    originalIndices: range(count),
    count,
    height: SIDE,
    width: SIDE,
  };
}

/**
 * Share of white pixels that a tap of the first convolution sees in one training batch of `set`: the first
 * batch norm's running mean after one step. The tap lies `left` columns left of the center; what it reads
 * beyond the border is black.
 */
async function whiteSeen(
  set: ImageSet,
  left: 0 | 1,
  augmentation: Pick<TrainOptions, 'cropPadding' | 'flip'>,
): Promise<number> {
  using session = await tinySession({mean: [0, 0, 0], std: [1, 1, 1]});
  const state = new Map(await tensorsOf('tiny_trainee.pt'));
  const kernel = new Float32Array(2 * 3 * 3 * 3);
  kernel[4 - left] = 1; // channel 0 reads the red of row 1, column 1 - left
  state.set('conv1.weight', {
    dtype: 'float32',
    shape: [2, 3, 3, 3],
    data: new Uint8Array(kernel.buffer),
  });
  const name = 'layer1.0.bn1.running_mean';
  state.set(name, {dtype: 'float32', shape: [2], data: new Uint8Array(8)});
  await session.loadStateDict(state);
  await session.setImages('train', set);
  await session.train({...TRAIN, ...augmentation, epochs: 1, batchSize: set.count});
  const momentum = 0.1;
  return (floatsOf(await session.exportStateDict(), name)[0] ?? Number.NaN) / momentum;
}

describe('augmentation', () => {
  const COUNT = 256;
  const WHITE = copies(COUNT, () => true);
  const RIGHT_EDGE = copies(COUNT, (_, column) => column === SIDE - 1);

  it('is off without padding and flip', async () => {
    const none = {cropPadding: 0, flip: false};
    expect(await whiteSeen(WHITE, 0, none)).toBeCloseTo(1, 5);
    expect(await whiteSeen(RIGHT_EDGE, 1, none)).toBe(0);
  });

  it('mirrors about half of the images from left to right, each by its own draw', async () => {
    // The tap sees a white column at the left edge but none at the right: what it sees counts mirrored images.
    const seen = await whiteSeen(RIGHT_EDGE, 1, {cropPadding: 0, flip: true});
    const mirrored = seen * SIDE * COUNT;
    expect(mirrored).toBeCloseTo(Math.round(mirrored), 2);
    expect(mirrored).toBeGreaterThan(COUNT / 2 - 32); // 4 standard deviations
    expect(mirrored).toBeLessThan(COUNT / 2 + 32);
  });

  it('does not mirror from top to bottom', async () => {
    const top = copies(COUNT, (row) => row === 0);
    const options = {epochs: 1, batchSize: COUNT};
    const weights = async (flip: boolean) => {
      using session = await loadedSession();
      await session.setImages('train', top);
      await session.train({...TRAIN, ...options, flip});
      return flatten(await session.exportStateDict(), 'parameters');
    };
    expect(await weights(true)).toEqual(await weights(false));
  });

  it('crops at offsets of up to the padding on all sides, and pads with black', async () => {
    // At offsets (a, b) from the center (16 - |a|) (16 - |b|) of 256 pixels are white; |a| is 20/9 on average.
    const seen = await whiteSeen(WHITE, 0, {cropPadding: 4, flip: false});
    const expected = ((SIDE - 20 / 9) / SIDE) ** 2;
    expect(Math.abs(seen - expected)).toBeLessThan(0.02); // 3 standard deviations, of 0.0063
    const white = seen * SIDE * SIDE * COUNT;
    expect(white).toBeCloseTo(Math.round(white), 0);
  });
});
