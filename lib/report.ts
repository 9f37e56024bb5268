import {join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {pathExists} from './base/path_exists.js';
import {writeTogether} from './base/written_together.js';
import type {Comparison} from './compare/comparison.js';
import {readComparison} from './compare/read_comparison.js';
import {packageVersion} from './native/versions.js';
import type {DEVICE} from './options/commands/common.js';
import {parseReportConfig} from './options/config.js';
import type {ReportOptions} from './options/documented.js';
import type {ConfigOf} from './options/option.js';
import {optionError, shown} from './options/parse.js';
import {COMPARISON, RUN, SCAN_FILES} from './records/layout.js';
import {readRun} from './records/run.js';
import type {RunSummary} from './records/run_summary.js';
import {readScan} from './records/scan_file.js';
import type {ReportedRun, ReportedScan, ReportInput} from './report/html/input.js';
import {renderReport} from './report/html/page.js';
import {scanPictures} from './report/method_files.js';
import {requireReportPlace} from './report/report_place.js';
import {reportedRun} from './report/reported_run.js';
import type {RunOptions} from './run/progress.js';
import {type Run, startRun} from './run/run.js';

/** What {@link report} wrote. */
export interface ReportResult {
  /** The HTML file, absolute. */
  readonly path: string;
  /** Its size. */
  readonly bytes: number;
  /** The folders of the runs and scans that it shows. */
  readonly runs: readonly string[];
  /** What it could not show, and why. */
  readonly missing: readonly string[];
  /** Wall time of the call. */
  readonly seconds: number;
}

/**
 * Writes a report of some runs and scans, or of a comparison and its runs, as one HTML file that needs no other and no network:
 * the verdict, the figures, the curves, images, predictions by class, Grad-CAM, a map of features, and how to repeat
 * each run. What needs the models and the images is computed once and kept in the folder of the run; where that
 * cannot be, the report says so. Throws ERR_CONFIG, ERR_CHECKPOINT for a folder that is no run's, ERR_OUTPUT,
 * ERR_DEVICE; rejects with `signal.reason` when aborted.
 * @example
 * ```ts
 * const {path} = await report('record/badnet_demo/defense/sau');
 * console.log(`open ${path}`);
 * ```
 */
export function report(
  runs: string | URL | readonly (string | URL)[],
  options: ReportOptions = {},
  run: RunOptions = {},
): Run<ReportResult> {
  return startRun(run, (told) => write(pathsOfRuns(runs), options, told));
}

async function write(
  folders: readonly string[],
  options: ReportOptions,
  run: RunOptions,
): Promise<ReportResult> {
  const start = performance.now();
  const config = parseReportConfig(options);
  const found = await find(folders);
  const path = resolve(config.out ?? placeFor(folders));
  await requireReportPlace(path);
  const runs: ReportedRun[] = [];
  for (const {folder, summary} of found.runs) {
    run.signal?.throwIfAborted();
    runs.push(await reportedRun(folder, summary, config, run));
  }
  const input: ReportInput = {
    ...{made: new Date().toISOString(), version: packageVersion()},
    ...{runs, comparison: found.comparison, scans: found.scans},
  };
  const page = renderReport(input);
  await writeTogether([[path, page]], run.signal);
  return {
    ...{
      path,
      bytes: Buffer.byteLength(page),
      runs: [...runs, ...found.scans].map(({folder}) => folder),
    },
    missing: missingOf(runs),
    seconds: (performance.now() - start) / 1000,
  };
}

/** What commands that write runs have of a report's options. */
interface Along extends ConfigOf<typeof DEVICE> {
  /** Whether a report is wanted. */
  readonly report: boolean;
}

/**
 * The report of what a command has just written into a folder, where it is wanted: the file under its name. A run that
 * is saved on an abort is not kept from its result by one: it goes without a report. Throws as {@link report} does.
 */
export async function reportAlong(
  folder: string,
  {report, device, threads, precision, evalPrecision, deterministic}: Along,
  run: RunOptions & {readonly saveOnAbort?: boolean},
): Promise<{readonly report?: string}> {
  const isStopped = (): boolean => run.saveOnAbort === true && run.signal?.aborted === true;
  if (!report || isStopped()) return {};
  const options = {device, threads, precision, evalPrecision, deterministic};
  try {
    return {report: (await write([folder], options, run)).path};
  } catch (error) {
    if (isStopped()) return {};
    throw error;
  }
}

function pathsOfRuns(runs: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(runs) ? runs : [runs];
  const paths = list.map((one) => {
    if (one instanceof URL && one.protocol === 'file:') return fileURLToPath(one);
    if (typeof one === 'string' && one !== '') return one;
    throw optionError('runs', 'folders of runs', shown(one));
  });
  if (paths.length > 0) return paths;
  throw optionError('runs', 'at least one folder of a run or of a comparison', 'none');
}

interface Found {
  readonly comparison: Comparison | null;
  readonly runs: readonly {readonly folder: string; readonly summary: RunSummary}[];
  readonly scans: readonly ReportedScan[];
}

/** The runs and scans in some folders, or those of a comparison. Throws ERR_CHECKPOINT, ERR_CONFIG. */
async function find(folders: readonly string[]): Promise<Found> {
  const [first = ''] = folders;
  const comparisons: string[] = [];
  for (const folder of folders) {
    if (await pathExists(join(folder, COMPARISON.summary))) comparisons.push(folder);
  }
  if (comparisons.length === 0) {
    const runs = [];
    const scans = [];
    for (const folder of folders) {
      if (await pathExists(join(folder, SCAN_FILES.summary))) scans.push(await scanIn(folder));
      else runs.push({folder, summary: await readRun(folder)});
    }
    return {comparison: null, runs, scans};
  }
  if (folders.length > 1) {
    const received = `the comparison ${comparisons[0]} among other folders`;
    throw optionError('runs', 'one comparison, or runs alone', received);
  }
  const comparison = await readComparison(first);
  const done = comparison.methods.flatMap(({runs}) => runs.filter(({kind}) => kind === 'done'));
  const runs = [];
  for (const {folder} of done) runs.push({folder, summary: await readRun(folder)});
  return {comparison, runs, scans: []};
}

async function scanIn(folder: string): Promise<ReportedScan> {
  const summary = await readScan(folder);
  return {summary, folder, pictures: await scanPictures(folder, summary)};
}

/** One folder has its report itself; several have it where the call is made. */
function placeFor(folders: readonly string[]): string {
  const [first = ''] = folders;
  return folders.length === 1 ? join(first, RUN.report) : RUN.report;
}

function missingOf(runs: readonly ReportedRun[]): string[] {
  return [
    ...new Set(runs.flatMap(({missing, evidence}) => [...missing, ...(evidence?.missing ?? [])])),
  ];
}
