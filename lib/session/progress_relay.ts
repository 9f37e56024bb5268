import type {Metrics} from '../metrics.js';
import type {NativeAttackShares} from '../native/attack_contract.js';
import type {NativeMetrics, NativeProgress} from '../native/run_contract.js';
import type {Progress} from '../progress.js';
import type {RoundReport} from '../results.js';

/**
 * Turns the native core's events into Progress, with an estimate of the time left from the pace so far.
 * Made once per job, when it starts.
 * @param firstRound Rounds that were done before the job
 */
export function progressRelay(
  send: (progress: Progress) => void,
  firstRound = 0,
): (event: NativeProgress) => void {
  const start = performance.now();
  const secondsLeft = (done: number, all: number): number | null =>
    done > 0 ? ((performance.now() - start) / 1000 / done) * (all - done) : null;
  return (event) => {
    const {round, rounds, batch, batches} = event;
    switch (event.kind) {
      case 'batch':
        send({
          kind: 'batch',
          round,
          rounds,
          batch,
          batches,
          secondsLeft: secondsLeft(
            (round - firstRound) * batches + batch,
            (rounds - firstRound) * batches,
          ),
        });
        break;
      case 'round':
        send({
          kind: 'round',
          report: toReport(event),
          rounds,
          secondsLeft: secondsLeft(round + 1 - firstRound, rounds - firstRound),
        });
        break;
      case 'evaluation':
        break; // within a round the batches tell enough
    }
  };
}

function toReport(event: NativeProgress): RoundReport {
  return {
    round: event.round,
    seconds: event.seconds,
    figures: figuresOf(event),
    metrics: event.metrics === undefined ? null : toMetrics(event.metrics),
  };
}

function figuresOf({attack, ...event}: NativeProgress): RoundReport['figures'] {
  const {loss, cleanLoss, sharedLoss, suspectShare, trainAcc} = event;
  const figures = Number.isNaN(suspectShare)
    ? {loss, trainAcc, ...(attack !== undefined && sharesOf(attack))}
    : {loss, cleanLoss, sharedLoss, suspectShare};
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, orNull(value)]));
}

function sharesOf({cleanAcc, asr, ra, crossTrainAcc, crossAcc, crossLoss}: NativeAttackShares) {
  return {
    trainCleanAcc: cleanAcc,
    trainAsr: asr,
    trainRa: ra,
    trainCrossAcc: crossTrainAcc,
    crossAcc,
    crossLoss,
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
