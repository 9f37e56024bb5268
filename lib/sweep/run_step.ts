import {rm} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {attack} from '../attack.js';
import {SauError} from '../base/errors.js';
import {withLock} from '../base/lock.js';
import {unwritableFile} from '../base/whole_file.js';
import {defend} from '../defend.js';
import type {AttackOptions, DefendOptions} from '../options/documented.js';
import {hasAttackCheckpoint, removeAttackCheckpoint} from '../records/attack_checkpoint.js';
import {hasDefenseState, removeDefenseState} from '../records/defense_state.js';
import {sweepLock} from '../records/layout.js';
import type {RunOptions} from '../run/progress.js';
import {failureOf, forgetFailure, writeFailure} from './failure.js';
import {failureIn, isDone} from './status.js';
import type {SweepStep} from './steps.js';
import {baseOf, type SweepFile} from './sweep_file.js';

/** How one step is run. */
export interface StepRun extends Required<RunOptions> {
  /** Whether to wait for another process that does this step, instead of refusing. */
  readonly waits: boolean;
}

/** One step of a sweep, and what must be known of the others. */
export interface StepTask {
  /** The folder of the sweep, absolute. */
  readonly folder: string;
  /** Where the paths of the options begin, absolute. */
  readonly base: string;
  readonly step: SweepStep;
  /** The steps that it needs. */
  readonly needs: readonly SweepStep[];
}

/** A step of a sweep as a task. */
export function taskOf(folder: string, file: SweepFile, step: SweepStep): StepTask {
  const needs = file.steps.filter(({id}) => step.needs.includes(id));
  return {folder, base: baseOf(folder, file), step, needs};
}

/**
 * Does one step of a sweep, from where an earlier try was stopped, or finds it done. It changes the working folder of the
 * process to where the paths of the options begin. What it throws is noted in the folder of the sweep, except for the
 * reason of the signal. Returns whether it had anything to do. Throws ERR_CHECKPOINT for a step that is blocked by
 * one before it, ERR_BUSY where another process does it, and what `attack` and `defend` throw.
 */
export async function runStep(task: StepTask, run: StepRun): Promise<boolean> {
  const {folder, step} = task;
  if (await isFinished(task)) return false;
  await requireNeeds(task);
  const refuse = (pid: number | null): SauError =>
    new SauError(
      'ERR_BUSY',
      `Expected a step that nobody does, at ${step.folder}, but process ${pid ?? 'unknown'} does it.`,
      {remedy: 'Wait for it.', details: {folder, id: step.id, pid}},
    );
  const onWait = (): void => {
    const message = `${step.folder} is being done by another process: waiting for it`;
    run.onProgress({kind: 'note', message});
  };
  const hooks = {signal: run.signal, onWait, ...(run.waits ? {} : {refuse})};
  return withLock(sweepLock(folder, step.id), hooks, async () => {
    if (await isFinished(task)) return false;
    await forgetFailure(folder, step.id);
    try {
      enterBase(task.base);
      await beginOrGoOn(task, run);
    } catch (error) {
      // Where the disk is full, there is no room for it either.
      const noted = run.signal.aborted ? null : writeFailure(folder, step.id, failureOf(error));
      await noted?.catch(() => undefined);
      throw error;
    }
    return true;
  });
}

/** Whether there is a result. What a process that was killed after it has left is removed. */
async function isFinished({folder, step}: StepTask): Promise<boolean> {
  if (!(await isDone(folder, step))) return false;
  const place = join(folder, step.folder);
  if (step.kind === 'attack') await removeAttackCheckpoint(place);
  else await removeDefenseState(place);
  await forgetFailure(folder, step.id);
  return true;
}

async function requireNeeds({folder, step, needs}: StepTask): Promise<void> {
  for (const need of needs) {
    if (await isDone(folder, need)) continue;
    const failure = await failureIn(folder, need);
    const why =
      failure === null ? 'it is not done yet' : `it failed: ${failure.message} (${failure.code})`;
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected the victim ${need.folder} to be done before ${step.folder}, which is blocked, but ${why}.`,
      {remedy: 'Do that step first.', details: {folder, id: step.id, blockedBy: need.id}},
    );
  }
}

function enterBase(base: string): void {
  try {
    process.chdir(base);
  } catch (cause) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected the folder at ${base} where the paths of the sweep begin, but there is none.`,
      {
        cause,
        remedy: 'Keep the folder of the sweep where it was beside its data, or move both together.',
        details: {base},
      },
    );
  }
}

async function beginOrGoOn(task: StepTask, run: StepRun): Promise<void> {
  const {folder, step} = task;
  const place = join(folder, step.folder);
  const isAttack = step.kind === 'attack';
  if (await (isAttack ? hasAttackCheckpoint(place) : hasDefenseState(place))) {
    try {
      await call(task, {resume: true}, run);
      return;
    } catch (error) {
      if (!isUseless(error)) throw error;
      const message = `the interrupted ${step.kind} is done anew: ${error.message}`;
      run.onProgress({kind: 'note', message});
    }
  }
  await clear(place); // of what a killed process has left, which is no result
  await call(task, {}, run);
}

async function clear(place: string): Promise<void> {
  await rm(place, {recursive: true, force: true, maxRetries: 5}).catch((error: unknown) => {
    throw unwritableFile(place, error);
  });
}

/** Whether what was saved belongs to another run, such as one of another version, or is damaged. */
function isUseless(error: unknown): error is SauError {
  if (!(error instanceof SauError)) return false;
  return Array.isArray(error.details.different) || error.code === 'ERR_CHECKPOINT';
}

async function call(
  {folder, step, needs}: StepTask,
  how: {readonly resume?: true},
  {signal, onProgress}: StepRun,
): Promise<void> {
  const {kind, options} = step;
  const out = join(folder, step.folder);
  const told: RunOptions = {
    signal,
    // Stopped, a run says how to go on with it alone; of a sweep all steps go on together.
    onProgress: (progress) => {
      if (progress.kind !== 'note' || !signal.aborted) onProgress(progress);
    },
  };
  if (kind === 'attack') {
    const given = {...options, recordRoot: dirname(out), out, ...how};
    await attack(given as unknown as AttackOptions, told);
    return;
  }
  const [victim] = needs;
  const ckpt = victim === undefined ? options.ckpt : join(folder, victim.folder);
  await defend({...options, ckpt, out, ...how} as unknown as DefendOptions, told);
}
