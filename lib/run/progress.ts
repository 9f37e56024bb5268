import type {Estimate} from '../time/estimate.js';
import type {ImagePace} from '../time/planned_work.js';
import type {Metrics} from './metrics.js';
import type {RoundReport} from './results.js';

/** What may be done with many images at a time. */
export type ImageWork = 'finding' | 'reading' | 'poisoning' | 'checking' | 'writing' | 'measuring';

/** The messages of a long call while it runs. They are sent and never awaited. */
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
  /** How long the run will take, before it begins: a typical figure from some images. */
  | ({
      readonly kind: 'estimate';
      /** Seconds for an image. */
      readonly pace: ImagePace;
      /** Clean images of a defense, or training images. */
      readonly cleanImages: number;
      /** Images of a measurement. */
      readonly testImages: number;
    } & Estimate)
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
      /** Estimate for the rest of the run in seconds; null until there is one. */
      readonly secondsLeft: number | null;
    }
  /** Images done: of a stage that finds, reads, poisons, checks, writes or measures them, also within a round. */
  | {
      readonly kind: 'images';
      /** What is done with them. */
      readonly doing: ImageWork;
      /** Images that are done. */
      readonly done: number;
      /** Images of the set, or of all sets that are measured; null while folders are searched for them. */
      readonly of: number | null;
      /** Estimate in seconds for these images, or within rounds for the rest of the run; null until one can be made. */
      readonly secondsLeft: number | null;
    }
  /** A picture that a defense has made: planes uint8 [3,height,width]. */
  | {
      readonly kind: 'picture';
      /** A key of `files.pictures` of the result. */
      readonly name: string;
      /** In pixels. */
      readonly height: number;
      /** In pixels. */
      readonly width: number;
      /** uint8 [3,height,width], R, G, B. */
      readonly planes: Uint8Array;
    }
  /** A row of a table that a defense writes besides its rounds, such as a threshold with what it comes to. */
  | {
      readonly kind: 'row';
      /** The table, a key of `files.tables` of the result. */
      readonly table: string;
      /** Its cells by what they are; null where there was nothing to report. */
      readonly cells: Readonly<Record<string, number | string | null>>;
      /** Of the model that the row is about; null if it was not measured. */
      readonly metrics: Metrics | null;
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

/** Options of every long call, whose progress is `Told`. */
export interface RunOptions<Told = Progress> {
  /** Aborting makes the call reject with `signal.reason`. */
  readonly signal?: AbortSignal;
  /**
   * Called with each progress message. It delays only the JS thread. If it throws, the call stops and rejects with
   * that error.
   */
  readonly onProgress?: (progress: Told) => void;
}

const MS_BETWEEN_COUNTS = 50;

/** Tells of images as they are done, at most twenty times a second, and of the last one. */
export function imageCounter(
  {onProgress}: RunOptions,
  doing: ImageWork,
): (done: number, of: number | null) => void {
  const start = performance.now();
  let next = start;
  return (done, of) => {
    const now = performance.now();
    if (now < next && done !== of) return;
    next = now + MS_BETWEEN_COUNTS;
    const secondsLeft =
      done === 0 || of === null ? null : ((now - start) / 1000 / done) * (of - done);
    onProgress?.({kind: 'images', doing, done, of, secondsLeft});
  };
}
