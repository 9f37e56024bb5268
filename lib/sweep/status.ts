import {readdir, stat} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {z} from 'zod';
import {errnoOf} from '../base/errors.js';
import {isLocked} from '../base/lock.js';
import {readText} from '../base/read_text.js';
import {DEFENSE_STATE, RECORD, RUN, SWEEP_FILES, sweepLock} from '../records/layout.js';
import {concernsAll, type RecordedFailure, readFailure} from './failure.js';
import type {SweepStep} from './steps.js';
import {readSweepFile} from './sweep_file.js';

// What became of the steps of a sweep, by their folders alone, whatever has done them.

/** What became of a step. */
export type StepState =
  /** It has a result. */
  | 'done'
  /** A process works on it. */
  | 'running'
  /** It was stopped, and goes on from its last saved epoch or round. */
  | 'interrupted'
  /** Its last try failed for a reason of its own, or its result is damaged. */
  | 'failed'
  /** A step that it needs failed, or is blocked itself. */
  | 'blocked'
  /** It was not begun, or has nothing to go on from. */
  | 'waiting';

/** How many steps there are of each state. */
export interface SweepCounts {
  /** All steps. */
  readonly total: number;
  /** Those that have a result. */
  readonly done: number;
  /** Those that a process works on. */
  readonly running: number;
  /** Those that go on from where they were stopped. */
  readonly interrupted: number;
  /** Those whose last try failed for a reason of its own, or whose result is damaged. */
  readonly failed: number;
  /** Those that need a step that failed. */
  readonly blocked: number;
  /** Those that were not begun. */
  readonly waiting: number;
}

/** A step of a sweep and what became of it. */
export interface StepStatus extends Omit<SweepStep, 'options'> {
  /** What became of it. */
  readonly state: StepState;
  /** Wall time of the run that made its result; null where it has none. */
  readonly seconds: number | null;
  /**
   * Why its last try failed, or what is wrong with its result; null where nothing is. A step that waits has one where the
   * reason concerned every step, such as a device that was not there: the next call tries it again.
   */
  readonly failure: RecordedFailure | null;
}

/** What became of a sweep. */
export interface SweepStatus {
  /** Its folder, absolute. */
  readonly folder: string;
  /** What it is called. */
  readonly name: string;
  /** Of all steps. */
  readonly counts: SweepCounts;
  /** Of the steps of each stage. */
  readonly stages: readonly SweepCounts[];
  /** Stage by stage. */
  readonly steps: readonly StepStatus[];
}

/**
 * Looks at the folder of a sweep, whatever engine does its steps, also while it runs: reads its folders and nothing else.
 *
 * @throws SauError ERR_CHECKPOINT where the folder is no sweep's, or sweep.json is damaged.
 * @example
 * const {counts, steps} = await sweepStatus('sweeps/paper');
 * console.log(counts.done, 'of', counts.total);
 * for (const {folder, failure} of steps) if (failure !== null) console.log(folder, failure.message);
 */
export async function sweepStatus(dir: string): Promise<SweepStatus> {
  const folder = resolve(dir);
  const {name, steps} = await readSweepFile(folder);
  return {folder, name, ...(await statusOf(folder, steps))};
}

/** What became of some steps. */
export async function statusOf(
  folder: string,
  steps: readonly SweepStep[],
): Promise<Pick<SweepStatus, 'counts' | 'stages' | 'steps'>> {
  const there = await thereIn(folder);
  const known = new Map<string, StepStatus>();
  for (const found of await allOf(steps, (step) => seen(folder, step, there))) {
    const isOpen = found.state === 'waiting' || found.state === 'interrupted';
    const isBlocked = isOpen && blockersOf(found, known).length > 0;
    known.set(found.id, isBlocked ? {...found, state: 'blocked'} : found);
  }
  const all = [...known.values()];
  const stages = [...new Set(all.map(({stage}) => stage))].sort((a, b) => a - b);
  return {
    counts: countsOf(all),
    stages: stages.map((stage) => countsOf(all.filter((step) => step.stage === stage))),
    steps: all,
  };
}

/** Looks at once, so that a file system far away does not make thousands of looks wait for each other. */
const LOOKS = 32;

async function allOf<T, R>(items: readonly T[], look: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const work = async (): Promise<void> => {
    // One iterator for all: each takes the next.
    for (const [i, item] of waiting) results[i] = await look(item);
  };
  await Promise.all(Array.from({length: LOOKS}, work));
  return results;
}

