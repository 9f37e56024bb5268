import {SauError} from '../base/errors.js';
import {named} from '../options/named.js';
import type {Metrics} from './metrics.js';

// Limits that a result has to keep so that a pipeline goes on. They never keep it from being written.

/** The limits, shares in [0,1]; null where there is none. */
export type Gates = {readonly [Name in FailedGate['gate']]: number | null};

/** A limit that a result has not kept. */
export interface FailedGate {
  /** The option that sets it. */
  readonly gate: 'failAboveAsr' | 'failBelowAcc' | 'maxAccDrop';
  /** What it allows, a share in [0,1]. */
  readonly limit: number;
  /** What was measured, a share in [0,1]; null where an interrupted run left that open. */
  readonly measured: number | null;
}

/** Images that are there. */
interface Images {
  /** Clean test images. */
  readonly cleanTest: boolean;
  /** Poisoned test images. */
  readonly poisonedTest: boolean;
}

/** Throws ERR_CONFIG for a limit of what cannot be measured with these images: before any work, and not after it. */
export function requireMeasurable(gates: Gates, {cleanTest, poisonedTest}: Images): void {
  const {failAboveAsr, failBelowAcc, maxAccDrop} = gates;
  if (failAboveAsr !== null && !poisonedTest) {
    throw unmeasurable(
      'failAboveAsr',
      'poisoned test images',
      'Name a record of the attack that has some, or leave the limit out.',
    );
  }
  const ofClean = failBelowAcc !== null ? 'failBelowAcc' : 'maxAccDrop';
  if ((failBelowAcc !== null || maxAccDrop !== null) && !cleanTest) {
    throw unmeasurable(
      ofClean,
      'clean test images',
      `Name the data set with ${named('data')}, or leave the limit out.`,
    );
  }
}

/** The limits that the measurements do not keep; `before` is null where the model before the defense was not measured. */
export function failedGates(gates: Gates, before: Metrics | null, after: Metrics): FailedGate[] {
  const {failAboveAsr, failBelowAcc, maxAccDrop} = gates;
  const drop = before?.acc == null || after.acc === null ? null : before.acc - after.acc;
  return [
    ...failed('failAboveAsr', failAboveAsr, after.asr, (asr, limit) => asr > limit),
    ...failed('failBelowAcc', failBelowAcc, after.acc, (acc, limit) => acc < limit),
    ...failed('maxAccDrop', maxAccDrop, drop, (lost, limit) => lost > limit),
  ];
}

function failed(
  gate: FailedGate['gate'],
  limit: number | null,
  measured: number | null,
  isBeyond: (measured: number, limit: number) => boolean,
): FailedGate[] {
  if (limit === null) return [];
  return measured === null || isBeyond(measured, limit) ? [{gate, limit, measured}] : [];
}

function unmeasurable(gate: FailedGate['gate'], images: string, remedy: string): SauError {
  return new SauError('ERR_CONFIG', `Expected ${images} for ${named(gate)} but received none.`, {
    remedy,
    details: {option: gate},
  });
}
