import type {ImageSet} from '../datasets/image_set.js';
import {RECIPES} from '../options/commands/attack.js';
import type {AttackConfig} from '../options/types.js';
import type {RunOptions} from '../run/progress.js';
import type {Session} from '../session/session.js';
import type {Training} from '../simulation/training.js';
import type {TestSets} from '../target/test_sets.js';
import {type Alternative, estimateOf, type RunSize} from './estimate.js';
import {hasFasterBf16} from './faster_precision.js';
import {measurePace} from './measure_pace.js';

/** A training that is about to begin. */
export interface TrainingScene {
  readonly session: Session;
  readonly config: AttackConfig;
  readonly train: ImageSet;
  readonly tests: TestSets;
  readonly training: Training;
  /** Epochs of an earlier, interrupted run. */
  readonly epochsDone: number;
}

/** An attack on batches is measured on clean images, with its trigger and with a disturbance that is none. */
const SETS_OF_BATCH_ATTACK = 3;

/** Measures how long a training will take and tells it. Leaves no trace in the session, except for the role `heldOut`. */
export async function tellTrainingTime(scene: TrainingScene, run: RunOptions): Promise<void> {
  const {session, train, config} = scene;
  const pace = await measurePace(session, train, run);
  const size = sizeOfTraining(scene);
  const mayUseBf16 = await hasFasterBf16(session, config.precision);
  const estimate = estimateOf(size, pace, alternativesTo(scene, size, mayUseBf16));
  const counts = {cleanImages: train.count, testImages: size.tests};
  run.onProgress?.({kind: 'estimate', ...estimate, pace, ...counts});
}

function sizeOfTraining({train, tests, training, epochsDone}: TrainingScene): RunSize {
  const {options, attack} = training;
  const clean = tests.cleanTest?.count ?? 0;
  const measured =
    attack === null ? clean + (tests.poisonedTest?.count ?? 0) : SETS_OF_BATCH_ATTACK * clean;
  return {
    rounds: Math.max(0, options.epochs - epochsDone),
    unit: 'epochs',
    images: train.count,
    tests: measured,
    evalEvery: options.evalEvery,
    measuresBefore: false,
    work: {round: {training: 1}},
  };
}

/** Where a training has more than these, the smaller number is worth a word. */
const MANY_EPOCHS = 10;
const MANY_TESTS = 2000;

function alternativesTo(
  {config, epochsDone}: TrainingScene,
  size: RunSize,
  mayUseBf16: boolean,
): readonly Alternative[] {
  const {rounds, evalEvery, tests} = size;
  const all: readonly (Alternative & {readonly applies: boolean})[] = [
    {
      applies: evalEvery === 1 && rounds > MANY_EPOCHS,
      options: {evalEvery: 10},
      size: {...size, evalEvery: 10},
    },
    {
      applies: config.testLimit === null && tests > MANY_TESTS,
      options: {testLimit: 1000},
      size: {...size, tests: MANY_TESTS},
    },
    {applies: mayUseBf16, options: {precision: 'bf16'}, size: null},
    {
      applies: config.recipe !== 'fast' && epochsDone === 0,
      options: {recipe: 'fast'},
      size: {...size, rounds: RECIPES.fast.epochs},
    },
  ];
  return all.filter(({applies}) => applies);
}
