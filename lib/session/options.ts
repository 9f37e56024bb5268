import type {NativeDefendOptions, NativeMethods} from '../native/run_contract.js';
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

const SESSION: Ranges = {
  seed: {least: 0, most: Number.MAX_SAFE_INTEGER},
  threads: {least: 0, most: DEVICE.threads.most},
  numClasses: {least: 2},
};
const DEFEND: Ranges = {rounds: FROM_1, evalEvery: FROM_0, evalBatchSize: FROM_1};
const EPOCH: Ranges = {batchSize: FROM_1, scheduleLength: FROM_1, cropPadding: PADDING};
const TRAIN: Ranges = {
  ...{epochs: FROM_1, firstEpoch: FROM_0, stopEpoch: FROM_0},
  ...{...EPOCH, evalEvery: FROM_0, evalBatchSize: FROM_1},
};
/** Of the methods' own options; those of an optimizer and of the search are structures of their own. */
const METHODS: Readonly<Record<keyof NativeMethods, Ranges>> = {
  sau: {batchSize: FROM_1, outerSteps: FROM_1},
  ft: EPOCH,
};
const PGD: Ranges = {normBound: FLOAT, stepSize: FLOAT, steps: FROM_0};
const OPTIMIZER: Ranges = {learningRate: FLOAT, weightDecay: FLOAT, momentum: FLOAT};

/** Throws ERR_CONFIG for options of a session that are out of range. */
export function checkSessionOptions(options: object): void {
  checkRanges(options, SESSION);
  checkChannels(options);
}

/** The same for the options of `defend`. */
export function checkDefendOptions(defend: NativeDefendOptions): void {
  const {method, options} = defend;
  checkRanges(defend, DEFEND);
  checkRanges(options, METHODS[method] ?? {});
  checkRanges(options.optimizer, OPTIMIZER);
  if (method === 'sau') checkRanges(options.pgd, PGD);
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
