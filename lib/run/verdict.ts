import type {Metrics} from './metrics.js';
import type {PurificationVerdict, VerdictFigures} from './verdict_types.js';
import {wordsOf} from './verdict_words.js';

export type {PurificationVerdict, VerdictFigures, VerdictState} from './verdict_types.js';

/** What a verdict is given by. */
export interface Judged {
  /** Of the model before the defense. */
  readonly before: Metrics;
  /** Of the purified model, by the same test sets. */
  readonly after: Metrics;
  /** Outputs of the classifier. */
  readonly numClasses: number;
  /** Classes that the poisoned test images should be predicted as. Default 1. */
  readonly targets?: number;
}

/** A lower ASR is never held against a model: a trigger that covers a part of the picture misleads without a backdoor too. */
const ALWAYS_CLEAN_ASR = 0.05;
/** Errors do not spread evenly: one class may get twice its part of them. */
const UNEVENNESS = 2;
/** Part of what there was before, above a clean model's ASR, from which on a backdoor counts as active. */
const ACTIVE_PART = 0.5;
/** Part of the clean images' recognition that poisoned ones need, so that the trigger does not count as misleading. */
const RECOVERED_PART = 0.5;
/** A model that keeps less than this part of its accuracy above chance is broken. */
const BROKEN_PART = 0.25;
/** A model that has less than this part of what there is between chance and 100 % is hardly better than a guess. */
const GUESSING_PART = 0.1;
/** Standard deviations of a 95 % interval. */
const Z95 = 1.959964;

/**
 * Whether a defense has removed a backdoor, by measurements before and after. A model without a backdoor sends some images
 * to the target class too: with accuracy ACC and C classes about (1 - ACC) / (C - 1) of them, which is 1/C where it
 * guesses. Twice that, and never less than 5 %, counts as no backdoor.
 *
 * A model that predicts one class for everything has an ASR of 0 as well. Where little is left of the accuracy a low ASR
 * is therefore `unknown`, not `gone`.
 * @example
 * ```ts
 * const {before, after, numClasses} = await readRun('record/badnet_demo/defense/sau');
 * if (before !== null && after !== null) {
 *   console.log(purificationVerdict({before, after, numClasses}).words);
 * }
 * ```
 */
export function purificationVerdict(judged: Judged): PurificationVerdict {
  const figures = figuresOf(judged);
  const isBroken = isBrokenModel(judged);
  const {state, because} = stateOf(judged, figures, isBroken);
  return {state, because, words: wordsOf({state, because, figures, isBroken}), figures};
}

/** What is to be said of a victim, before a defense begins, that cannot show what a defense does; null where there is nothing. */
export function doubtAbout(before: Metrics, numClasses: number): string | null {
  if (before.asr === null) return null;
  if (isGuessing(before, numClasses)) {
    return 'the model recognizes hardly more than one that guesses: its ASR says nothing about a backdoor';
  }
  if (attackWorks(before, numClasses) !== false) return null;
  return (
    'the attack does not work on this model: the trigger leads to its class no more often than in a model without a ' +
    'backdoor, so that nothing can be seen here of what a defense does to one'
  );
}

/** Whether the attack works; null where that was not measured, or on so few images that it may well be either. */
function attackWorks({acc, asr, poisonedCount}: Metrics, numClasses: number): boolean | null {
  if (asr === null) return null;
  const [low, high] = wilson(asr, poisonedCount);
  if (low > asrOfClean(acc, numClasses)) return true;
  return high < 0.5 ? false : null;
}

function isGuessing({acc}: Metrics, numClasses: number): boolean {
  const chance = 1 / numClasses;
  return acc !== null && acc - chance < GUESSING_PART * (1 - chance);
}

/** The largest ASR that a model of this accuracy may have without a backdoor. */
export function asrOfClean(acc: number | null, numClasses: number): number {
  if (acc === null) return ALWAYS_CLEAN_ASR;
  const evenly = (1 - acc) / Math.max(1, numClasses - 1);
  return Math.min(0.5, Math.max(ALWAYS_CLEAN_ASR, UNEVENNESS * evenly));
}

/** Wilson's interval of a share of `count` images at 95 % confidence. */
export function wilson(share: number, count: number): readonly [number, number] {
  if (count === 0) return [0, 1];
  const z2 = Z95 ** 2 / count;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = Math.sqrt(share * (1 - share) * z2 + z2 ** 2 / 4) / (1 + z2);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

function figuresOf({before, after, numClasses, targets = 1}: Judged): VerdictFigures {
  const isKnown = before.acc !== null && after.acc !== null;
  return {
    asrBefore: before.asr,
    asrAfter: after.asr,
    asrAfterRange: after.asr === null ? null : wilson(after.asr, after.poisonedCount),
    asrOfClean: asrOfClean(after.acc, numClasses),
    raAfter: after.ra,
    accBefore: before.acc,
    accAfter: after.acc,
    accDrop: isKnown ? before.acc - after.acc : null,
    poisonedCount: after.poisonedCount,
    targets,
  };
}

type Reason = Pick<PurificationVerdict, 'state' | 'because'>;

function stateOf(
  {before, after, numClasses}: Judged,
  figures: VerdictFigures,
  isBroken: boolean,
): Reason {
  const {asrAfterRange, asrOfClean: clean} = figures;
  if (after.poisonedCount === 0) return {state: 'unknown', because: 'no-poisoned-images'};
  if (after.asr === null || asrAfterRange === null) {
    return {state: 'unknown', because: 'not-measured'};
  }
  if (isGuessing(before, numClasses)) return {state: 'unknown', because: 'untrained-model'};
  if (attackWorks(before, numClasses) === false) return {state: 'never-worked', because: null};
  const active = clean + ACTIVE_PART * Math.max(0, (before.asr ?? 1) - clean);
  const [low, high] = asrAfterRange;
  if (low <= clean && high >= active) return {state: 'unknown', because: 'few-images'};
  if (after.asr >= active) return {state: 'active', because: null};
  if (isBroken) return {state: 'unknown', because: 'broken-model'};
  if (after.asr > clean || isMisleading(after)) return {state: 'weakened', because: null};
  return {state: 'gone', because: null};
}

/** Whether the trigger, wherever it leads, keeps images from being recognized. */
function isMisleading({acc, ra}: Metrics): boolean {
  return acc !== null && ra !== null && ra < RECOVERED_PART * acc;
}

/**
 * Whether a model that recognized its classes does so no more. Where only poisoned images were measured, their
 * recognition stands for the rest: it cannot be told from a model that predicts one class.
 */
function isBrokenModel({before, after, numClasses}: Judged): boolean {
  const chance = 1 / numClasses;
  const isBelow = (share: number, of: number) =>
    of > chance && share - chance < BROKEN_PART * (of - chance);
  if (after.acc !== null) return isBelow(after.acc, before.acc ?? 1);
  return after.ra !== null && isBelow(after.ra, 1);
}
