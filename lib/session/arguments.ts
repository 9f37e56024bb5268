import {SauError} from '../base/errors.js';
import {requireLength, requirePositions, requireType} from '../base/typed_array.js';
import type {ImageSet} from '../datasets/image_set.js';
import type {NativePicture} from '../native/attack_contract.js';
import type {
  NativeDefendRounds,
  NativeMethod,
  NativeMethods,
  NativeTrainOptions,
} from '../native/run_contract.js';
import type {NativeScanOptions, NativeStatistics} from '../native/scan_contract.js';
import {DATA, DEVICE} from '../options/commands/common.js';
import {optionError, shown} from '../options/parse.js';
import {MOST_FLOAT} from '../options/rules.js';
import {valueRule} from '../options/schema.js';

// The ranges of numbers that a Session checks. The native core refuses values that are not numbers or integers, and
// unknown names.

interface Range {
  readonly least: number;
  readonly most?: number;
}

type Ranges = Readonly<Record<string, Range>>;

const FROM_0: Range = {least: 0};
const FROM_1: Range = {least: 1};
const PADDING: Range = {least: 0, most: 4096};
const FLOAT: Range = {least: 0, most: MOST_FLOAT};
const SHARE: Range = {least: 0, most: 1};

const SESSION: Ranges = {
  seed: {least: 0, most: Number.MAX_SAFE_INTEGER},
  threads: {least: 0, most: DEVICE.threads.most},
  numClasses: {least: 2},
};
const DEFEND: Ranges = {
  ...{rounds: FROM_1, evalEvery: FROM_0, evalBatchSize: FROM_1},
  ...{patience: FROM_0, seconds: FROM_0, saveEvery: FROM_0},
};
const EPOCH: Ranges = {batchSize: FROM_1, scheduleLength: FROM_1, cropPadding: PADDING};
const TRAIN: Ranges = {
  ...{epochs: FROM_1, firstEpoch: FROM_0, stopEpoch: FROM_0},
  ...{...EPOCH, evalEvery: FROM_0, evalBatchSize: FROM_1},
};
/** Of the methods' own options; those of an optimizer and of the search are structures of their own. */
const METHODS: Readonly<Record<keyof NativeMethods, Ranges>> = {
  sau: {batchSize: FROM_1, outerSteps: FROM_1},
  ft: EPOCH,
  ftsam: EPOCH,
  nc: {...EPOCH, anomaly: FLOAT, unlearningRatio: SHARE},
  nad: {...EPOCH, teacherRounds: FROM_1, beta1: FLOAT, beta2: FLOAT, power: FLOAT},
  ibau: {batchSize: FROM_1, perturbationRate: FLOAT, portion: SHARE, cropPadding: PADDING},
  fp: EPOCH,
  anp: {batchSize: FROM_1, iterations: FROM_1, reportEvery: FROM_1, cropPadding: PADDING},
  ep: {u: FLOAT, binWidth: FLOAT, cropPadding: PADDING},
  clp: {u: FLOAT},
  bnp: {u: FLOAT},
  rnp: {unlearningRounds: FROM_1, recoveringRounds: FROM_1},
  npd: {batchSize: FROM_1, warmupRounds: FROM_0, warmupRate: FLOAT},
};
const PGD: Ranges = {normBound: FLOAT, stepSize: FLOAT, steps: FROM_0};
const SAM: Ranges = {rho: FLOAT, labelSmoothing: SHARE, alpha: FLOAT};
const POLARIZING: Ranges = {
  ...{normBound: FLOAT, stepSize: FLOAT, steps: FROM_1, enough: SHARE},
  ...{cleanWeight: FLOAT, keptWeight: FLOAT, topWeight: FLOAT, targetWeight: FLOAT},
};
const HYPERGRADIENT: Ranges = {normWeight: FLOAT, fixedPointRate: FLOAT, fixedPoints: FROM_0};
const INVERSION: Ranges = {
  ...{batchSize: FROM_1, epochs: FROM_1, learningRate: FLOAT, initialCost: FLOAT},
  ...{costMultiplier: FLOAT, patience: FROM_1, success: SHARE, earlyStopThreshold: SHARE},
  ...{earlyStopPatience: FROM_1, cropPadding: PADDING},
};
const STATISTICS: Readonly<Record<keyof NativeStatistics, Ranges>> = {
  nc: INVERSION,
  mmbd: {
    ...{starts: FROM_1, iterations: FROM_1, stepSize: FLOAT, tolerance: FLOAT},
    ...{height: FROM_1, width: FROM_1},
  },
  shared: {},
  universal: {bound: FLOAT, stepSize: FLOAT, steps: FROM_1},
  latent: {steps: FROM_1},
};
const OPTIMIZER: Ranges = {learningRate: FLOAT, weightDecay: FLOAT, momentum: FLOAT};

