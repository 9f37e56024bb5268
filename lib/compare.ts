import {dirname, join} from 'node:path';
import {messageOf, SauError, type SauErrorCode} from './base/errors.js';
import {removeTemporariesOf, writeWholeFile} from './base/whole_file.js';
import type {Comparison} from './compare/comparison.js';
import {type CompareConfig, type PlannedRun, parseCompareConfig} from './compare/config.js';
import {estimateRuns} from './compare/estimate.js';
import {openPlan, type Plan, type PlanRun, resultOf, writePlan} from './compare/plan.js';
import {type AboutRun, type CompareProgress, RunTimes} from './compare/progress.js';
import {comparisonOfRuns} from './compare/read_comparison.js';
import {runApart} from './compare/run_apart.js';
import {parseCleanSpec} from './datasets/clean_subset.js';
import {requireLibTorch} from './native/binding.js';
import type {CompareOptions} from './options/documented.js';
import type {DefendConfig} from './options/types.js';
import {hasDefenseState} from './records/defense_state.js';
import {COMPARISON, comparedRun, comparisonFolder} from './records/layout.js';
import {sha256OfFile} from './records/run.js';
import {methodsCsv, runsCsv} from './report/comparison_csv.js';
import {withOutput} from './report/output_folder.js';
import {reportAlong} from './report.js';
import type {Progress, RunOptions} from './run/progress.js';
import {type Run, startRun} from './run/run.js';
import {chooseFrom, subsetOf} from './target/clean_images.js';
import {openTarget} from './target/target.js';
import type {DefenseScene} from './time/defense_size.js';

/** Options of a running {@link compare}. */
export type CompareRunOptions = RunOptions<CompareProgress>;

/** What {@link compare} did and wrote. */
export interface CompareResult extends Comparison {
  /** Runs that an earlier call had done. */
  readonly keptRuns: number;
  /** Runs that have no result: each says why. */
  readonly failedRuns: number;
  /** Wall time of this call. */
  readonly seconds: number;
  /** What it wrote. */
  readonly files: CompareFiles;
}

/** Paths of what {@link compare} wrote. */
export interface CompareFiles {
  /** `compare.json`: the runs and their options, for {@link readComparison}. */
  readonly json: string;
  /** `compare.csv`: a row for each method, with mean and standard deviation. */
  readonly csv: string;
  /** `compare_runs.csv`: a row for each run. */
  readonly runsCsv: string;
  /** `report.html`, where it was asked for. */
  readonly report?: string;
}

/**
 * Purifies one checkpoint with several defenses and several seeds, each time from the same clean images for all
 * methods of a seed, and sets the results side by side. Each run is one of {@link defend} in a process and
 * a folder of its own. What is done stays: an equal call goes on where an earlier one stopped, also within a run,
 * and does again what failed. A method that refuses the checkpoint, and a run that fails, are told in the result; the others go
 * on. Throws ERR_CONFIG, ERR_CHECKPOINT, ERR_DATASET, ERR_OUTPUT, ERR_DEVICE, ERR_LIBTORCH_*, each for what no
 * run could do; rejects with `signal.reason` when aborted.
 * @example
 * ```ts
 * const {methods} = await compare({ckpt: 'record/badnet_demo', methods: ['sau', 'ft'], seeds: [0, 1, 2]});
 * for (const {method, acc, asr, der} of methods) console.log(method, acc?.mean, asr?.mean, der?.mean);
 * ```
 */
export function compare(
  options: CompareOptions,
  run: CompareRunOptions = {},
): Run<CompareResult, CompareProgress> {
  return startRun<CompareResult, CompareRunOptions, CompareProgress>(run, (told) =>
    compareAll(options, told),
  );
}

async function compareAll(
  options: CompareOptions,
  run: Required<CompareRunOptions>,
): Promise<CompareResult> {
  const start = performance.now();
  const config = parseCompareConfig(options);
  const {checkpoint, scene} = await sceneOf(config, run);
  const {out, force} = config.shared;
  const place = out ?? comparisonFolder(dirname(checkpoint.path));
  const result = await withOutput(place, {force: true, reserveBytes: 0}, async (folder) => {
    await removeTemporariesOf(folder, Object.values(COMPARISON)); // of a killed call
    const plan = await openPlan(folder, {checkpoint, runs: config.runs, force});
    return runAll(folder, plan, {...config, scene}, run);
  });
  const onProgress = (progress: Progress): void => run.onProgress({kind: 'reporting', progress});
  const reported = await reportAlong(result.folder, config.shared, {
    signal: run.signal,
    onProgress,
  });
  const files = {...result.files, ...reported};
  return {...result, files, seconds: (performance.now() - start) / 1000};
}

/** What a comparison purifies. */
interface Scene {
  readonly checkpoint: Plan['checkpoint'];
  /** What the size of every run depends on. */
  readonly scene: Pick<DefenseScene, 'datasetName' | 'numClasses' | 'values'>;
}

/** The file that is purified, and its images. Throws what would be wrong in every run. */
async function sceneOf({runs}: CompareConfig, run: Required<CompareRunOptions>): Promise<Scene> {
  await requireLibTorch();
  const [first] = runs;
  if (first === undefined) throw new TypeError('a comparison has at least one run');
  const {options, seed} = first;
  // Each run tells its notes itself.
  const target = await openTarget(options, {signal: run.signal});
  const {checkpoint, dataset, datasetName, numClasses, size} = target;
  const spec = parseCleanSpec(options.clean);
  const rule = subsetOf(options);
  if (spec.kind !== 'folder' && dataset !== null) {
    await chooseFrom(dataset, spec, rule, seed);
  }
  run.signal.throwIfAborted();
  return {
    checkpoint: {path: checkpoint.path, sha256: await sha256OfFile(checkpoint.path)},
    scene: {datasetName, numClasses, values: 3 * size.height * size.width},
  };
}

