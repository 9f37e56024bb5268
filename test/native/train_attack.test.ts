import {describe, expect, it} from 'vitest';
import {DATASETS} from '../../lib/datasets/datasets.js';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import type {NativeTrainingAttack} from '../../lib/native/attack_contract.js';
import type {SessionOptions} from '../../lib/open_session.js';
import type {Session, TrainOptions} from '../../lib/session.js';
import {
  bytesOf,
  errorOf,
  facts,
  flatten,
  floatsOf,
  imageSetOf,
  range,
  tensorsOf,
  tinySession,
} from './support.js';

const TRAIN: TrainOptions = {
  epochs: 1,
  batchSize: 8,
  dropLast: false,
  optimizer: {
    optimizer: 'sgd',
    learningRate: 0.02,
    weightDecay: 5e-4,
    momentum: 0.9,
    nesterov: false,
    adamBeta1: 0.9,
    adamBeta2: 0.999,
  },
  schedule: 'constant',
  scheduleLength: 1,
  warmupShare: 0,
  milestones: [],
  gamma: 1,
  cropPadding: 2,
  flip: true,
  evalEvery: 0,
  evalBatchSize: 8,
};

const COMMON = {poisonRate: 0.25, labelMode: 'all2one', targetLabel: 1} as const;
const WANET = {
  ...{...COMMON, kind: 'wanet' as const, rotation: 10},
  ...{gridSize: 4, warpStrength: 0.5, gridRescale: 1, crossRatio: 2},
} as const;
const INPUT_AWARE = {
  ...{...COMMON, kind: 'inputaware' as const, maskEpochs: 0, maskDensity: 0.032, maskWeight: 100},
  ...{diversityWeight: 1, crossRatio: 1, generatorLearningRate: 0.01, generatorWidth: 2},
  ...{doubleTanh: true, clearGradients: false},
} as const;
const BPP = {
  ...{
    ...COMMON,
    kind: 'bpp' as const,
    levels: 8,
    dithering: false,
    negativeRatio: 0.25,
    rotation: 10,
  },
  ...{mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]},
} as const;
const ATTACKS: readonly NativeTrainingAttack[] = [WANET, INPUT_AWARE, BPP];

async function images(): Promise<ImageSet> {
  return imageSetOf(await tensorsOf('training.pt'));
}

/** A session of a fresh model with the set, or the 32 images of the oracle's training, for training and testing. */
async function openSession(
  options: Partial<SessionOptions> = {},
  set?: ImageSet,
): Promise<Session> {
  const session = await tinySession(options);
  await session.initialize();
  const used = set ?? (await images());
  await session.setImages('train', used);
  await session.setImages('cleanTest', used);
  return session;
}

/** What an attack makes of the training set after an epoch. */
async function poisonedTrain(attack: NativeTrainingAttack, options: Partial<TrainOptions> = {}) {
  using session = await openSession();
  await session.trainAttack({...TRAIN, ...options}, attack);
  return await session.poisonImages('train');
}

function blank(height: number, width: number): ImageSet {
  const labels = Int32Array.of(0, 1);
  const originalIndices = range(2);
  const sizes = {count: 2, height, width};
  return {
    ...{...sizes, labels, trueLabels: labels, originalIndices},
    images: new Uint8Array(6 * height * width),
  };
}

