import type {Metrics} from './metrics.js';
import type {RoundReport} from './results.js';

/** What long calls tell while they run. Sent, never awaited. */
export type Progress =
  /** A new part of the run begins, such as "reading the checkpoint". */
  | {
      readonly kind: 'stage';
      /** In words. */
      readonly message: string;
    }
  /** Something the user should know, such as "no poisoned test set: ASR is not measured". */
  | {
      readonly kind: 'note';
      /** In words. */
      readonly message: string;
    }
  /** The model was measured before the first round. */
  | {
      readonly kind: 'before';
      /** Of the backdoored model. */
      readonly metrics: Metrics;
    }
  /** Batches done within a round of unlearning or an epoch of training (0-based `round`). */
  | {
      readonly kind: 'batch';
      /** 0-based. */
      readonly round: number;
      /** Rounds or epochs of the whole run. */
      readonly rounds: number;
      /** Batches of the round that are done. */
      readonly batch: number;
      /** Batches of a round. */
      readonly batches: number;
      /** Estimate for the rest of the run in seconds; null until one can be made. */
      readonly secondsLeft: number | null;
    }
  | {
      readonly kind: 'round';
      /** The round or epoch that has ended. */
      readonly report: RoundReport;
      /** Rounds or epochs of the whole run. */
      readonly rounds: number;
      /** Estimate for the rest of the run in seconds. */
      readonly secondsLeft: number | null;
    };

/** Options of every long call. */
export interface RunOptions {
  /** Aborting makes the call reject with `signal.reason`. */
  readonly signal?: AbortSignal;
  /** Is told how the call gets on. It holds up nothing but the JS thread; what it throws stops the call, which rejects with it. */
  readonly onProgress?: (progress: Progress) => void;
}
