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
import type {EngineOutcome} from './sweep/engine.js';
import {workOf} from './sweep/engines/works.js';
import type {SweepProgress} from './sweep/progress.js';
import {type StepStatus, type SweepStatus, statusOf} from './sweep/status.js';
import type {SweepStep} from './sweep/steps.js';
import {baseFor, findSweepFile, type SweepFile, writeSweepFile} from './sweep/sweep_file.js';
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
  const result = await withOutput(config.folder, output, (folder) => runAll(folder, config, run));
  return {...result, seconds: seconds()};
}

type Result = Omit<SweepResult, 'seconds'>;

/** What there is to do, without doing or writing anything. */
async function planned(config: SweepConfig): Promise<Result> {
  const file = await openedSteps(config);
  const {folder, settings, resources} = config;
  const status = await statusOf(folder, file.steps);
  const todo = todoOf(status.steps, file.steps, config);
  const engine = workOf(config.engine);
  const sweep = {folder, file, status: status.steps, todo, settings, resources};
  const manifest = engine.preview?.(sweep) ?? null;
  const outcome: EngineOutcome =
    manifest === null ? {kind: 'finished'} : {kind: 'printed', manifest};
  return resultOf(config, status, {before: status.counts, todo, outcome});
}

async function runAll(
  folder: string,
  config: SweepConfig,
  run: Required<SweepRunOptions>,
): Promise<Result> {
  await removeTemporariesOf(folder, [SWEEP_FILES.summary]); // of a killed call
  const file = await openedSteps(config);
  await writeSweepFile(folder, file);
  const {steps: status, counts: before} = await statusOf(folder, file.steps);
  const todo = todoOf(status, file.steps, config);
  const {settings, resources} = config;
  const engine = workOf(config.engine);
  const outcome = await engine.run({folder, file, status, todo, settings, resources}, run);
  return resultOf(config, await statusOf(folder, file.steps), {before, todo, outcome});
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
  const again = retryFailed ? ['failed', 'blocked'] : [];
  const wanted = new Set<string>(['waiting', 'interrupted', 'running', ...again]);
  return steps.filter(({id}) => wanted.has(states.get(id) ?? 'waiting'));
}

interface Done {
  readonly before: SweepStatus['counts'];
  readonly todo: readonly SweepStep[];
  readonly outcome: EngineOutcome;
}

function resultOf(
  {folder, name}: Pick<SweepConfig, 'folder' | 'name'>,
  status: Pick<SweepStatus, 'counts' | 'stages' | 'steps'>,
  {before, todo, outcome}: Done,
): Result {
  const times = new StepTimes();
  for (const step of status.steps)
    if (step.seconds !== null) times.add({step, seconds: step.seconds});
  const done = new Set(status.steps.flatMap(({id, state}) => (state === 'done' ? [id] : [])));
  return {
    ...{folder, name, ...status},
    todo: todo.length,
    keptSteps: before.done,
    secondsLeft: times.ofAll(todo.filter(({id}) => !done.has(id))),
    submitted: submittedBy(outcome),
    manifest: outcome.kind === 'printed' ? outcome.manifest : null,
  };
}

function submittedBy(outcome: EngineOutcome): SweepResult['submitted'] {
  if (outcome.kind !== 'submitted') return null;
  const {jobs, message} = outcome;
  return {jobs, message};
}
