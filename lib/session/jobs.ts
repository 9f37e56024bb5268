import {toSauError} from '../native/binding.js';
import type {NativeSession} from '../native/contract.js';
import type {NativeProgress} from '../native/run_contract.js';
import {imageCounter, type RunOptions} from '../run/progress.js';
import type {RoundReport} from '../run/results.js';
import {type Run, startRun} from '../run/run.js';
import {type MeasuringPace, NO_MEASURING, type RoundMeasuring, RoundPace} from './pace.js';
import {progressRelay} from './progress_relay.js';

/** Receives the progress of a job from the native core. */
export type Relay = (event: NativeProgress) => void;

/** Wraps the calls of a native session so that they can be aborted and followed, and fail with SauErrors. */
export class SessionJobs {
  readonly #native: Pick<NativeSession, 'cancel'>;
  readonly #measuring: MeasuringPace = {secondsPerImage: null};

  constructor(native: Pick<NativeSession, 'cancel'>) {
    this.#native = native;
  }

  /** Runs a call without progress. An abort cancels it; it then rejects with the signal's reason. */
  async run<T>(start: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const cancel = (): void => this.#native.cancel();
    signal?.addEventListener('abort', cancel, {once: true});
    try {
      return await start();
    } catch (error) {
      const sauError = toSauError(error);
      if (sauError.code === 'ERR_ABORTED' && signal?.aborted) throw signal.reason;
      throw sauError;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Runs a job that reports its batches. */
  batches<T>(start: (relay: Relay) => Promise<T>, run: RunOptions): Run<T> {
    return startRun(run, ({signal, onProgress}) => {
      const relay = progressRelay(onProgress, new RoundPace(NO_MEASURING, this.#measuring));
      return this.run(() => start(relay), signal);
    });
  }

  /** A job that measures a model once, and tells the images that are done. */
  measurement<T>(start: (relay: Relay) => Promise<T>, run: RunOptions): Run<T> {
    return startRun(run, (told) => {
      const tell = imageCounter(told, 'measuring');
      const pace = new RoundPace(NO_MEASURING, this.#measuring);
      const relay: Relay = (event) => {
        if (event.kind !== 'evaluation') return;
        pace.measured(event.images);
        tell(event.images, event.of);
      };
      return this.run(() => start(relay), told.signal);
    });
  }

  /** A job of rounds. Returns their reports. */
  rounds(
    start: (relay: Relay) => Promise<void>,
    run: RunOptions,
    measuring: RoundMeasuring,
  ): Run<readonly RoundReport[]> {
    return startRun(run, async ({signal, onProgress}) => {
      const reports: RoundReport[] = [];
      const relay = progressRelay((progress) => {
        if (progress.kind === 'round') reports.push(progress.report);
        onProgress(progress);
      }, new RoundPace(measuring, this.#measuring));
      await this.run(() => start(relay), signal);
      return reports;
    });
  }
}
