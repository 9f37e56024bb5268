import {readdir} from 'node:fs/promises';
import {SauError} from './base/errors.js';
import {removeTemporariesOf} from './base/whole_file.js';
import type {SweepOptions} from './options/documented.js';
import {named} from './options/named.js';
import {SWEEP_FILES} from './records/layout.js';
import {SCHEMA_VERSION} from './records/schema_version.js';
import {withOutput} from './report/output_folder.js';
import type {RunOptions} from './run/progress.js';
import {type Run, startRun} from './run/run.js';
import {goneOn} from './sweep/changes.js';
import {parseSweepConfig, type SweepConfig} from './sweep/config.js';
import type {EngineOutcome, OpenSweep} from './sweep/engine.js';
import {engineOf} from './sweep/engines/engines.js';
import {workOf} from './sweep/engines/works.js';
import {requirePaths} from './sweep/paths.js';
import type {SweepProgress} from './sweep/progress.js';
import {isLeft, type StepStatus, type SweepStatus, statusOf} from './sweep/status.js';
import type {SweepStep} from './sweep/steps.js';
import {
  baseFor,
  baseOf,
  findSweepFile,
  type SweepFile,
  writeSweepFile,
} from './sweep/sweep_file.js';
import {StepTimes} from './sweep/times.js';

/** Options of a running {@link sweep}. */
export type SweepRunOptions = RunOptions<SweepProgress>;

/** What {@link sweep} did, or with `dryRun` would do. */
export interface SweepResult extends SweepStatus {
  /** Steps that were left at the beginning of this call and that it was to do. */
  readonly todo: number;
  /** Steps that an earlier call had done. */
  readonly keptSteps: number;
  /**
   * What the steps that are left take one after another, in seconds, by those of their kind that are done; null where
   * that is not known.
   */
  readonly secondsLeft: number | null;
  /** The scheduler that goes on by itself; null where this call has done the steps. */
  readonly submitted: Omit<Extract<EngineOutcome, {kind: 'submitted'}>, 'kind'> | null;
  /**
   * What the engine would give to a scheduler with `dryRun`, or has made and given to none; null where there is no such
   * thing.
   */
  readonly manifest: string | null;
  /** Wall time of this call. */
  readonly seconds: number;
}

/**
 * Does all attacks and defenses of a plan: every victim once, and every defense of it, each in a folder of its own under that of the
 * sweep. What is done stays: an equal call goes on where an earlier one stopped, also within a step. A step that
 * fails is told in the result, as are the defenses that it blocks; the others go on. Throws ERR_CONFIG for a plan that
 * is wrong anywhere, before anything runs, ERR_OUTPUT, ERR_DEVICE, ERR_LIBTORCH_*, each for what no step could do;
 * rejects with `signal.reason` when aborted.
 * @example
 * ```ts
 * const plan = {attacks: ['badnet', 'blended'], data: ['data/cifar10'], defenses: ['sau', 'ft'], seeds: [0, 1, 2]};
 * const {counts, steps} = await sweep({plan, out: 'sweeps/two'});
 * console.log(counts.done, steps.filter(({state}) => state === 'failed').map(({failure}) => failure?.message));
 * ```
 */
export function sweep(
  options: SweepOptions,
  run: SweepRunOptions = {},
): Run<SweepResult, SweepProgress> {
  return startRun<SweepResult, SweepRunOptions, SweepProgress>(run, (told) =>
    sweepAll(options, told),
  );
}

async function sweepAll(
  options: SweepOptions,
  run: Required<SweepRunOptions>,
): Promise<SweepResult> {
  const start = performance.now();
  const config = await parseSweepConfig(options);
  const seconds = (): number => (performance.now() - start) / 1000;
  if (config.dryRun) return {...(await planned(config)), seconds: seconds()};
  const output = {force: true, reserveBytes: 0, signal: run.signal};
  const result = await withOutput(config.folder, output, () => runAll(config, run));
  return {...result, seconds: seconds()};
}

type Result = Omit<SweepResult, 'seconds'>;
type StatusOfSteps = Pick<SweepStatus, 'counts' | 'stages' | 'steps'>;

