import {SauError} from '../base/errors.js';
import {named} from '../options/named.js';
import {shown} from '../options/parse.js';
import type {SweepStep} from './steps.js';

/** Which step is meant: by its id, or the beginning of it, or by its number in a stage. */
export interface StepChoice {
  readonly id: string | null;
  readonly stage: number | null;
  /** null: the number that a scheduler gives the process. */
  readonly index: number | null;
}

/** The variables in which Slurm and Kubernetes tell a process its number. */
export const INDEX_VARIABLES = ['SLURM_ARRAY_TASK_ID', 'JOB_COMPLETION_INDEX'] as const;

/** The step of a sweep that is meant. Throws ERR_CONFIG. */
export function findStep(
  steps: readonly SweepStep[],
  {id, stage, index}: StepChoice,
  env: NodeJS.ProcessEnv = process.env,
): SweepStep {
  if (id !== null) return stepOfId(steps, id);
  if (stage === null) throw unknown(`the id of a step, or ${named('stage')},`, 'neither');
  const number = index ?? indexIn(env);
  const found = steps.find((step) => step.stage === stage && step.index === number);
  if (found !== undefined) return found;
  const count = steps.filter((step) => step.stage === stage).length;
  const expected =
    count === 0 ? 'a stage of the sweep' : `a step from 0 to ${count - 1} of stage ${stage}`;
  throw unknown(expected, count === 0 ? String(stage) : String(number));
}

function stepOfId(steps: readonly SweepStep[], id: string): SweepStep {
  const found = steps.filter((step) => id !== '' && step.id.startsWith(id));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const received = found.length === 0 ? shown(id) : `${id}, which ${found.length} begin with`;
  throw unknown('the id of one step of the sweep', received);
}

function indexIn(env: NodeJS.ProcessEnv): number {
  for (const name of INDEX_VARIABLES) {
    const text = env[name];
    if (text === undefined || text === '') continue;
    if (/^\d+$/.test(text)) return Number(text);
    throw unknown(`a number from 0 in ${name}`, shown(text));
  }
  const variables = INDEX_VARIABLES.join(' or ');
  throw unknown(
    `${named('index')} beside ${named('stage')}, or ${variables} in the environment,`,
    'none',
  );
}

function unknown(expected: string, received: string): SauError {
  return new SauError('ERR_CONFIG', `Expected ${expected} but received ${received}.`, {
    remedy: '`sau-native sweep status <folder> --json` lists the steps.',
  });
}
