import type {RoundReport} from '../results.js';
import type {RunRound} from './run_summary.js';

/** A report as a summary has it: figures by name. Those of unlearning and of training are not the same. */
export function runRound(report: RoundReport): RunRound {
  const {round, seconds, metrics, loss, cleanLoss, sharedLoss, suspectShare} = report;
  const {trainAcc, attack} = report;
  const figures: Readonly<Record<string, number | null>> =
    trainAcc === null ? {loss, cleanLoss, sharedLoss, suspectShare} : {loss, trainAcc, ...attack};
  return {round, seconds, figures: withoutNonFinite(figures), metrics};
}

/** JSON has no NaN and no infinity. */
function withoutNonFinite(
  figures: Readonly<Record<string, number | null>>,
): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
  );
}
