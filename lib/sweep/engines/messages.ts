import type {Progress} from '../../run/progress.js';
import type {StepFailure} from '../failure.js';
import type {StepTask} from '../run_step.js';

// What the local engine and a process that does its steps send each other.

export type ToWorker =
  | {readonly kind: 'step'; readonly task: StepTask}
  /** The step at hand is to stop. */
  | {readonly kind: 'abort'}
  /** There is nothing more to do. */
  | {readonly kind: 'end'};

export type FromWorker =
  | {readonly kind: 'progress'; readonly progress: Progress}
  | {readonly kind: 'done'}
  /** The process has noted the failure. */
  | {readonly kind: 'failed'; readonly failure: StepFailure};
