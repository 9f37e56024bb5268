import {describe, expect, it} from 'vitest';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import {createSession} from '../../lib/session/open_session.js';
import type {TrainOptions} from '../../lib/session/session.js';
import {errorOf} from '../support/error_of.js';
import {ORACLE_EPOCHS} from '../support/oracle.js';

/** Images of 32 pixels in three classes, the same in every run. */
function imagesOf(count: number): ImageSet {
  const pixels = Uint8Array.from(
    {length: count * 3 * 32 * 32},
    (_, i) => (Math.imul(i, 0x9e3779b1) >>> 24) & 255,
  );
  const labels = Int32Array.from({length: count}, (_, i) => i % 3);
  const originalIndices = Int32Array.from({length: count}, (_, i) => i);
  return {
    ...{images: pixels, labels, trueLabels: labels, originalIndices},
    ...{count, height: 32, width: 32},
  };
}

const open = (model: string, seed = 0) =>
  createSession({
    ...{device: 'cpu', seed, threads: 1, model, numClasses: 3},
    ...{mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]},
  });

const TRAIN: TrainOptions = {
  ...ORACLE_EPOCHS,
  epochs: 2,
  batchSize: 4,
  dropLast: true,
  evalEvery: 0,
  evalBatchSize: 8,
  poisonedPositions: new Int32Array(0),
};

async function weightsAfter(model: string, seed: number, split: boolean) {
  using session = await open(model, seed);
  await session.initialize();
  await session.setImages('train', imagesOf(12));
  if (split) {
    await session.train(TRAIN, {}, {firstEpoch: 0, stopEpoch: 1});
    await session.train(TRAIN, {}, {firstEpoch: 1, stopEpoch: 2});
  } else {
    await session.train(TRAIN);
  }
  const weights = await session.exportStateDict();
  return [...weights.values()].map(({data}) => Buffer.from(data).toString('base64'));
}

// efficientnet_b0 has stochastic depth and dropout.
describe('a training with dropout and stochastic depth', () => {
  it('ends at equal weights for equal seeds, also where it is taken up again', async () => {
    const whole = await weightsAfter('efficientnet_b0_w8', 0, false);
    expect(await weightsAfter('efficientnet_b0_w8', 0, false)).toEqual(whole);
    expect(await weightsAfter('efficientnet_b0_w8', 0, true)).toEqual(whole);
    expect(await weightsAfter('efficientnet_b0_w8', 1, false)).not.toEqual(whole);
  });
});

describe('a single image left over', () => {
  it('is refused before the first batch where a batch norm sees one pixel', async () => {
    using session = await open('resnet18_w8');
    await session.initialize();
    await session.setImages('train', imagesOf(13));
    const {message} = await errorOf(session.train({...TRAIN, dropLast: false}), 'ERR_CONFIG');
    expect(message).toMatch(/leaves no single image of 13 training images over but received 4/);
    await session.train({...TRAIN, dropLast: false, batchSize: 5});
  });
});