/** Throws ERR_CONFIG for options of a session that are out of range. */
export function checkSessionOptions(options: object): void {
  checkRanges(options, SESSION);
  checkChannels(options);
}

/** The same for the options of `defend`. */
export function checkDefendOptions(defend: NativeMethod): void {
  const {method, options} = defend;
  checkRanges(defend, DEFEND);
  checkRanges(options, METHODS[method] ?? {});
  checkRanges(valuesOf(options).optimizer ?? {}, OPTIMIZER);
  if (method === 'rnp') {
    checkRanges(options.unlearning, EPOCH);
    checkRanges(options.unlearning.optimizer, OPTIMIZER);
    checkRanges(options.recovering, OPTIMIZER);
  }
  if (method === 'sau') checkRanges(options.pgd, PGD);
  if (method === 'ftsam') checkRanges(options.sam, SAM);
  if (method === 'nc') checkRanges(options.inversion, INVERSION);
  if (method === 'npd') checkRanges(options.polarizing, POLARIZING);
  if (method === 'ibau') checkRanges(options.hypergradient, HYPERGRADIENT);
}

/** The same for the options of `scan`. */
export function checkScanOptions({statistic, options}: NativeScanOptions): void {
  checkRanges(options, STATISTICS[statistic] ?? {});
  if (statistic === 'shared') checkRanges(options.pgd, PGD);
}

/** Throws ERR_CONFIG for options of `perturb` that are out of range. */
export function checkPgdOptions(options: object): void {
  checkRanges(options, PGD);
}

/** Throws ERR_CONFIG for options of `train` or, with an attack, of `trainAttack` that are out of range. */
export function checkTrainOptions(options: {optimizer: object}, attack: object = {}): void {
  checkRanges(options, TRAIN);
  checkRanges(options.optimizer, OPTIMIZER);
  checkChannels(attack);
}

/** Throws ERR_CONFIG for options of a measurement that are out of range. */
export function checkEvaluateOptions(options: object): void {
  checkRanges(options, {batchSize: FROM_1});
}

function checkRanges(options: object, ranges: Ranges): void {
  const values = valuesOf(options);
  for (const [name, {least, most = Number.POSITIVE_INFINITY}] of Object.entries(ranges)) {
    const value = values[name];
    if (typeof value !== 'number' || !(value < least || value > most)) continue;
    const end = most === Number.POSITIVE_INFINITY ? '' : ` and <= ${most}`;
    throw optionError(name, `a number >= ${least}${end}`, shown(value));
  }
}

/** `mean` and `std`, if they are lists. */
function checkChannels(options: object): void {
  const values = valuesOf(options);
  for (const [name, rule] of Object.entries({
    mean: valueRule(DATA.mean),
    std: valueRule(DATA.std),
  })) {
    const value = values[name];
    if (!Array.isArray(value)) continue;
    const [issue] = rule.safeParse(value).error?.issues ?? [];
    if (issue === undefined) continue;
    const advice = 'Give one for each of the channels R, G and B, in [0,1] pixel scale.';
    throw optionError(name, issue.message, shown(value), advice);
  }
}

/**
 * Programs without types may pass anything. A value that is not an object has no fields, which the native core
 * refuses.
 */
function valuesOf(options: unknown): Readonly<Record<string, unknown>> {
  return typeof options === 'object' && options !== null ? {...options} : {};
}

// Checks of typed arrays that a Session makes before a job reads them on its thread. The native core checks numbers
// and names.

/** Sizes of the images that were set for a role. */
export interface ImageSize {
  readonly count: number;
  /** Number of values of an image: 3 * height * width. */
  readonly values: number;
}

export function sizeOf({count, height, width}: ImageSet): ImageSize {
  return {count, values: 3 * height * width};
}

