import {assertNever, SauError} from '../base/errors.js';
import {named} from '../options/named.js';
import {numpyChoiceWithoutReplacement} from '../random/samples.js';

/** How many training images to poison. */
export type PoisonAmount =
  /** A fraction in (0, 1] of all training images, even if only one class may be poisoned. */
  {readonly kind: 'rate'; readonly rate: number} | {readonly kind: 'count'; readonly count: number};

export interface PoisonChoice {
  /** [N] true labels of the training set. */
  readonly labels: Int32Array;
  readonly amount: PoisonAmount;
  readonly mode: LabelMode;
  readonly seed: number;
}

/** Rounds as python's `round`: halves go to the even neighbor. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return rest < 0.5 ? floor : floor + 1;
}

function countOf(amount: PoisonAmount, total: number): number {
  if (amount.kind === 'count') {
    if (Number.isSafeInteger(amount.count) && amount.count > 0) return amount.count;
    throw new SauError(
      'ERR_CONFIG',
      `Expected a poison count of at least 1 but received ${amount.count}`,
      {details: {poisonCount: amount.count}},
    );
  }
  const {rate} = amount;
  if (!(rate > 0 && rate <= 1)) {
    throw new SauError('ERR_CONFIG', `Expected a poison rate in (0, 1] but received ${rate}`, {
      details: {poisonRate: rate},
    });
  }
  const count = roundHalfToEven(rate * total);
  if (count > 0) return count;
  throw new SauError(
    'ERR_CONFIG',
    `Expected a poison rate that poisons at least one of ${total} images but ${rate} poisons none; use a ${named('poisonRate')} of at least ${1 / total}`,
    {details: {poisonRate: rate, images: total}},
  );
}

/**
 * Chooses the training images to poison, in draw order, exactly as the official tool does for a seed (specification
 * B3.3): numpy's choice without replacement among all images or, for a clean-label attack, among those of the
 * target class. In both cases the count is a share of all images.
 * @throws SauError ERR_CONFIG if the count is zero or exceeds the images that may be poisoned
 */
export function choosePoisonedIndices({labels, amount, mode, seed}: PoisonChoice): Int32Array {
  const all = Int32Array.from(labels.keys());
  const candidates =
    mode.kind === 'cleanLabel' ? all.filter((i) => labels[i] === mode.targetLabel) : all;
  const count = countOf(amount, labels.length);
  if (count > candidates.length) {
    const of = mode.kind === 'cleanLabel' ? ` of class ${mode.targetLabel}` : '';
    const largest = candidates.length / labels.length;
    throw new SauError(
      'ERR_CONFIG',
      `Expected to poison at most the ${candidates.length} training images${of} but received ${count}; ` +
        `the largest possible poison rate is ${largest}`,
      {details: {count, candidates: candidates.length, largestPoisonRate: largest}},
    );
  }
  const drawn = numpyChoiceWithoutReplacement(candidates.length, count, seed);
  return drawn.map((rank) => candidates[rank] ?? 0);
}

/** How an attack labels poisoned images (specification B3.2). */
export type LabelMode =
  /** Every poisoned image gets the target label. */
  | {readonly kind: 'all2one'; readonly targetLabel: number}
  /** Every poisoned image gets (label + shift) mod classes. */
  | {readonly kind: 'all2all'; readonly shift: number}
  /** As all2one, but only images of the target class are poisoned, so no training label changes. */
  | {readonly kind: 'cleanLabel'; readonly targetLabel: number};

/** The name of a label mode: all2one, all2all (each class as the one after it) or cleanLabel. */
export type LabelModeKind = LabelMode['kind'];

/**
 * Checks the mode's numbers against the classes.
 * @throws SauError ERR_CONFIG for a target that is not a class, or for a shift that changes no label, as with a
 * single class
 */
export function checkLabelMode(mode: LabelMode, numClasses: number): void {
  switch (mode.kind) {
    case 'all2one':
    case 'cleanLabel':
      if (isIntegerWithin(mode.targetLabel, 0, numClasses - 1)) return;
      throw new SauError(
        'ERR_CONFIG',
        `Expected a target label from 0 to ${numClasses - 1} but received ${mode.targetLabel}. Give another ${named('targetLabel')}`,
        {details: {targetLabel: mode.targetLabel, numClasses}},
      );
    case 'all2all':
      if (isIntegerWithin(mode.shift, 1, numClasses - 1)) return;
      if (numClasses < 2) {
        throw new SauError(
          'ERR_CONFIG',
          `Expected at least two classes for all2all but received ${numClasses}. Use another data set or ${named('labelMode')}`,
          {details: {numClasses}},
        );
      }
      throw new SauError(
        'ERR_CONFIG',
        `Expected a label shift from 1 to ${numClasses - 1} but received ${mode.shift}`,
        {details: {shift: mode.shift, numClasses}},
      );
    default:
      assertNever(mode);
  }
}

function isIntegerWithin(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}

/** The attack's label for an image with this true label. */
export function attackLabelOf(label: number, mode: LabelMode, numClasses: number): number {
  switch (mode.kind) {
    case 'all2one':
    case 'cleanLabel':
      return mode.targetLabel;
    case 'all2all':
      return (label + mode.shift) % numClasses;
    default:
      return assertNever(mode);
  }
}

/**
 * Positions of the test images to poison (specification B2): with a target, every image with another true label;
 * for all-to-all, every image.
 */
export function poisonTestSelection(labels: Int32Array, mode: LabelMode): Int32Array {
  const positions = Int32Array.from(labels.keys());
  switch (mode.kind) {
    case 'all2one':
    case 'cleanLabel':
      return positions.filter((i) => labels[i] !== mode.targetLabel);
    case 'all2all':
      return positions;
    default:
      return assertNever(mode);
  }
}
