// The built package as the measurements use it: where a module of it moves, this file alone follows.
import {createRequire} from 'node:module';

const require = createRequire(import.meta.url);

function packageModule(name) {
  try {
    return require(`../../dist/lib/${name}.js`);
  } catch (cause) {
    if (cause.code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Error('Expected a built package in dist/ but found none. Run `npm run build`.', {
      cause,
    });
  }
}

export const {
  attack,
  createSession,
  defend,
  defenseEffectivenessRating,
  demo,
  deviceInfo,
  readCheckpoint,
  scan,
  writeCheckpoint,
} = packageModule('index');
export const {DEFAULTS, DEMO_DEFAULTS} = packageModule('options/defaults');
export const {ATTACK_KINDS, ATTACK_TABLE} = packageModule('options/attacks/attacks');
export const {openDataset} = packageModule('datasets/open_dataset');
export const {chooseCleanSubset} = packageModule('datasets/clean_subset');
const {KNOWN} = packageModule('datasets/known');
export const {makeSyntheticDataset} = packageModule('datasets/synthetic');
export const {writeSyntheticImages} = packageModule('datasets/write_synthetic');
export const {MersenneTwister} = packageModule('random/mersenne_twister');
export const {loadTestSets, setTestSets} = packageModule('target/test_sets');
export const {cacheFolder} = packageModule('native/libtorch');
export const {THRESHOLDS} = packageModule('scan/thresholds');
export const {packageRoot} = packageModule('native/package_root');
const {loadCore} = packageModule('native/binding');

const {openTarget} = packageModule('target/target');
const {parseAttackConfig} = packageModule('options/config');
const {trainOptions: trainingOf} = packageModule('simulation/training');
const {nativeOf} = packageModule('options/native');
const {defenseTable, defenseOf} = packageModule('defenses/defenses');

export {defenseOf};

const defaults = DEFAULTS.defend.sau;
export const {pgd: PGD, loss: LOSS} = nativeOf(defenseTable('sau'), defaults);

const {mean, std} = KNOWN.cifar10;
/** How images are normalized where no record says it; as scripts/oracle/data.py does it. */
export const NORMALIZATION = {mean, std};

const {normBound, stepSize} = defaults;

/**
 * The attack with other rounding: its bound and step changed in their last bits. What this alone moves says nothing
 * about a precision.
 */
const NUDGE = 1 + 2 ** -22;
export const NUDGED_BALL = {normBound: normBound * NUDGE, stepSize: stepSize * NUDGE};

/** Images of an evaluation batch, on both sides. */
export const {evalBatchSize: EVALUATION_BATCH, learningRate: LEARNING_RATE} = defaults;

/** The record's model, classes and constants, and its data set. */
export function openRecord({record, data}) {
  return openTarget({...defaults, ckpt: record, data}, () => {});
}

export function sessionOptions({device, threads, precision, chunkSize = 0}, target) {
  return {device, threads, precision, tuning: {chunkSize}, seed: 0, ...target};
}

/** Rounds over the clean images in their order, not evaluated. */
export function roundOptions({batch, cleanIndices, rounds = 1}) {
  const order = [...cleanIndices.keys()];
  return {
    rounds,
    batchSize: batch,
    outerSteps: defaults.outerSteps,
    evalEvery: 0,
    evalBatchSize: EVALUATION_BATCH,
    pgd: PGD,
    loss: LOSS,
    optimizer: {
      optimizer: defaults.optimizer,
      learningRate: defaults.learningRate,
      weightDecay: defaults.weightDecay,
      momentum: defaults.momentum,
      nesterov: false,
      adamBeta1: defaults.adamBetas[0],
      adamBeta2: defaults.adamBetas[1],
    },
    batchOrder: Int32Array.from(Array.from({length: rounds}, () => order).flat()),
  };
}

/** `rounds` over all clean images, shuffled by the session; `others`: options of the optimizer. */
export function shuffledRounds(options, rounds, others = {}) {
  const {optimizer, ...usual} = roundOptions(options);
  return {...usual, optimizer: {...optimizer, ...others}, rounds, batchOrder: new Int32Array(0)};
}

/** The reports of the rounds. */
export function unlearn(session, {rounds, evalEvery, evalBatchSize, ...options}, run = {}) {
  return session.defend({method: 'sau', rounds, evalEvery, evalBatchSize, options}, run);
}

/** One epoch over the images of the role `train`, as a victim is trained but for its augmentation. */
export function trainEpoch(session, batchSize) {
  return session.train({
    ...trainOptions({kind: 'badnet', data: '.', epochs: 1, batchSize, evalEvery: 0}),
    ...{cropPadding: 0, flip: false},
  });
}

/** Options of a session's training from options of `attack`. */
export function trainOptions(options) {
  return trainingOf(parseAttackConfig(options), 'patterns');
}

/** FLOPs (a multiply-add is two) of one forward pass of one image, by the native core's description of the model. */
export async function forwardFlops(model, numClasses, {height, width}) {
  const {core} = await loadCore();
  return 2 * core.functional.net.cost(model, numClasses, height, width).macs;
}
