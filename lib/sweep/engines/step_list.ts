import {createHash} from 'node:crypto';
import type {SweepStep} from '../steps.js';

/** Steps of one stage that a scheduler does as one array: number K of the array is line K of a file with their ids. */
export interface StepList {
  readonly stage: number;
  readonly kind: SweepStep['kind'];
  readonly ids: readonly string[];
  /** The most threads of a step. */
  readonly threads: number;
}

/** Steps stage by stage, in lists of at most `size`. */
export function stepLists(
  steps: readonly SweepStep[],
  size = Number.POSITIVE_INFINITY,
): readonly StepList[] {
  const stages = [...new Set(steps.map(({stage}) => stage))].sort((a, b) => a - b);
  return stages.flatMap((stage) => {
    const of = steps.filter((step) => step.stage === stage);
    const lists: SweepStep[][] = [];
    for (const step of of) {
      const list = lists.at(-1);
      if (list === undefined || list.length === size) lists.push([step]);
      else list.push(step);
    }
    return lists.map((list) => listOf(stage, list));
  });
}

function listOf(stage: number, steps: readonly SweepStep[]): StepList {
  return {
    stage,
    kind: steps[0]?.kind ?? 'attack',
    ids: steps.map(({id}) => id),
    threads: Math.max(1, ...steps.map(({options}) => Number(options.threads ?? 1))),
  };
}

/** What its file has. */
export function listText({ids}: StepList): string {
  return `${ids.join('\n')}\n`;
}

/** Such as `1-defend-3f2a9c01`: another one where the steps are others, so that no array finds other steps in its file. */
export function listName(list: StepList): string {
  const hash = createHash('sha256').update(listText(list)).digest('hex').slice(0, 8);
  return `${list.stage}-${list.kind}-${hash}`;
}
