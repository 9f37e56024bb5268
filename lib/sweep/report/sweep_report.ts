import {extname, join, resolve} from 'node:path';
import {messageOf, SauError} from '../../base/errors.js';
import {writeTogether} from '../../base/written_together.js';
import {packageVersion} from '../../native/versions.js';
import type {SweepReportOptions} from '../../options/documented.js';
import {SWEEP_FILES} from '../../records/layout.js';
import {readRun} from '../../records/run.js';
import {requireReportPlace} from '../../report/report_place.js';
import {parseSweepReportConfig} from '../config.js';
import {type StepStatus, type SweepCounts, statusOf} from '../status.js';
import {readSweepFile} from '../sweep_file.js';
import {renderSweepReport} from './page.js';
import {type SweptRun, type SweptState, sweepTables} from './tables.js';
import {sweepRunsCsv, sweepTablesCsv} from './tables_csv.js';

/** What {@link sweepReport} wrote. */
export interface SweepReportResult {
  /** The HTML file, absolute. */
  readonly path: string;
  /** The tables as CSV: a row for each attack and defense, with mean and standard deviation. */
  readonly tablesCsv: string;
  /** A row for each run, as CSV. */
  readonly runsCsv: string;
  /** Runs by their state. */
  readonly counts: SweepCounts;
}

/**
 * Writes the report of a sweep, done or not: attacks by defenses with ACC, ASR, RA and DER, mean and standard deviation over
 * the seeds, as one HTML file that needs no other and no network, and as two CSV files beside it. Reads the folders of the
 * runs alone. Throws ERR_CHECKPOINT where the folder is no sweep's, ERR_OUTPUT where a file is no report's.
 * @example
 * ```ts
 * const {path, tablesCsv} = await sweepReport('sweeps/paper');
 * console.log(`open ${path}, or read ${tablesCsv}`);
 * ```
 */
export async function sweepReport(
  dir: string,
  options: SweepReportOptions = {},
): Promise<SweepReportResult> {
  const {out} = parseSweepReportConfig(options);
  const folder = resolve(dir);
  const {name, steps} = await readSweepFile(folder);
  const path = resolve(out ?? join(folder, SWEEP_FILES.report));
  await requireReportPlace(path);
  const {counts, steps: seen} = await statusOf(folder, steps);
  const seeds = new Map(steps.map(({id, options}) => [id, Number(options.seed ?? 0)]));
  const runs: SweptRun[] = [];
  for (const step of seen) runs.push(await sweptRun(folder, step, seeds.get(step.id) ?? 0));
  const page = renderSweepReport({
    ...{made: new Date().toISOString(), version: packageVersion(), name, runs},
  });
  const stem = path.slice(0, path.length - extname(path).length);
  const files = {path, tablesCsv: `${stem}_tables.csv`, runsCsv: `${stem}_runs.csv`};
  await writeTogether([
    [files.path, page],
    [files.tablesCsv, sweepTablesCsv(sweepTables(runs))],
    [files.runsCsv, sweepRunsCsv(runs)],
  ]);
  return {...files, counts};
}

async function sweptRun(folder: string, step: StepStatus, seed: number): Promise<SweptRun> {
  const {id, folder: own, labels, method} = step;
  const {data, model, ratio, clean, attack, victim, defense} = labels;
  return {
    ...{id, folder: own, data, model, ratio, clean, method, seed, defense},
    attack: attack ?? victim ?? method,
    state: await stateOf(folder, step),
  };
}

async function stateOf(
  folder: string,
  {state, failure, folder: own}: StepStatus,
): Promise<SweptState> {
  if (state === 'failed') {
    const {code = 'ERR_UNEXPECTED', message = ''} = failure ?? {};
    return {kind: state, code, message};
  }
  if (state !== 'done') return {kind: state};
  try {
    return {kind: state, summary: await readRun(join(folder, own))};
  } catch (error) {
    const code = error instanceof SauError ? error.code : 'ERR_UNEXPECTED';
    return {kind: 'failed', code, message: messageOf(error)};
  }
}
