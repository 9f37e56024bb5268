import {SauError} from '../base/errors.js';
import {readText} from '../base/read_text.js';
import {named} from '../options/named.js';
import {shown} from '../options/parse.js';
import type {SweepStep} from './steps.js';

/** Which step is meant: by its id, or the beginning of it, or by its number in a stage or in a list. */
export interface StepChoice {
  readonly id: string | null;
  readonly stage: number | null;
  /** Ids of steps. */
  readonly list: readonly string[] | null;
  /** null: the number that a scheduler gives the process. */
  readonly index: number | null;
}

/** The variables in which Slurm and Kubernetes tell a process its number. */
export const INDEX_VARIABLES = ['SLURM_ARRAY_TASK_ID', 'JOB_COMPLETION_INDEX'] as const;

/** The step of a sweep that is meant. Throws ERR_CONFIG. */
export function findStep(
  steps: readonly SweepStep[],
  {id, stage, list, index}: StepChoice,
  env: NodeJS.ProcessEnv = process.env,
): SweepStep {
  if (id !== null) return stepOfId(steps, id);
  if (list !== null) return stepOfList(steps, list, index ?? indexIn(env));
  if (stage === null) {
    const choices = `the id of a step, ${named('stage')} or ${named('list')}`;
    throw unknown(choices, 'neither');
  }
  const number = index ?? indexIn(env);
  const found = steps.find((step) => step.stage === stage && step.index === number);
  if (found !== undefined) return found;
  const count = steps.filter((step) => step.stage === stage).length;
  const expected =
    count === 0 ? 'a stage of the sweep' : `a step from 0 to ${count - 1} of stage ${stage}`;
  throw unknown(expected, count === 0 ? String(stage) : String(number));
}

function stepOfList(
  steps: readonly SweepStep[],
  list: readonly string[],
  index: number,
): SweepStep {
  const id = list[index];
  if (id !== undefined) return stepOfId(steps, id);
  throw unknown(`a step from 0 to ${list.length - 1} of the list`, String(index));
}

/** The ids in a file, one a line. Throws ERR_CONFIG. */
export async function readStepList(path: string): Promise<readonly string[]> {
  const text = await readText(path).catch((cause: unknown) => {
    const message = `Expected a file with the ids of steps at ${path} but it cannot be read.`;
    throw new SauError('ERR_CONFIG', message, {cause, details: {path}});
  });
  return text.split('\n').filter((line) => line !== '');
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
    `${named('index')} beside ${named('stage')} or ${named('list')}, or ${variables} in the environment,`,
    'none',
  );
}

function unknown(expected: string, received: string): SauError {
  return new SauError('ERR_CONFIG', `Expected ${expected} but received ${received}.`, {
    remedy: '`sau-native sweep status <folder> --json` lists the steps.',
  });
}
