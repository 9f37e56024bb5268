import type {Metrics} from '../metrics.js';
import type {NativeAttackShares} from '../native/attack_contract.js';
import type {NativeMetrics, NativeProgress} from '../native/run_contract.js';
import type {Progress} from '../progress.js';
import type {AttackShares, RoundReport} from '../results.js';
import type {RoundPace} from './pace.js';

/**
 * Turns the native core's events into Progress, with an estimate of the time left from the pace so far.
 * Made once per job, when it starts.
 */
export function progressRelay(
  send: (progress: Progress) => void,
  pace: RoundPace,
): (event: NativeProgress) => void {
  return (event) => {
    const {round, rounds, batch, batches} = event;
    switch (event.kind) {
      case 'batch':
        pace.batch(event);
        send({kind: 'batch', round, rounds, batch, batches, secondsLeft: pace.secondsLeft});
        break;
      case 'round':
        pace.round();
        send({kind: 'round', report: toReport(event), rounds, secondsLeft: pace.secondsLeft});
        break;
      case 'evaluation': // of the round whose batches are done
        pace.measured(batch);
        send({
          ...{kind: 'images', doing: 'measuring', done: batch, of: batches},
          secondsLeft: pace.secondsLeft,
        });
        break;
      case 'note':
        send({kind: 'note', message: event.message ?? ''});
        break;
    }
  };
}

function toReport(event: NativeProgress): RoundReport {
  return {
    round: event.round,
    loss: event.loss,
    cleanLoss: event.cleanLoss,
    sharedLoss: event.sharedLoss,
    suspectShare: orNull(event.suspectShare),
    trainAcc: orNull(event.trainAcc),
    metrics: event.metrics === undefined ? null : toMetrics(event.metrics),
    ...(event.attack !== undefined && {attack: toShares(event.attack)}),
    seconds: event.seconds,
  };
}

function toShares(shares: NativeAttackShares): AttackShares {
  return {
    cleanAcc: orNull(shares.cleanAcc),
    asr: orNull(shares.asr),
    ra: orNull(shares.ra),
    crossTrainAcc: orNull(shares.crossTrainAcc),
    crossAcc: orNull(shares.crossAcc),
    crossLoss: orNull(shares.crossLoss),
  };
}

/** The native core's metrics with null for what was not measured. */
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
