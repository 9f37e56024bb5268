import {join} from 'node:path';
import {messageOf, SauError} from '../base/errors.js';
import type {PrecisionName} from '../native/contract.js';
import type {DefendConfig} from '../options/types.js';
import {type DefenseState, hasDefenseState, removeDefenseState} from '../records/defense_state.js';
import {DEFENSE_STATE} from '../records/layout.js';
import type {RunOptions} from '../run/progress.js';
import {roughly} from '../time/roughly.js';
import {type Sitting, secondsSoFar} from './sitting.js';

// What is particular to a defense in several sittings: what it takes over from the one before, and what it says.

/** Works in a sitting. Where it fails, it forgets a state that is of no use, else says how to go on with it. */
export async function takingBack<T>(
  {folder}: Sitting,
  run: RunOptions,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isUseless = error instanceof SauError && error.code === 'ERR_DIVERGED';
    if (isUseless) await forgetState(folder, run);
    else await tellHowToGoOn(folder, run);
    throw error;
  }
}

/** Says how to go on, where there is a state. */
export async function tellHowToGoOn(folder: string, run: RunOptions): Promise<void> {
  if (!(await hasDefenseState(folder))) return;
  const message = `the last saved round is in ${join(folder, DEFENSE_STATE)}; run the same defense with resume to go on`;
  run.onProgress?.({kind: 'note', message});
}

/** Removes a state that is of no use any more. One that stays says so: it makes no result worse. */
export async function forgetState(folder: string, run: RunOptions): Promise<void> {
  try {
    await removeDefenseState(folder);
  } catch (error) {
    const message = `the saved round of a run that is over stays: ${messageOf(error)}`;
    run.onProgress?.({kind: 'note', message});
  }
}

/** What `auto` came to where the run began: another machine might choose otherwise. */
export function precisionOf({config, saved}: Sitting): DefendConfig['precision'] {
  if (saved === null || config.precision !== 'auto') return config.precision;
  return saved.facts.precision as PrecisionName;
}

/** When the run has to be done, of the clock `performance.now()`; null: at any time. */
export function deadlineOf(sitting: Sitting): number | null {
  const {timeBudget} = sitting.asked;
  return timeBudget === null
    ? null
    : performance.now() + 1000 * (timeBudget - secondsSoFar(sitting));
}

/** Tells where a run goes on, and how long the rounds that are left will take at the pace so far. */
export function tellPlace({reported}: DefenseState, rounds: number, run: RunOptions): void {
  const done = reported.flatMap((one) => (one.kind === 'round' ? [one.report.seconds] : []));
  const mean = done.reduce((sum, seconds) => sum + seconds, 0) / done.length;
  const left =
    done.length === rounds ? '' : `; about ${roughly(mean * (rounds - done.length))} left`;
  const message =
    done.length === 0
      ? 'going on before the first round'
      : `going on after round ${done.length} of ${rounds}${left}`;
  run.onProgress?.({kind: 'note', message});
}
