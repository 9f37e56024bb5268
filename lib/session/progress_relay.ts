import {assertNever} from '../base/errors.js';
import type {NativeMetrics, NativeProgress} from '../native/run_contract.js';
import type {Metrics} from '../run/metrics.js';
import type {Progress} from '../run/progress.js';
import type {RoundReport} from '../run/results.js';
import type {RoundPace} from './pace.js';

type NativeRound = Extract<NativeProgress, {kind: 'round'}>;

/**
 * Turns the native core's events into Progress, and estimates the time left from the pace so far. Made once per
 * job, when it starts.
 */
export function progressRelay(
  send: (progress: Progress) => void,
  pace: RoundPace,
): (event: NativeProgress) => void {
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
