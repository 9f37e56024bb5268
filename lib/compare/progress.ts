import type {Progress} from '../run/progress.js';
import type {MethodEstimate} from './estimate.js';

/** Which run of a comparison a message is about. */
export interface AboutRun {
  /** The defense. */
  readonly method: string;
  /** Of this run. */
  readonly seed: number;
  /** Its number, from 0. */
  readonly run: number;
  /** Runs of the whole comparison. */
  readonly runs: number;
}

/** The messages of {@link compare} while it runs. They are sent and never awaited. */
export type CompareProgress =
  /** A run was done by an earlier call: its result is taken as it is. */
  | (AboutRun & {readonly kind: 'kept'})
  /** A run begins. */
  | (AboutRun & {
      readonly kind: 'run';
      /** Estimate for all that is left; null until each method that is left was run once. */
      readonly secondsLeft: number | null;
    })
  /** How long all runs that are left will take, told once, as soon as the first has timed some images. */
  | {
      readonly kind: 'estimate';
      /** Of all of them. */
      readonly seconds: number;
      /** By method, in the order of the runs. */
      readonly methods: readonly MethodEstimate[];
    }
  /** A message of the run that goes on. */
  | (AboutRun & {
      readonly kind: 'within';
      /** As {@link defend} tells it; its `secondsLeft` is of this run. */
      readonly progress: Progress;
    })
  /** A run has ended. */
  | (AboutRun & {
      readonly kind: 'ran';
      /** Wall time, that of its process included. */
      readonly seconds: number;
      /** Why there is no result; null where there is one. */
      readonly failure: {
        /** One of {@link ERROR_CODES}, or ERR_UNEXPECTED. */
        readonly code: string;
        /** In words. */
        readonly message: string;
      } | null;
    })
  /** The report is made, after the last run. */
  | {
      readonly kind: 'reporting';
      /** As {@link report} tells it. */
      readonly progress: Progress;
    };

/** How long runs take, by the methods that were run before. */
export class RunTimes {
  readonly #seconds = new Map<string, readonly number[]>();

  add(method: string, seconds: number): void {
    this.#seconds.set(method, [...(this.#seconds.get(method) ?? []), seconds]);
  }

  /** Of runs of these methods; null where one of them was never run. */
  of(methods: readonly string[]): number | null {
    let total = 0;
    for (const method of methods) {
      const known = this.#seconds.get(method);
      if (known === undefined) return null;
      total += known.reduce((sum, seconds) => sum + seconds, 0) / known.length;
    }
    return total;
  }
}
