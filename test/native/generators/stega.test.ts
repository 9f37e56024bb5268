import {describe, expect, it} from 'vitest';
import {generateSsbaImages} from '../../../lib/attacks/ssba.js';
import {GENERATOR_DEFAULTS} from '../../../lib/options/defaults.js';
import {abortedAtFirstBatch, smallContext} from '../../support/attack_contexts.js';
import {expectBelow, largestDifference, relative, shareOfEqual} from '../../support/closeness.js';
import {errorOf} from '../../support/error_of.js';
import {generatorFacts, tensorOf} from '../../support/oracle.js';
import {tinySession} from '../../support/sessions.js';
import {stegaImages} from '../../support/stega_images.js';

/** Layer by layer, from the specification: inputs x outputs x kernel + biases. */
const ENCODER =
  (100 + 1) * 768 +
  32 * (6 * 9 + 1) +
  32 * (32 * 9 + 1) +
  64 * (32 * 9 + 1) +
  128 * (64 * 9 + 1) +
  256 * (128 * 9 + 1) +
  (128 * (256 * 4 + 1) + 128 * (256 * 9 + 1)) +
  (64 * (128 * 4 + 1) + 64 * (128 * 9 + 1)) +
  (32 * (64 * 4 + 1) + 32 * (64 * 9 + 1)) +
  (32 * (32 * 4 + 1) + 32 * (70 * 9 + 1)) +
  32 * (32 * 9 + 1) +
  3 * (32 + 1);
const DECODER =
  32 * (27 + 1) +
  32 * (32 * 9 + 1) +
  64 * (32 * 9 + 1) +
  2 * 64 * (64 * 9 + 1) +
  128 * (64 * 9 + 1) +
  128 * (128 * 9 + 1) +
  512 * (128 + 1) +
  100 * (512 + 1);

describe('the steganographic encoder', () => {
  it("trains and encodes as the oracle's, image loss included", async () => {
    const made = await stegaImages();
    const {losses, weights, bit_accuracy, image_error} = generatorFacts.stega_result;
    expect(Math.max(...weights)).toBe(10); // the fixture goes through the whole schedule
    expect(relative(made.firstLoss, losses[0])).toBeLessThan(1e-3);
    expect(relative(made.lastLoss, losses[1])).toBeLessThan(1e-2);
    for (const split of ['train', 'test'] as const) {
      const expected = tensorOf(made.fixture, `stega.${split}`).data;
      expectBelow(split, largestDifference(made[split], expected), 2);
    }
    expect(Math.abs(made.bitAccuracy - bit_accuracy)).toBeLessThan(0.03);
    expect(relative(made.imageError, image_error)).toBeLessThan(0.01);
  });

  it('has the parameters of the specification', async () => {
    const {parameters} = await stegaImages({epochs: 1, batchSize: 32});
    expect(parameters).toBe(ENCODER + DECODER);
    expect(generatorFacts.stega_result.parameters).toEqual([ENCODER, DECODER]);
  });

  it('refuses images whose sides are no multiples of 16', async () => {
    using session = await tinySession();
    const labels = Int32Array.of(0);
    const odd = {
      images: new Uint8Array(3 * 20 * 16),
      ...{labels, trueLabels: labels, originalIndices: labels},
      ...{count: 1, height: 20, width: 16},
    };
    await session.setImages('train', odd);
    await session.setImages('cleanTest', odd);
    const job = session.stegaImages(new Uint8Array(100), generatorFacts.stega);
    expect((await errorOf(job, 'ERR_CONFIG')).message).toContain('20 x 16');
  });
});

describe('generateSsbaImages', () => {
  const OPTIONS = {
    ...{...GENERATOR_DEFAULTS.ssbaImages, secret: 'stega!!'},
    ...{epochs: 1, batchSize: 8, learningRate: 1e-4, waitSteps: 1000, rampSteps: 3000},
  };

  it('encodes every image of both sets, the same for a seed and another for another secret', async () => {
    const context = await smallContext();
    const made = await generateSsbaImages(context, OPTIONS);
    expect(made.train).toHaveLength(context.train.images.length);
    expect(made.test).toHaveLength(context.test.images.length);
    expect(await generateSsbaImages(context, OPTIONS)).toEqual(made);
    const other = await generateSsbaImages(context, {...OPTIONS, secret: 'other'});
    expect(shareOfEqual(other.train, made.train)).toBeLessThan(1);
    expect(context.told.at(-1)).toMatchObject({
      kind: 'note',
      message: expect.stringContaining('train it for more epochs'),
    });
  });

  it('stops when it is aborted', async () => {
    const {run, reason} = abortedAtFirstBatch();
    const context = await smallContext({run});
    await expect(generateSsbaImages(context, {...OPTIONS, epochs: 1000})).rejects.toBe(reason);
  });
});
