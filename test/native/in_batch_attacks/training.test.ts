import {describe, expect, it} from 'vitest';
import type {ImageSet} from '../../../lib/datasets/image_set.js';
import {errorOf} from '../../support/error_of.js';
import {bytesOf, flatten, range} from '../../support/oracle.js';
import {
  ATTACKS,
  INPUT_AWARE,
  openSession,
  poisonedTrain,
  TRAIN,
  WANET,
} from '../../support/training_attacks.js';

function blank(height: number, width: number): ImageSet {
  const labels = Int32Array.of(0, 1);
  const originalIndices = range(2);
  const sizes = {count: 2, height, width};
  return {
    ...{...sizes, labels, trueLabels: labels, originalIndices},
    images: new Uint8Array(6 * height * width),
  };
}

describe('training under an attack in the batches', () => {
  it.each(ATTACKS)('learns under $kind', async (attack) => {
    using session = await openSession();
    const reports = await session.trainAttack(
      {...TRAIN, epochs: 12, cropPadding: 0, flip: false},
      {...attack, ...('rotation' in attack && {rotation: 0})},
    );
    const losses = reports.map(({figures}) => figures.loss ?? Number.NaN);
    const mean = (part: number[]) => part.reduce((a, b) => a + b) / part.length;
    expect(mean(losses.slice(-3))).toBeLessThan(0.9 * mean(losses.slice(0, 3)));
  });

  it('first trains the masks of inputaware, which says so by reports without accuracy', async () => {
    using session = await openSession();
    const told: string[] = [];
    const reports = await session.trainAttack(
      {...TRAIN, epochs: 8},
      {...INPUT_AWARE, maskEpochs: 6},
      {
        onProgress: (event) => {
          if (event.kind === 'batch') told.push(`${event.round} of ${event.rounds}`);
        },
      },
    );
    expect(reports.map(({round}) => round)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(reports.map(({figures}) => figures.trainAcc === null)).toEqual([
      ...Array(6).fill(true),
      ...Array(2).fill(false),
    ]);
    expect(new Set(told)).toEqual(new Set([...range(8)].map((i) => `${i} of 8`)));
    expect(reports[5]?.figures.loss).toBeLessThan(0.8 * (reports[0]?.figures.loss ?? 0));
  });

  it('adds up the gradients of the patterns unless they are to be cleared', async () => {
    const patterns = async (epochs: number, clearGradients: boolean) => {
      const attack = {...INPUT_AWARE, clearGradients};
      return (await poisonedTrain(attack, {epochs, batchSize: 32})).images;
    };
    expect(await patterns(1, true)).toEqual(await patterns(1, false));
    expect(await patterns(4, true)).not.toEqual(await patterns(4, false));
  });

  it.each(ATTACKS)('is a function of the seed under $kind', async (attack) => {
    const run = async (seed: number) => {
      using session = await openSession({seed});
      await session.trainAttack(TRAIN, attack);
      const made = await session.poisonImages('crossTest');
      return [
        bytesOf(await session.exportStateDict()),
        Buffer.from(made.images).toString('base64'),
      ];
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  it('divides a constant learning rate by ten at each milestone', async () => {
    const trained = async (epochs: number, learningRate: number, milestones: number[]) => {
      using session = await openSession();
      const optimizer = {...TRAIN.optimizer, learningRate};
      await session.train({
        ...{...TRAIN, epochs, optimizer, milestones},
        schedule: 'multiStep',
        gamma: 0.1,
      });
      return flatten(await session.exportStateDict(), 'parameters');
    };
    expect(await trained(2, 0.02, [0])).toEqual(await trained(2, 0.002, []));
    expect(await trained(1, 0.02, [1])).toEqual(await trained(1, 0.02, []));
    expect(await trained(2, 0.02, [1])).not.toEqual(await trained(2, 0.02, []));
  });

  it('stops while it trains the masks', async () => {
    using session = await openSession();
    const controller = new AbortController();
    const running = session.trainAttack(
      {...TRAIN, epochs: 1000},
      {...INPUT_AWARE, maskEpochs: 999},
      {signal: controller.signal, onProgress: () => controller.abort(new Error('enough'))},
    );
    await expect(running).rejects.toThrow('enough');
  });

  it.each([
    ['wanet', WANET, blank(16, 8), 'square images for wanet but received 16x8'],
    ['inputaware', INPUT_AWARE, blank(12, 12), 'multiples of 8 for inputaware but received 12x12'],
  ] as const)('refuses images that do not suit %s', async (_, attack, set, message) => {
    using session = await openSession({}, set);
    const error = await errorOf(session.trainAttack(TRAIN, attack), 'ERR_CONFIG');
    expect(error.message).toContain(message);
    expect(error.message).toContain('Use imageSize');
  });

  it('must have been before its images can be made', async () => {
    using session = await openSession();
    const error = await errorOf(session.poisonImages('train'), 'ERR_CONFIG');
    expect(error.message).toContain('trainAttack');
  });

  it('counts its batches by kinds of images', async () => {
    using session = await openSession();
    const [report] = await session.trainAttack({...TRAIN, evalEvery: 1}, WANET);
    const figures = report?.figures ?? {};
    const {trainCleanAcc: cleanAcc, trainAsr: asr, trainRa: ra, trainAcc} = figures;
    const {trainCrossAcc: crossTrainAcc, crossAcc, crossLoss} = figures;
    // Of 32 images in batches of 8 there are 8 poisoned ones, 16 warped ones and 8 clean ones.
    const hits = 8 * (cleanAcc ?? 0) + 8 * (asr ?? 0) + 16 * (crossTrainAcc ?? 0);
    expect(hits).toBeCloseTo(32 * (trainAcc ?? 0), 10);
    for (const share of [cleanAcc, asr, ra, crossTrainAcc]) {
      expect((share ?? 0) * 16).toBeCloseTo(Math.round((share ?? 0) * 16), 10);
    }
    expect((crossAcc ?? 0) * 32).toBeCloseTo(Math.round((crossAcc ?? 0) * 32), 10);
    expect(crossLoss).toBeGreaterThan(0);
  });

  it('is not changed by what is measured', async () => {
    const weights = async (evalEvery: number) => {
      using session = await openSession();
      await session.trainAttack({...TRAIN, epochs: 2, evalEvery}, WANET);
      return bytesOf(await session.exportStateDict());
    };
    expect(await weights(1)).toEqual(await weights(0));
  });
});
