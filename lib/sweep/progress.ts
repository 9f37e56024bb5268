import type {Progress} from '../run/progress.js';
import type {StepFailure} from './failure.js';
import type {SweepCounts} from './status.js';
import type {SweepStep} from './steps.js';

/** The messages of {@link sweep} while it runs. They are sent and never awaited. */
export type SweepProgress =
  /** What there is to do, told once. */
  | {
      readonly kind: 'opened';
      /** Of all steps of the plan. */
      readonly counts: SweepCounts;
      /** Steps that this call is going to do. */
      readonly todo: number;
      /** Steps that are done at once. */
      readonly jobs: number;
    }
  /** A step begins. */
  | {
      readonly kind: 'begun';
      /** Which one. */
      readonly step: SweepStep;
    }
  /** A message of a step that goes on. */
  | {
      readonly kind: 'within';
      /** Which one. */
      readonly step: SweepStep;
      /** As {@link attack} or {@link defend} tells it. */
      readonly progress: Progress;
    }
  /** A step has ended. */
  | {
      readonly kind: 'ended';
      /** Which one. */
      readonly step: SweepStep;
      /** Wall time of this try. */
      readonly seconds: number;
      /** Why it has no result; null where it has one. */
      readonly failure: StepFailure | null;
      /** Of all steps of the plan. */
      readonly counts: SweepCounts;
      /** Estimate for all that is left, by the steps that are done; null until one can be made. */
      readonly secondsLeft: number | null;
    }
  /** Something the user should know. */
  | {
      readonly kind: 'note';
      /** In words. */
      readonly message: string;
    };
