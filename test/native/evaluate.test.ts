import {describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {Progress} from '../../lib/run/progress.js';
import {relative} from '../support/closeness.js';
import {errorOf} from '../support/error_of.js';
import {facts, imageSetOf, tensorsOf} from '../support/oracle.js';
import {loadedSession, tinySession} from '../support/sessions.js';

async function sets() {
  const tensors = await tensorsOf('metrics.pt');
  return {
    clean: imageSetOf(tensors, 'clean_images', 'clean_labels'),
    poisoned: imageSetOf(tensors, 'poisoned_images', 'poisoned_labels', 'poisoned_true_labels'),
  };
}

async function bothSession() {
  const session = await loadedSession();
  const {clean, poisoned} = await sets();
  await session.setImages('cleanTest', clean);
  await session.setImages('poisonedTest', poisoned);
  return session;
}

describe('an evaluation', () => {
  it.each(['trainee', 'reference'] as const)(
    "has the oracle's fractions, and its mean losses over batches of 8, 8 and 6 or 1 (%s)",
    async (role) => {
      using session = await bothSession();
      const expected = facts.metrics[role];
      const metrics = await session.evaluate(role, facts.metrics.batch_size);
      expect(metrics.acc).toBeCloseTo(expected.acc, 12);
      expect(metrics.asr).toBeCloseTo(expected.asr, 12);
      expect(metrics.ra).toBeCloseTo(expected.ra, 12);
      expect(relative(metrics.cleanLoss ?? 0, expected.clean_loss)).toBeLessThan(1e-5);
      expect(relative(metrics.poisonedLoss ?? 0, expected.poisoned_loss)).toBeLessThan(1e-5);
      expect(relative(metrics.raLoss ?? 0, expected.ra_loss)).toBeLessThan(1e-5);
      expect(metrics).toMatchObject({cleanCount: 22, poisonedCount: 17});
    },
  );

  it.each([
    ['clean', Number.NaN],
    ['poisoned', Number.POSITIVE_INFINITY],
  ] as const)(
    'rejects with ERR_DIVERGED where the logits of %s images are %s',
    async (which, value) => {
      using session = await loadedSession();
      await session.setImages(
        which === 'clean' ? 'cleanTest' : 'poisonedTest',
        (await sets())[which],
      );
      const state = new Map(await session.exportStateDict());
      const bias = Float32Array.of(0, value, 0, 0, 0);
      state.set('linear.bias', {dtype: 'float32', shape: [5], data: new Uint8Array(bias.buffer)});
      await session.loadStateDict(state);
      const error = await errorOf(session.evaluate('trainee', 8), 'ERR_DIVERGED');
      expect(error.message).toMatch(
        new RegExp(
          `finite logits for the ${which} test images but those of .* of .* images are not`,
        ),
      );
    },
  );

  it('tells how many images of both sets are done, up to all of them', async () => {
    using session = await bothSession();
    const told: Progress[] = [];
    const evaluation = session.evaluate('trainee', 8, {onProgress: (one) => told.push(one)});
    await evaluation;
    expect(told.at(-1)).toMatchObject({kind: 'images', doing: 'measuring', done: 39, of: 39});
    const error = new Error('a bug of the caller');
    const run = {
      onProgress: () => {
        throw error;
      },
    };
    await expect(session.evaluate('trainee', 8, run)).rejects.toBe(error);
  });

  it('averages batch means, not images: the last batch counts as much as the others', async () => {
    using session = await bothSession();
    const uneven = await session.evaluate('trainee', 8);
    const whole = await session.evaluate('trainee', 22);
    expect(uneven.cleanLoss).not.toBeCloseTo(whole.cleanLoss ?? 0, 4);
    expect(uneven.acc).toBe(whole.acc);
  });

  it('agrees with the predictions of the same model', async () => {
    using session = await bothSession();
    const {clean, poisoned} = await sets();
    const share = (predicted: Int32Array, labels: Int32Array) =>
      predicted.filter((value, i) => value === labels[i]).length / labels.length;
    const metrics = await session.evaluate('trainee', 8);
    const onPoisoned = await session.predict('trainee', 'poisonedTest');
    expect(share(await session.predict('trainee', 'cleanTest'), clean.labels)).toBe(metrics.acc);
    expect(share(onPoisoned, poisoned.labels)).toBe(metrics.asr);
    expect(share(onPoisoned, poisoned.trueLabels)).toBe(metrics.ra);
  });

  it('takes as many images a pass as the session says', async () => {
    const {core} = await loadCore();
    const {model, num_classes: numClasses, mean, std} = facts;
    const native = new core.Session({
      ...{device: 'cpu', seed: 0, threads: 1, model, numClasses, mean, std, precision: 'fp32'},
      ...{evalPrecision: 'fp32', deterministic: false},
      tuning: {execution: 'auto', chunkSize: 5, cacheMib: 0},
    });
    const {clean, poisoned} = await sets();
    await native.initialize();
    await native.setImages('cleanTest', {...clean, isMapped: false});
    await native.setImages('poisonedTest', {...poisoned, isMapped: false});
    const measured: number[] = [];
    await native.evaluate({model: 'trainee', batchSize: 8}, (event) => {
      if (event.kind === 'evaluation') measured.push(event.images);
    });
    expect(measured).toEqual([5, 10, 15, 20, 22, 27, 32, 37, 39]);
    native.dispose();
  });

  it('has nulls for a poisoned set that is not there', async () => {
    using session = await loadedSession();
    await session.setImages('cleanTest', (await sets()).clean);
    const metrics = await session.evaluate('trainee', 8);
    expect(metrics.acc).toBeCloseTo(facts.metrics.trainee.acc, 12);
    expect(metrics).toMatchObject({
      asr: null,
      ra: null,
      poisonedLoss: null,
      raLoss: null,
      poisonedCount: 0,
    });
  });

  it('has nulls for a clean set that is not there', async () => {
    using session = await loadedSession();
    await session.setImages('poisonedTest', (await sets()).poisoned);
    const metrics = await session.evaluate('trainee', 8);
    expect(metrics.asr).toBeCloseTo(facts.metrics.trainee.asr, 12);
    expect(metrics).toMatchObject({acc: null, cleanLoss: null, cleanCount: 0, poisonedCount: 17});
  });

  it('takes the last set of a role', async () => {
    using session = await loadedSession();
    const {clean, poisoned} = await sets();
    await session.setImages('cleanTest', poisoned);
    await session.setImages('cleanTest', clean);
    expect((await session.evaluate('trainee', 8)).cleanCount).toBe(22);
  });
});

describe('image sets', () => {
  it.each([
    ['labels', 5],
    ['labels', -1],
    ['trueLabels', 5],
  ] as const)('refuse %s of %i for five classes', async (field, label) => {
    using session = await tinySession();
    const {clean} = await sets();
    const wrong = {...clean, [field]: clean.labels.with(3, label)};
    const error = await errorOf(session.setImages('cleanTest', wrong), 'ERR_DATASET');
    expect(error.message).toContain('0..4');
    expect(error.message).toContain(`found ${label}`);
  });

  it('are refused where they are empty', async () => {
    using session = await tinySession();
    const none = new Int32Array(0);
    const {clean} = await sets();
    const empty = {...clean, images: new Uint8Array(0), labels: none, trueLabels: none, count: 0};
    await errorOf(session.setImages('cleanTest', empty), 'ERR_DATASET');
  });

  it('that are asked for but were never set are named', async () => {
    using session = await loadedSession();
    const error = await errorOf(session.predict('trainee', 'cleanTest'), 'ERR_DATASET');
    expect(error.message).toContain("'cleanTest'");
  });

  it('may be reused by the caller once they are set', async () => {
    using session = await loadedSession();
    const {clean} = await sets();
    const images = Uint8Array.from(clean.images);
    const labels = Int32Array.from(clean.labels);
    await session.setImages('cleanTest', {...clean, images, labels, trueLabels: labels});
    const before = await session.evaluate('trainee', 8);
    images.fill(0);
    labels.fill(0);
    expect(await session.evaluate('trainee', 8)).toEqual(before);
  });
});
