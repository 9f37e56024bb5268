import type {Progress} from '../../run/progress.js';
import type {StepFailure} from '../failure.js';

// What the local engine and a process that does its steps send each other.

export type ToWorker =
  /** The first message: the sweep, whose sweep.json the process reads itself. */
  | {readonly kind: 'open'; readonly folder: string}
  | {readonly kind: 'step'; readonly id: string}
  /** The step at hand is to stop. */
  | {readonly kind: 'abort'}
  /** There is nothing more to do. */
  | {readonly kind: 'end'};

export type FromWorker =
  | {readonly kind: 'progress'; readonly progress: Progress}
  | {readonly kind: 'done'}
  /** The process has noted the failure. */
  | {readonly kind: 'failed'; readonly failure: StepFailure};
