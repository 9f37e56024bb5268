import {DEFENSE_NAMES, defenseOf} from '../defenses/defenses.js';
import {type EvidenceOptions, openEvidence} from '../evidence/open_evidence.js';
import type {RunSummary} from '../records/run_summary.js';
import type {RunOptions} from '../run/progress.js';
import {drawCurves} from './curves.js';
import type {ReportedRun} from './html/input.js';
import {methodPictures, methodTables} from './method_files.js';
import {TRAINING_FIGURES} from './round_columns.js';

/** A run with all that its folder has for a report, and what had to be computed. Throws as openEvidence does. */
export async function reportedRun(
  folder: string,
  summary: RunSummary,
  options: EvidenceOptions,
  run: RunOptions,
): Promise<ReportedRun> {
  const {evidence, missing} = await openEvidence(folder, summary, options, run);
  return {
    ...{summary, folder, evidence, missing},
    curves: await curvesOf(summary),
    tables: await methodTables(folder, summary.method),
    pictures: await methodPictures(folder, summary.method),
  };
}

/** null where there are no rounds to draw, or one alone without a measurement after it. */
async function curvesOf({
  kind,
  method,
  before,
  rounds,
  after,
}: RunSummary): Promise<ReportedRun['curves']> {
  const isMeasured = after !== null || rounds.some(({metrics}) => metrics !== null);
  if (rounds.length === 0 || (rounds.length === 1 && !isMeasured)) return null;
  const known = DEFENSE_NAMES.find((name) => name === method);
  const {figures, stage} =
    kind === 'defend' && known !== undefined
      ? defenseOf(known)
      : {figures: TRAINING_FIGURES, stage: 'training'};
  const unit = kind === 'attack' ? 'epoch' : 'round';
  return drawCurves({before, rounds, after, figures, stage, unit});
}
