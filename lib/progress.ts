import type {Metrics} from './metrics.js';
import type {RoundReport} from './results.js';

/** What long calls tell while they run. Sent, never awaited. */
export type Progress =
  /** A new part of the run begins, such as "reading the checkpoint". */
  | {readonly kind: 'stage'; readonly message: string}
  /** Something the user should know, such as "no poisoned test set: ASR is not measured". */
  | {readonly kind: 'note'; readonly message: string}
  /** The model was measured before the first round. */
  | {readonly kind: 'before'; readonly metrics: Metrics}
  /** Batches done within a round of unlearning or an epoch of training (0-based `round`). */
  | {
      readonly kind: 'batch';
      readonly round: number;
      readonly rounds: number;
      readonly batch: number;
      readonly batches: number;
      /** Estimate for the rest of the run in seconds; null until one can be made. */
      readonly secondsLeft: number | null;
    }
  | {
      readonly kind: 'round';
      readonly report: RoundReport;
      readonly rounds: number;
      readonly secondsLeft: number | null;
    };

/** Options of every long call. */
export interface RunOptions {
  /** Aborting makes the call reject with `signal.reason`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}