/** The steps before this one that failed or are blocked. */
export function blockersOf(
  {needs}: Pick<SweepStep, 'needs'>,
  known: ReadonlyMap<string, StepStatus>,
): readonly StepStatus[] {
  return needs.flatMap((id) => {
    const need = known.get(id);
    return need?.state === 'failed' || need?.state === 'blocked' ? [need] : [];
  });
}

/** Whether a step is one that the next call does, or waits for, without being asked to try what failed. */
export function isLeft(state: StepState): boolean {
  return state === 'waiting' || state === 'interrupted' || state === 'running';
}

const STATES: readonly StepState[] = [
  ...(['done', 'running', 'interrupted', 'failed', 'blocked', 'waiting'] as const),
];

/** How many steps there are of each state. */
export function countsOf(steps: readonly Pick<StepStatus, 'state'>[]): SweepCounts {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<StepState, number>;
  for (const {state} of steps) counts[state] += 1;
  return {total: steps.length, ...counts};
}

/** What the folder of a sweep has, by the names of its folders: one look at each instead of one for each step. */
interface There {
  readonly results: ReadonlySet<string>;
  readonly failures: ReadonlySet<string>;
  readonly locks: ReadonlySet<string>;
}

async function thereIn(folder: string): Promise<There> {
  const names = (name: string) => readdir(join(folder, name)).catch((): string[] => []);
  const under = async (parent: string) => (await names(parent)).map((name) => `${parent}/${name}`);
  return {
    results: new Set([...(await under('attacks')), ...(await under('defenses'))]),
    failures: new Set(await names(SWEEP_FILES.failures)),
    locks: new Set(await names(SWEEP_FILES.locks)),
  };
}

/** What one step's own files say. */
async function seen(folder: string, step: SweepStep, there: There): Promise<StepStatus> {
  const {options: _, ...shown} = step;
  const {id} = step;
  const is = (state: StepState, more: Partial<StepStatus> = {}): StepStatus => {
    return {...shown, state, seconds: null, failure: null, ...more};
  };
  const place = join(folder, step.folder);
  const files = there.results.has(step.folder) ? await readdir(place).catch(() => []) : [];
  const result = files.includes(RUN.summary) ? await resultIn(place) : NO_RESULT;
  if (result.kind === 'done') return is('done', {seconds: result.seconds});
  if (there.locks.has(`${id}.lock`) && (await isLocked(sweepLock(folder, id))))
    return is('running');
  if (result.kind === 'damaged') return is('failed', {failure: result.failure});
  const failure = there.failures.has(`${id}.json`) ? await readFailure(folder, id) : null;
  if (failure !== null && !concernsAll(failure)) return is('failed', {failure});
  return is(files.includes(stateFileOf(step)) ? 'interrupted' : 'waiting', {failure});
}

/** Where a step of that kind saves what it goes on from. */
export function stateFileOf({kind}: Pick<SweepStep, 'kind'>): string {
  return kind === 'attack' ? RECORD.checkpoint : DEFENSE_STATE;
}

/** What `run.json` of a step says. */
type StepResult =
  | {readonly kind: 'done'; readonly seconds: number | null}
  /** There is none, or one of a run that was interrupted. */
  | {readonly kind: 'none'}
  | {readonly kind: 'damaged'; readonly failure: RecordedFailure};

const NO_RESULT: StepResult = {kind: 'none'};

/** Of a result what is looked at here: of thousands, the whole would take long. */
const resultSchema = z.object({interrupted: z.boolean(), seconds: z.number().nullable()});

async function resultIn(place: string): Promise<StepResult> {
  const path = join(place, RUN.summary);
  try {
    const {interrupted, seconds} = resultSchema.parse(JSON.parse(await readText(path)));
    return interrupted ? NO_RESULT : {kind: 'done', seconds};
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return NO_RESULT;
    return {kind: 'damaged', failure: await damagedResult(path)};
  }
}

/** Nobody wrote when that was: the file itself tells when it was changed. */
async function damagedResult(path: string): Promise<RecordedFailure> {
  const when = (await stat(path).catch(() => null))?.mtime ?? new Date(0);
  const message = `Expected the result of a step at ${path} but it is damaged. Copy the folder again, or try the step again.`;
  return {code: 'ERR_CHECKPOINT', message, when: when.toISOString()};
}

/** Whether a step has a result. */
export async function isDone(folder: string, step: SweepStep): Promise<boolean> {
  return (await resultIn(join(folder, step.folder))).kind === 'done';
}

/** Why a step has no result, as its folder and the one of failures tell; null where it was not begun, or stopped. */
export async function failureIn(folder: string, step: SweepStep): Promise<RecordedFailure | null> {
  const result = await resultIn(join(folder, step.folder));
  return result.kind === 'damaged' ? result.failure : readFailure(folder, step.id);
}