describe('the training set that an attack in the batches leaves', () => {
  it.each([
    ['wanet', WANET, 4], // twice the two poisoned ones
    ['inputaware', INPUT_AWARE, 2], // as many as poisoned ones
    ['bpp', BPP, 2], // a quarter of the batch
  ] as const)(
    'has the first images of each batch of %s, poisoned and disturbed',
    async (_, attack, cross) => {
      const made = await poisonedTrain(attack);
      const {labels} = await images();
      const expected = [0, 8, 16, 24].flatMap((start) =>
        Array.from({length: 2 + cross}, (_, i) => ({
          position: start + i,
          cross: i < 2 ? 0 : 1,
          label: i < 2 ? 1 : labels[start + i],
        })),
      );
      expect(
        [...made.positions].map((position, i) => ({
          position,
          cross: made.cross[i],
          label: made.labels[i],
        })),
      ).toEqual(expected);
    },
  );

  it('gives each poisoned image the class after its own, all to all', async () => {
    const made = await poisonedTrain({...WANET, labelMode: 'all2all', crossRatio: 0});
    const {labels} = await images();
    const next = [...made.positions].map(
      (position) => ((labels[position] ?? 0) + 1) % facts.num_classes,
    );
    expect([...made.labels]).toEqual(next);
  });

  it('rounds the share of a batch down, and keeps the partial last batch', async () => {
    // Batches of 12, 12 and 8: 0.2 of them are 2.4, 2.4 and 1.6.
    const made = await poisonedTrain({...WANET, poisonRate: 0.2}, {batchSize: 12});
    expect([...made.positions.filter((_, i) => made.cross[i] === 0)]).toEqual([0, 1, 12, 13, 24]);
  });

  it('poisons one image of a batch now and then where the share is less than one', async () => {
    const made = await poisonedTrain({...WANET, poisonRate: 0.5, crossRatio: 0}, {batchSize: 1});
    expect(made.positions.length).toBeGreaterThan(5);
    expect(made.positions.length).toBeLessThan(27); // 3.9 standard deviations
  });

  it('never exceeds the batch', async () => {
    const made = await poisonedTrain({...WANET, poisonRate: 0.75, crossRatio: 5});
    expect([...made.positions]).toEqual([...range(32)]);
  });

  it.each(ATTACKS)('changes the images of $kind', async (attack) => {
    const made = await poisonedTrain(attack);
    const {images: clean, height, width} = await images();
    const bytes = 3 * height * width;
    for (const [i, position] of made.positions.entries()) {
      const before = clean.subarray(position * bytes, (position + 1) * bytes);
      const after = made.images.subarray(i * bytes, (i + 1) * bytes);
      const changed = after.filter((value, k) => Math.abs(value - (before[k] ?? 0)) > 1).length;
      expect(changed, `image ${position}`).toBeGreaterThan(bytes / 20);
    }
  });
});

describe('the test sets of an attack in the batches', () => {
  it('are the other classes poisoned, and all images disturbed under their own label', async () => {
    using session = await openSession();
    await session.trainAttack(TRAIN, WANET);
    const {labels} = await images();
    const poisoned = await session.poisonImages('poisonedTest');
    const others = [...range(32)].filter((i) => labels[i] !== 1);
    expect([...poisoned.positions]).toEqual(others);
    expect(new Set(poisoned.labels)).toEqual(new Set([1]));
    const crossed = await session.poisonImages('crossTest');
    expect([...crossed.positions]).toEqual([...range(32)]);
    expect([...crossed.labels]).toEqual([...labels]);
    expect(crossed.images).toHaveLength((poisoned.images.length / others.length) * 32);
  });

  it('are measured: ASR counts the poisoned ones, made from the clean ones', async () => {
    using session = await openSession();
    const reports = await session.trainAttack({...TRAIN, epochs: 2, evalEvery: 1}, BPP);
    const {labels} = await images();
    const others = [...labels].filter((label) => label !== 1).length;
    for (const {metrics} of reports) {
      expect(metrics).toMatchObject({cleanCount: 32, poisonedCount: others});
    }
    expect(await session.evaluate('trainee', 8)).toEqual(reports.at(-1)?.metrics);
  });

  it('lose a grey level here and there on their way through the scale of the model', async () => {
    const {mean, std} = DATASETS.cifar10;
    const ramp = Uint8Array.from({length: 3 * 256}, (_, i) => i % 256);
    const labels = Int32Array.of(0);
    const set = {
      ...{images: ramp, labels, trueLabels: labels, originalIndices: range(1)},
      ...{count: 1, height: 16, width: 16},
    };
    using session = await openSession({mean, std}, set);
    await session.trainAttack(TRAIN, {...BPP, mean, std, levels: 256});
    const {images: stored} = await session.poisonImages('poisonedTest');
    const oracle = floatsOf(await tensorsOf('attacks.pt'), 'rounding.levels');
    const expected = ramp.map((level, i) => oracle[3 * level + Math.floor(i / 256)] ?? 0);
    expect(stored).toEqual(Buffer.from(expected));
    const lower = expected.filter((level, i) => level === (ramp[i] ?? 0) - 1).length;
    const same = expected.filter((level, i) => level === ramp[i]).length;
    expect(lower + same).toBe(ramp.length);
    expect(lower / 3).toBeGreaterThan(40);
    expect(lower / 3).toBeLessThan(90);
  });
});

