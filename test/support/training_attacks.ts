import type {ImageSet} from '../../lib/datasets/image_set.js';
import type {NativeTrainingAttack} from '../../lib/native/attack_contract.js';
import type {SessionOptions} from '../../lib/session/open_session.js';
import type {Session, TrainOptions} from '../../lib/session/session.js';
import {imageSetOf, tensorsOf} from './oracle.js';
import {tinySession} from './sessions.js';

export const TRAIN: TrainOptions = {
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
  poisonedPositions: new Int32Array(0),
};

const COMMON = {poisonRate: 0.25, labelMode: 'all2one', targetLabel: 1} as const;
export const WANET = {
  ...{...COMMON, kind: 'wanet' as const, rotation: 10},
  ...{gridSize: 4, warpStrength: 0.5, gridRescale: 1, crossRatio: 2},
} as const;
export const INPUT_AWARE = {
  ...{...COMMON, kind: 'inputaware' as const, maskEpochs: 0, maskDensity: 0.032, maskWeight: 100},
  ...{diversityWeight: 1, crossRatio: 1, generatorLearningRate: 0.01, generatorWidth: 2},
  ...{doubleTanh: true, clearGradients: false},
} as const;
export const BPP = {
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
export const ATTACKS: readonly NativeTrainingAttack[] = [WANET, INPUT_AWARE, BPP];

/** The 32 images of the oracle's training. */
export async function images(): Promise<ImageSet> {
  return imageSetOf(await tensorsOf('training.pt'));
}

/** A session of a fresh model with the set, or the 32 images of the oracle's training, for training and testing. */
export async function openSession(
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
export async function poisonedTrain(
  attack: NativeTrainingAttack,
  options: Partial<TrainOptions> = {},
) {
  using session = await openSession();
  await session.trainAttack({...TRAIN, ...options}, attack);
  return await session.poisonImages('train');
}