/** What there is to do, without doing or writing anything. */
async function planned(config: SweepConfig): Promise<Result> {
  const {sweep, before} = await opened(config);
  const {todo} = sweep;
  const manifest = workOf(config.engine).preview?.(sweep) ?? null;
  const outcome: EngineOutcome =
    manifest === null ? {kind: 'finished'} : {kind: 'printed', manifest};
  return resultOf(config, before, {kept: before.counts.done, todo, left: todo, outcome});
}

async function runAll(config: SweepConfig, run: Required<SweepRunOptions>): Promise<Result> {
  const {sweep, before} = await opened(config);
  const {folder, file, todo} = sweep;
  const begin = async (): Promise<void> => {
    await removeTemporariesOf(folder, [SWEEP_FILES.summary]); // of a killed call
    await writeSweepFile(folder, file);
  };
  const outcome = await workOf(config.engine).run(sweep, {...run, begin});
  const after = await statusOf(folder, file.steps);
  const open = new Set(after.steps.flatMap(({id, state}) => (isLeft(state) ? [id] : [])));
  const left = todo.filter(({id}) => open.has(id));
  return resultOf(config, after, {kept: before.counts.done, todo, left, outcome});
}

/** A sweep and what this call is to do of it, all of it checked; nothing is written. Throws ERR_CONFIG and ERR_OUTPUT. */
async function opened(config: SweepConfig): Promise<{sweep: OpenSweep; before: StatusOfSteps}> {
  const {folder, settings, resources, engine} = config;
  const file = await openedSteps(config);
  const before = await statusOf(folder, file.steps);
  const todo = todoOf(before.steps, file.steps, config);
  if (engineOf(engine).hasPaths) await requirePaths(todo, baseOf(folder, file));
  return {sweep: {folder, file, status: before.steps, todo, settings, resources}, before};
}

/** sweep.json as this call has it, over the one that is there. Throws ERR_CONFIG and ERR_OUTPUT where that does not fit. */
async function openedSteps({folder, name, plan, steps, resume}: SweepConfig): Promise<SweepFile> {
  const earlier = await findSweepFile(folder);
  const base = baseFor(folder, process.cwd());
  const file: SweepFile = {schemaVersion: SCHEMA_VERSION, name, base, plan, steps};
  if (earlier !== null) return goneOn(folder, earlier, file, resume);
  await requireEmpty(folder);
  return file;
}

async function requireEmpty(folder: string): Promise<void> {
  const there = await readdir(folder).catch((): string[] => []);
  const first = there.find((name) => !name.startsWith('.'));
  if (first === undefined) return;
  throw new SauError(
    'ERR_OUTPUT',
    `Expected an empty folder or that of a sweep at ${folder} but found ${first} there.`,
    {remedy: `Set ${named('out')} to another folder.`, details: {folder, found: first}},
  );
}

/** What a call is to do. One that another process does at this moment is among them, to be waited for. */
function todoOf(
  status: readonly StepStatus[],
  steps: readonly SweepStep[],
  {retryFailed}: Pick<SweepConfig, 'retryFailed'>,
): readonly SweepStep[] {
  const states = new Map(status.map(({id, state}) => [id, state]));
  return steps.filter(({id}) => {
    const state = states.get(id) ?? 'waiting';
    return isLeft(state) || (retryFailed && state !== 'done');
  });
}

interface Done {
  /** Steps that were done before. */
  readonly kept: number;
  readonly todo: readonly SweepStep[];
  /** Of these what is not done, and has not failed. */
  readonly left: readonly SweepStep[];
  readonly outcome: EngineOutcome;
}

function resultOf(
  {folder, name}: Pick<SweepConfig, 'folder' | 'name'>,
  status: StatusOfSteps,
  {kept, todo, left, outcome}: Done,
): Result {
  const times = new StepTimes();
  for (const step of status.steps)
    if (step.seconds !== null) times.add({step, seconds: step.seconds});
  return {
    ...{folder, name, ...status},
    todo: todo.length,
    keptSteps: kept,
    secondsLeft: times.ofAll(left),
    submitted: submittedBy(outcome),
    manifest: outcome.kind === 'printed' ? outcome.manifest : null,
  };
}

function submittedBy(outcome: EngineOutcome): SweepResult['submitted'] {
  if (outcome.kind !== 'submitted') return null;
  const {jobs, message} = outcome;
  return {jobs, message};
}
