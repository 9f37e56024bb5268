import {assertNever} from '../base/errors.js';
import {toSauError} from '../native/binding.js';
import type {NativeSession} from '../native/contract.js';
import type {NativeMetrics, NativeProgress} from '../native/run_contract.js';
import type {Metrics} from '../run/metrics.js';
import {imageCounter, type Progress, type RunOptions} from '../run/progress.js';
import type {RoundReport} from '../run/results.js';
import {type Run, startRun} from '../run/run.js';
import {type MeasuringPace, NO_MEASURING, type RoundMeasuring, RoundPace} from './pace.js';

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
      const relay = progressRelay(onProgress, () => new RoundPace(NO_MEASURING, this.#measuring));
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
      const relay = progressRelay(
        (progress) => {
          if (progress.kind === 'round') reports.push(progress.report);
          onProgress(progress);
        },
        () => new RoundPace(measuring, this.#measuring),
      );
      await this.run(() => start(relay), signal);
      return reports;
    });
  }
}

type NativeRound = Extract<NativeProgress, {kind: 'round'}>;

/**
 * Turns the native core's events into Progress, and estimates the time left from the pace so far. Made once per
 * job, when it starts. Each stage of the job has a pace of its own.
 */
export function progressRelay(
  send: (progress: Progress) => void,
  newPace: () => RoundPace,
): (event: NativeProgress) => void {
  let pace = newPace();
  return (event) => {
    switch (event.kind) {
      case 'batch': {
        pace.batch(event);
        const {round, rounds, batch, batches} = event;
        send({kind: 'batch', round, rounds, batch, batches, secondsLeft: pace.secondsLeft});
        break;
      }
      case 'round': {
        pace.round();
        const {rounds} = event;
        send({kind: 'round', report: toReport(event), rounds, secondsLeft: pace.secondsLeft});
        break;
      }
      case 'evaluation': // of the round whose batches are done
        pace.measured(event.images);
        send({
          ...{kind: 'images', doing: 'measuring', done: event.images, of: event.of},
          secondsLeft: pace.secondsLeft,
        });
        break;
      case 'note':
        send({kind: 'note', message: event.message});
        break;
      case 'stage':
        pace = newPace();
        send({kind: 'stage', message: event.message});
        break;
      case 'row':
        send(toRow(event));
        break;
      case 'picture':
        send(event);
        break;
      case 'passes': // of interest to whoever asked for the job
      case 'stopped':
      case 'state':
        break;
      default:
        assertNever(event);
    }
  };
}

function toReport({round, seconds, figures, metrics}: NativeRound): RoundReport {
  return {
    round,
    seconds,
    figures: Object.fromEntries(
      Object.entries(figures).map(([name, value]) => [name, orNull(value)]),
    ),
    metrics: metrics === undefined ? null : toMetrics(metrics),
  };
}

function toRow({
  table,
  cells,
  metrics,
}: Extract<NativeProgress, {kind: 'row'}>): Extract<Progress, {kind: 'row'}> {
  return {
    ...{kind: 'row', table},
    cells: Object.fromEntries(
      Object.entries(cells).map(([name, cell]) => [
        name,
        typeof cell === 'number' ? orNull(cell) : cell,
      ]),
    ),
    metrics: metrics === undefined ? null : toMetrics(metrics),
  };
}

/** The native core's metrics, with null for those that were not measured. */
export function toMetrics(metrics: NativeMetrics): Metrics {
  return {
    acc: orNull(metrics.acc),
    asr: orNull(metrics.asr),
    ra: orNull(metrics.ra),
    cleanLoss: orNull(metrics.cleanLoss),
    poisonedLoss: orNull(metrics.poisonedLoss),
    raLoss: orNull(metrics.raLoss),
    cleanCount: metrics.cleanCount,
    poisonedCount: metrics.poisonedCount,
  };
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
