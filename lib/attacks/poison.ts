import {SauError} from '../base/errors.js';
import {named} from '../options/named.js';
import {numpyChoiceWithoutReplacement} from '../random/numpy_random.js';
import type {LabelMode} from './label_mode.js';

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
