import {describe, expect, it} from 'vitest';
import {makeSyntheticDataset} from '../../../lib/datasets/synthetic.js';
import {generatorFacts} from '../../support/oracle.js';
import {tinySession} from '../../support/sessions.js';
import {stegaImages} from '../../support/stega_images.js';

describe('the steganographic encoder', () => {
  it('learns to hide bits that the decoder can read', async () => {
    const {train, test} = await makeSyntheticDataset({
      ...{seed: 1, trainPerClass: 8, testPerClass: 1, size: 16},
    });
    using session = await tinySession({seed: generatorFacts.seed, numClasses: 10});
    await session.setImages('train', train);
    await session.setImages('cleanTest', test);
    // 300 steps; a hundred bits take a thousand.
    const secret = Uint8Array.of(1, 0, 0, 1, 0, 1, 1, 0);
    const {firstLoss, lastLoss, bitAccuracy} = await session.stegaImages(secret, {
      ...{epochs: 30, batchSize: 8, learningRate: 5e-4},
      ...{accuracyGoal: 1, waitSteps: 0, rampSteps: 1, imageWeight: 0},
    });
    expect(firstLoss).toBeGreaterThan(0.9 * Math.LN2); // a guess
    expect(lastLoss).toBeLessThan(0.1 * Math.LN2);
    expect(bitAccuracy).toBeGreaterThan(0.99);
  }, 300_000);

  it('learns to leave the image as it is', async () => {
    const options = {accuracyGoal: 0, waitSteps: 0, rampSteps: 1};
    const early = await stegaImages({...options, epochs: 2});
    const late = await stegaImages({...options, epochs: 20});
    expect(late.imageError).toBeLessThan(0.8 * early.imageError);
    expect(late.lastLoss).toBeLessThan(early.lastLoss);
  });
});