describe('training under an attack in the batches', () => {
  it.each(ATTACKS)('learns under $kind', async (attack) => {
    using session = await openSession();
    const reports = await session.trainAttack(
      {...TRAIN, epochs: 12, cropPadding: 0, flip: false},
      {...attack, ...('rotation' in attack && {rotation: 0})},
    );
    const losses = reports.map(({loss}) => loss);
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
    expect(reports.map(({trainAcc}) => trainAcc === null)).toEqual([
      ...Array(6).fill(true),
      ...Array(2).fill(false),
    ]);
    expect(new Set(told)).toEqual(new Set([...range(8)].map((i) => `${i} of 8`)));
    expect(reports[5]?.loss).toBeLessThan(0.8 * (reports[0]?.loss ?? 0));
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
    expect(error.message).toContain('--image-size');
  });

  it('must have been before its images can be made', async () => {
    using session = await openSession();
    const error = await errorOf(session.poisonImages('train'), 'ERR_CONFIG');
    expect(error.message).toContain('trainAttack');
  });
});

describe('a training under an attack, in parts', () => {
  const LONG = {...TRAIN, epochs: 4, evalEvery: 1} as const;
  const PARTS: readonly [string, NativeTrainingAttack][] = [
    ['wanet', WANET],
    ['inputaware', {...INPUT_AWARE, maskEpochs: 2}],
    ['bpp', BPP],
  ];

  /** Weights, state and the sets of the record in the end. */
  async function resultOf(session: Session) {
    return {
      weights: bytesOf(await session.exportStateDict()),
      state: bytesOf(await session.exportTraining()),
      train: await session.poisonImages('train'),
      test: await session.poisonImages('poisonedTest'),
      cross: await session.poisonImages('crossTest'),
    };
  }

  /** A session that goes on from what another has left. */
  async function continued(from: Session): Promise<Session> {
    const session = await openSession({seed: 9});
    await session.loadStateDict(await from.exportStateDict(), 'trainee');
    await session.loadTraining(await from.exportTraining());
    return session;
  }

  it.each(PARTS)('goes on in other sessions with the same bits: %s', async (_, attack) => {
    using whole = await openSession();
    const expected = await whole.trainAttack(LONG, attack);
    const train = (session: Session, firstEpoch: number) =>
      session.trainAttack(LONG, attack, {}, {firstEpoch, stopEpoch: firstEpoch + 1});
    using first = await openSession();
    const reports = [...(await train(first, 0))];
    using second = await continued(first);
    reports.push(...(await train(second, 1)), ...(await train(second, 2)));
    using third = await continued(second);
    reports.push(...(await train(third, 3)));
    const untimed = (all: typeof expected) => all.map((report) => ({...report, seconds: 0}));
    expect(untimed(reports)).toEqual(untimed(expected));
    expect(await resultOf(third)).toEqual(await resultOf(whole));
  });

  it('is not one without an attack, nor one under another', async () => {
    using plain = await openSession();
    await plain.train({...TRAIN, epochs: 2}, {}, {firstEpoch: 0, stopEpoch: 1});
    using session = await continued(plain);
    const later = {firstEpoch: 1, stopEpoch: 2};
    await errorOf(session.trainAttack({...TRAIN, epochs: 2}, WANET, {}, later), 'ERR_CHECKPOINT');
  });

  it('counts its batches by kinds of images', async () => {
    using session = await openSession();
    const [report] = await session.trainAttack({...TRAIN, evalEvery: 1}, WANET);
    const {cleanAcc, asr, ra, crossTrainAcc, crossAcc, crossLoss} = report?.attack ?? {};
    // Of 32 images in batches of 8 there are 8 poisoned ones, 16 warped ones and 8 clean ones.
    const hits = 8 * (cleanAcc ?? 0) + 8 * (asr ?? 0) + 16 * (crossTrainAcc ?? 0);
    expect(hits).toBeCloseTo(32 * (report?.trainAcc ?? 0), 10);
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