async function runAll(
  folder: string,
  opened: Plan,
  {runs, scene}: CompareConfig & Pick<Scene, 'scene'>,
  run: Required<CompareRunOptions>,
): Promise<Omit<CompareResult, 'seconds'>> {
  const times = new RunTimes();
  const waiting: Waiting[] = [];
  for (const [i, planned] of runs.entries()) {
    const {method, seed} = planned;
    const about = {method, seed, run: i, runs: runs.length};
    const done = await resultOf(folder, planned);
    if (done === null) waiting.push({planned, about});
    else run.onProgress({kind: 'kept', ...about});
    if (done?.seconds != null) times.add(method, done.seconds);
  }
  let isTold = false;
  const tell = (progress: Progress): void => {
    // A method that looks at no clean images cannot tell how many the others have.
    if (isTold || progress.kind !== 'estimate' || progress.cleanImages === 0) return;
    isTold = true;
    const left = waiting.map(({planned}) => planned);
    const methods = estimateRuns(left, scene, progress);
    const seconds = methods.reduce((sum, method) => sum + method.seconds, 0);
    run.onProgress({kind: 'estimate', seconds, methods});
  };
  let plan = opened;
  let result = await write(folder, plan, runs.length);
  for (const [at, {planned, about}] of waiting.entries()) {
    const left = waiting.slice(at).map(({planned: {method}}) => method);
    run.onProgress({kind: 'run', ...about, secondsLeft: times.of(left)});
    const start = performance.now();
    const failure = await failureOf(folder, planned, about, {...run, tell});
    const seconds = (performance.now() - start) / 1000;
    times.add(planned.method, seconds);
    plan = withFailure(plan, about.run, failure);
    result = await write(folder, plan, runs.length);
    run.onProgress({kind: 'ran', ...about, seconds, failure});
  }
  return {...result, keptRuns: runs.length - waiting.length};
}

/** A run that has no result yet. */
interface Waiting {
  readonly planned: PlannedRun;
  readonly about: AboutRun;
}

/** What concerns every run, whatever the method. */
const OF_ALL: ReadonlySet<SauErrorCode> = new Set<SauErrorCode>([
  'ERR_DEVICE',
  'ERR_LIBTORCH_NOT_FOUND',
  'ERR_LIBTORCH_VERSION',
  'ERR_OUTPUT',
]);

/** Does one run. Returns why it has no result, or null. Throws what would end every other run too. */
async function failureOf(
  folder: string,
  {method, seed, options}: PlannedRun,
  about: AboutRun,
  run: Required<CompareRunOptions> & {readonly tell: (progress: Progress) => void},
): Promise<PlanRun['failure']> {
  const out = comparedRun(folder, method, seed);
  const told = {
    signal: run.signal,
    onProgress: (progress: Progress) => {
      run.tell(progress);
      run.onProgress({kind: 'within', ...about, progress});
    },
  };
  try {
    if (!(await hasGoneOn({...options, out}, told))) await runApart({...options, out}, told);
    return null;
  } catch (error) {
    run.signal.throwIfAborted();
    if (!(error instanceof SauError)) return {code: 'ERR_UNEXPECTED', message: messageOf(error)};
    if (OF_ALL.has(error.code)) throw error;
    return {code: error.code, message: error.message};
  }
}

/** Goes on with a run that was interrupted. False where there is none, or one that cannot go on here. */
async function hasGoneOn(
  options: DefendConfig & {readonly out: string},
  run: Required<RunOptions>,
): Promise<boolean> {
  if (!(await hasDefenseState(options.out))) return false;
  try {
    await runApart({...options, resume: true, force: false}, run);
    return true;
  } catch (error) {
    const isOther = error instanceof SauError && Array.isArray(error.details.different);
    const isDamaged = error instanceof SauError && error.code === 'ERR_CHECKPOINT';
    if (!isOther && !isDamaged) throw error;
    const message = `the interrupted run is done anew: ${error.message}`;
    run.onProgress({kind: 'note', message});
    return false;
  }
}

function withFailure(plan: Plan, index: number, failure: PlanRun['failure']): Plan {
  return {...plan, runs: plan.runs.map((run, i) => (i === index ? {...run, failure} : run))};
}

/** Writes what there is so far. The runs that were asked for are the first of the plan. */
async function write(
  folder: string,
  plan: Plan,
  asked: number,
): Promise<Omit<CompareResult, 'seconds' | 'keptRuns'>> {
  await writePlan(folder, plan);
  const runs = plan.runs.slice(0, asked);
  const comparison = await comparisonOfRuns(folder, plan.checkpoint.path, runs);
  const files = {
    json: join(folder, COMPARISON.summary),
    csv: join(folder, COMPARISON.methods),
    runsCsv: join(folder, COMPARISON.runs),
  };
  await writeWholeFile(files.csv, methodsCsv(comparison));
  await writeWholeFile(files.runsCsv, runsCsv(comparison));
  const all = comparison.methods.flatMap((method) => method.runs);
  const failedRuns = all.filter(({kind}) => kind === 'failed').length;
  return {...comparison, failedRuns, files};
}
