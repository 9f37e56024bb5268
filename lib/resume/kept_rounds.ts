import type {StateDict} from '../checkpoint/tensor.js';
import {type Reported, type StateFacts, writeDefenseState} from '../records/defense_state.js';
import type {Identity} from '../records/saved_state.js';
import type {RoundRows} from '../report/defense_rows.js';
import type {Progress, RunOptions} from '../run/progress.js';
import type {RoundReport} from '../run/results.js';
import type {DefenseKeeping} from '../session/session.js';
import type {Target} from '../target/target.js';
import {type Sitting, secondsSoFar} from './sitting.js';
import {StateSaver} from './state_saver.js';

/** What a state has that stays the same. */
export interface KeptFacts extends Omit<StateFacts, 'seconds' | 'methodSeconds' | 'started'> {
  readonly identity: Identity;
}

interface Keeping {
  readonly sitting: Sitting;
  readonly facts: KeptFacts;
  readonly rows: RoundRows;
  readonly classTitles: Target['classTitles'];
  /** Whether an abort after a round ends the rounds, and does not fail. */
  readonly saveOnAbort: boolean;
}

/** What the rounds of all sittings came to. */
export interface DoneRounds {
  readonly reports: readonly RoundReport[];
  /** Of all sittings. */
  readonly methodSeconds: number;
  /** Whether an abort has ended them. */
  readonly isCut: boolean;
}

/** The part of a session that does the rounds. */
interface Rounds {
  readonly defend: (run: RunOptions, keeping: DefenseKeeping) => Promise<unknown>;
  readonly requestState: () => void;
}

/**
 * Does the rounds that are left, writes the rows of all, and saves the state of the run as it comes, from which it
 * can go on. With saveOnAbort an abort after the first round ends them.
 */
export async function keptRounds(
  {defend, requestState}: Rounds,
  {sitting, facts, rows, classTitles, saveOnAbort}: Keeping,
  run: RunOptions,
): Promise<DoneRounds> {
  const {folder, saved, started} = sitting;
  const begun = performance.now();
  const methodSeconds = (): number =>
    (saved?.facts.methodSeconds ?? 0) + (performance.now() - begun) / 1000;
  const reported: Reported[] = [];
  const keep = (one: Reported): void => {
    reported.push(one);
    rows.add(one);
  };
  for (const one of saved?.reported ?? []) keep(one);

  const {identity, ...others} = facts;
  const write = (state: StateDict): Promise<void> => {
    const now = {seconds: secondsSoFar(sitting), methodSeconds: methodSeconds()};
    const whole = {...others, ...now, started: started.toISOString()};
    return writeDefenseState(folder, {identity, facts: whole, reported: [...reported], state});
  };
  const onFailure = (why: string): void => {
    run.onProgress?.({kind: 'note', message: `the run goes on but cannot be saved: ${why}`});
  };
  const saver = new StateSaver({request: requestState, write, onFailure});
  let isCut = false;
  try {
    if (Number(others.config.saveEvery) > 0) saver.begin();
    const follow = (given: Progress): void => {
      const progress = titled(given, classTitles);
      if (isReported(progress)) keep(progress);
      run.onProgress?.(progress);
    };
    const onState = (state: StateDict, seconds: number): void => saver.take(state, seconds);
    const keeping = saved === null ? {onState} : {state: saved.state, onState};
    await defend({...run, onProgress: follow}, keeping);
  } catch (error) {
    isCut = saveOnAbort && run.signal?.aborted === true && reportsOf(reported).length > 0;
    if (!isCut) throw error;
  } finally {
    await saver.close();
    await rows.close();
  }
  return {reports: reportsOf(reported), methodSeconds: methodSeconds(), isCut};
}

function isReported(progress: Progress): progress is Reported & Progress {
  return ['round', 'row', 'picture'].includes(progress.kind);
}

function reportsOf(reported: readonly Reported[]): RoundReport[] {
  return reported.flatMap((one) => (one.kind === 'round' ? [one.report] : []));
}

/** A row about a class says what the class is called. */
function titled(progress: Progress, titles: Target['classTitles']): Progress {
  if (progress.kind !== 'row' || typeof progress.cells.class !== 'number') return progress;
  const classTitle = titles?.[progress.cells.class] ?? null;
  return {...progress, cells: {...progress.cells, classTitle}};
}
