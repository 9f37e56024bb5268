// The defenses that the bench pairs, and one unit of work of each: what a longer run repeats.
//   ft, ftsam   an epoch over the clean images
//   nad         an epoch of the teacher, and one of the student
//   nc          an epoch of the search for each class; nothing is unlearned
//   anp         two steps of the masks, each with one of the noise, and the cut at a fixed threshold
//   ibau        a round: the perturbation, and a step for each batch, whose images all have it
//   rnp         an epoch of the unlearning, and one of the masks, and the cut at a fixed threshold
//   npd         an epoch of the polarizer, without a warm-up
//   fp          means of the features, two candidates, an epoch of training
//   clp         scores of all channels, and the cut; no images
//   bnp, ep     a pass over the clean images, the scores, and the cut; ep's stand for training images
// Images are not augmented, because each side would draw anew. Where a batch is all of the clean images, both sides
// end with equal weights but for rounding; else the order of the images is each side's own.
import {DEFAULTS, defenseOf} from './package.mjs';

const ANP_STEPS = 2;
/** The convolution that npd puts into a PreAct-ResNet18. */
export const POLARIZER = 'layer4.1.conv1.0';
/** An anomaly index that no class reaches. */
const NO_ANOMALY = 1e9;

/** What of a method's options is not the package's default. */
const OVERRIDES = {
  ft: () => ({rounds: 1}),
  ftsam: () => ({rounds: 1}),
  nad: () => ({rounds: 1, teacherRounds: 1}),
  nc: () => ({rounds: 1, inversionEpochs: 1, anomalyThreshold: NO_ANOMALY}),
  anp: () => ({iterations: ANP_STEPS, reportEvery: ANP_STEPS, threshold: 0.9, select: 'fixed'}),
  ibau: () => ({rounds: 1, ibauPortion: 1}),
  rnp: () => ({unlearningRounds: 1, recoveringRounds: 1}),
  npd: () => ({rounds: 1, warmupRounds: 0}),
  fp: () => ({rounds: 1, pruneStep: 0.5}),
  clp: () => ({}),
  bnp: () => ({}),
  ep: ({clean}) => ({batchSize: clean}),
};
export const METHODS = Object.keys(OVERRIDES);

/**
 * What a session's `defend` takes for the unit of a method. It is JSON, and the baseline reads the same. channels: of
 * all batch norms.
 */
export async function unitOf(method, {batch, clean, channels}) {
  const entry = defenseOf(method);
  const defaults = DEFAULTS.defend[method];
  const usual = 'batchSize' in defaults ? {batchSize: batch} : {};
  const plain = {cropPadding: 0, flip: false};
  const config = {...defaults, ...usual, ...plain, ...OVERRIDES[method]({batch, clean})};
  const rounds = entry.rounds?.(config) ?? config.rounds;
  const options = await entry.nativeOptions(config, {
    ...{rounds, cleanCount: clean, datasetName: 'cifar10'},
  });
  if (method === 'anp') {
    options.batchOrder = Array.from({length: ANP_STEPS * batch}, (_, i) => i % clean);
    options.startNoise = evenNoise(2 * channels, options.noiseBound);
  }
  return {method, rounds, evalEvery: 0, evalBatchSize: batch, options};
}

/** Numbers in [-bound, bound] that fill it evenly. */
function evenNoise(count, bound) {
  const GOLDEN = (Math.sqrt(5) - 1) / 2;
  return Array.from({length: count}, (_, i) => bound * (2 * ((i * GOLDEN) % 1) - 1));
}

/** Channels of all batch norms of a network. */
export function channelsOf(stateDict) {
  const means = [...stateDict].filter(([name]) => name.endsWith('running_mean'));
  return means.reduce((sum, [, {shape}]) => sum + shape[0], 0);
}

/** A unit as a session takes it. */
export function sessionUnit({options, ...unit}) {
  const {batchOrder} = options;
  return batchOrder === undefined
    ? {...unit, options}
    : {...unit, options: {...options, batchOrder: Int32Array.from(batchOrder)}};
}