/** Throws ERR_DATASET if the length of an array does not fit the set's count and sizes. */
export function checkImages({images, labels, trueLabels, count, height, width}: ImageSet): void {
  const code = 'ERR_DATASET';
  for (const [name, size] of Object.entries({count, height, width})) {
    if (Number.isSafeInteger(size) && size > 0) continue;
    throw new SauError(
      typeof size === 'number' ? code : 'ERR_CONFIG',
      `Expected an integer > 0 for ${name} but received ${String(size)}.`,
    );
  }
  requireType(images, 'images', 'Uint8Array');
  const of = `[${count}, 3, ${height}, ${width}]`;
  requireLength(images, {name: 'images', length: count * 3 * height * width, of, code});
  for (const [name, array] of Object.entries({labels, trueLabels})) {
    requireType(array, name, 'Int32Array');
    requireLength(array, {name, length: count, of: 'one for each image', code});
  }
}

/** Positions in the clean subset, rounds * n or none, where the method takes an order. Throws ERR_CONFIG. */
export function checkBatchOrder(
  {method, rounds, options}: NativeMethod & Pick<NativeDefendRounds, 'rounds'>,
  cleanSubset: ImageSize | undefined,
): void {
  if (method !== 'sau') return;
  const {batchOrder} = options;
  const name = 'batchOrder';
  const code = 'ERR_CONFIG';
  requireType(batchOrder, name, 'Int32Array');
  if (batchOrder.length === 0 || cleanSubset === undefined) return;
  const {count} = cleanSubset;
  const of = `${rounds} rounds of ${count} images; none to shuffle`;
  requireLength(batchOrder, {name, length: rounds * count, of, code});
  requirePositions(batchOrder, count, {name, code});
}

/** Positions in `train`, any number. Throws ERR_CONFIG. */
export function checkPoisonedPositions(
  {poisonedPositions}: Pick<NativeTrainOptions, 'poisonedPositions'>,
  train: ImageSize | undefined,
): void {
  const name = 'poisonedPositions';
  requireType(poisonedPositions, name, 'Int32Array');
  if (train !== undefined) {
    requirePositions(poisonedPositions, train.count, {name, code: 'ERR_CONFIG'});
  }
}

/** Positions of images of a role, at least one. Throws ERR_DATASET. */
export function checkIndices(indices: Int32Array, size: ImageSize | undefined): void {
  const name = 'indices';
  const code = 'ERR_DATASET';
  requireType(indices, name, 'Int32Array');
  if (indices.length === 0) {
    throw new SauError(
      code,
      'Expected at least one position for indices but received none. Give those of the images to work on.',
    );
  }
  // For a role without images the native core reports the error.
  if (size !== undefined) requirePositions(indices, size.count, {name, code});
}

/** A class for each of `count` images; the native core knows which there are. Throws ERR_DATASET. */
export function checkClasses(classes: Int32Array, count: number): void {
  const name = 'classes';
  requireType(classes, name, 'Int32Array');
  requireLength(classes, {name, length: count, of: 'one for each image', code: 'ERR_DATASET'});
}

/** A perturbation [n,3,H,W] in pixel scale for `count` images of a role. Throws ERR_DATASET. */
export function checkDelta(delta: Float32Array, count: number, size: ImageSize | undefined): void {
  const name = 'delta';
  requireType(delta, name, 'Float32Array');
  if (size === undefined) return;
  const of = `${count} images of ${size.values} values`;
  requireLength(delta, {name, length: count * size.values, of, code: 'ERR_DATASET'});
}

/** uint8 [3,height,width]. Throws ERR_DATASET. */
export function checkPicture({planes, height, width}: NativePicture): void {
  const name = 'the planes of the start picture';
  requireType(planes, name, 'Uint8Array');
  const of = `[3, ${height}, ${width}]`;
  requireLength(planes, {name, length: 3 * height * width, of, code: 'ERR_DATASET'});
}

/** [bits] of 0 and 1, at least one. Throws ERR_CONFIG. */
export function checkSecret(secret: Uint8Array): void {
  const name = 'the secret';
  requireType(secret, name, 'Uint8Array');
  if (secret.length === 0 || secret.some((bit) => bit > 1)) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected bits of 0 and 1, at least one, for ${name} but received ` +
        (secret.length === 0 ? 'none.' : `the value ${secret.find((bit) => bit > 1)}.`),
    );
  }
}
