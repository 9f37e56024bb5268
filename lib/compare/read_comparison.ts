import {resolve} from 'node:path';
import {SauError} from '../base/errors.js';
import {COMPARISON, comparedRun} from '../records/layout.js';
import {type Comparison, comparisonOf, type RunState} from './comparison.js';
import {type PlanRun, readPlan, resultOf} from './plan.js';

/**
 * Opens the folder of a {@link compare} again, finished or not: what its runs came to, those of all calls.
 *
 * @throws SauError ERR_CHECKPOINT where the folder is no comparison's, or compare.json is damaged.
 * @example
 * const {methods} = await readComparison('record/badnet_demo/compare');
 * for (const {method, acc, asr} of methods) console.log(method, acc?.mean, asr?.mean);
 */
export async function readComparison(folder: string): Promise<Comparison> {
  const plan = await readPlan(folder);
  if (plan !== null) return comparisonOfRuns(folder, plan.checkpoint.path, plan.runs);
  throw new SauError(
    'ERR_CHECKPOINT',
    `Expected the folder of a comparison at ${folder} but it has no ${COMPARISON.summary}.`,
    {remedy: 'Name a folder that `compare` wrote.', details: {folder}},
  );
}

/** The comparison of some runs of a plan, as their folders have them. */
export async function comparisonOfRuns(
  folder: string,
  checkpoint: string,
  runs: readonly PlanRun[],
): Promise<Comparison> {
  const states: RunState[] = [];
  for (const run of runs) states.push(await stateOf(resolve(folder), run));
  return comparisonOf({folder: resolve(folder), checkpoint}, states);
}

async function stateOf(folder: string, run: PlanRun): Promise<RunState> {
  const {method, seed, failure} = run;
  const about = {method, seed, folder: comparedRun(folder, method, seed)};
  const summary = await resultOf(folder, run);
  if (summary !== null) return {...about, kind: 'done', summary};
  return failure === null ? {...about, kind: 'waiting'} : {...about, kind: 'failed', ...failure};
}
