import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {describe, expect, it} from 'vitest';
import {ImageMemory, isMapped} from '../../lib/datasets/image_memory.js';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import type {TrainOptions} from '../../lib/session/session.js';
import {randomSet} from '../support/attack_contexts.js';
import {flatten, ORACLE_EPOCHS} from '../support/oracle.js';
import {loadedSession} from '../support/sessions.js';

const SIDE = 16;
/** Enough images of that side to be worth a file. */
const COUNT = 1500;
const TRAIN: TrainOptions = {
  epochs: 1,
  ...ORACLE_EPOCHS,
  batchSize: 128,
  dropLast: false,
  evalEvery: 0,
  evalBatchSize: 128,
  poisonedPositions: Int32Array.from([3, 4, 5]),
};

function setInMemory(): ImageSet {
  const set = randomSet(COUNT, {height: SIDE, width: SIDE});
  const labels = set.labels.map((label) => label % 4);
  return {...set, labels, trueLabels: labels};
}

async function mappedSet(): Promise<ImageSet> {
  const set = setInMemory();
  const images = await new ImageMemory(0).allocate(COUNT, set);
  images.set(set.images);
  expect(isMapped(images)).toBe(true);
  return {...set, images};
}

async function trainedOn(set: ImageSet) {
  using session = await loadedSession(undefined, {seed: 3});
  await session.setImages('train', set);
  await session.setImages('cleanTest', set);
  const reports = await session.train(TRAIN);
  return {
    figures: reports.map(({figures}) => figures),
    metrics: await session.evaluate('trainee', 128),
    parameters: flatten(await session.exportStateDict(), 'parameters'),
  };
}

describe('images in a mapped file', () => {
  it('train and measure a model as images in memory do', async () => {
    expect(await trainedOn(await mappedSet())).toEqual(await trainedOn(setInMemory()));
  });

  it('purify a model as images in memory do', async () => {
    const perturbed = async (set: ImageSet) => {
      using session = await loadedSession(set);
      const pgd = {norm: 'L_inf', normBound: 0.2, stepSize: 0.2, steps: 2} as const;
      const indices = Int32Array.from([1499, 0, 7]);
      return await session.perturb('cleanSubset', indices, {
        ...pgd,
        init: 'max',
        beta1: 0.01,
        beta2: 1,
      });
    };
    expect(await perturbed(await mappedSet())).toEqual(await perturbed(setInMemory()));
  });

  it('are not copied, and stay while the session works on them', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    using session = await loadedSession();
    let set: ImageSet | null = await mappedSet();
    await session.setImages('cleanTest', set);
    const before = await session.evaluate('trainee', 128);
    set.images.fill(0, 0, set.images.length / 2); // what a copy would not notice
    const after = await session.evaluate('trainee', 128);
    expect(after.cleanLoss).not.toBe(before.cleanLoss);
    set = null;
    for (let i = 0; i < 3; i++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await session.evaluate('trainee', 128)).toEqual(after);
  });
});
