import type {Metrics} from '../../lib/run/metrics.js';
import type {RoundReport} from '../../lib/run/results.js';

export function metrics(acc: number, asr: number | null, ra: number | null): Metrics {
  return {
    acc,
    asr,
    ra,
    cleanLoss: 0.5,
    poisonedLoss: asr === null ? null : 0.25,
    raLoss: ra === null ? null : 2,
    cleanCount: 100,
    poisonedCount: asr === null ? 0 : 90,
  };
}

export function round(index: number, measured: Metrics | null): RoundReport {
  return {
    round: index,
    seconds: 1,
    figures: {
      loss: 2 / (index + 1),
      cleanLoss: 0.5,
      sharedLoss: 1 / (index + 1),
      suspectShare: 0.5,
    },
    metrics: measured,
  };
}
