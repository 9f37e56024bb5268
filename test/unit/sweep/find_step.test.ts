import {describe, expect, it} from 'vitest';
import {findStep} from '../../../lib/sweep/find_step.js';
import {parsePlan} from '../../../lib/sweep/plan.js';
import {stepsOf} from '../../../lib/sweep/steps.js';
import {messageOf} from '../../support/message_of.js';

const STEPS = stepsOf(parsePlan({attacks: ['badnet', 'blended'], defenses: ['ft']}), {threads: 1});
const NONE = {id: null, stage: null, index: null, list: null};
const found = (choice: object, env = {}) => findStep(STEPS, {...NONE, ...choice}, env);

describe('a step of a sweep', () => {
  const [first, second] = STEPS;

  it('is found by its id, or the beginning of it', () => {
    expect(found({id: second?.id})).toBe(second);
    expect(found({id: first?.id.slice(0, 8)})).toBe(first);
  });

  it('is found by its number in a stage, which a scheduler may tell', () => {
    expect(found({stage: 0, index: 1})).toBe(second);
    expect(found({stage: 1}, {SLURM_ARRAY_TASK_ID: '1'})).toBe(STEPS[3]);
    expect(found({stage: 1}, {JOB_COMPLETION_INDEX: '0'})).toBe(STEPS[2]);
    expect(found({stage: 0, index: 0}, {SLURM_ARRAY_TASK_ID: '1'})).toBe(first);
  });

  it.each([
    [{}, {}, 'Expected the id of a step, or stage, but received neither.'],
    [{id: ''}, {}, 'Expected the id of one step of the sweep but received ""'],
    [{id: 'xyz'}, {}, 'but received "xyz"'],
    [{stage: 2, index: 0}, {}, 'Expected a stage of the sweep but received 2.'],
    [{stage: 1, index: 2}, {}, 'Expected a step from 0 to 1 of stage 1 but received 2.'],
    [{stage: 1}, {}, 'Expected index beside stage, or SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX'],
    [
      {stage: 1},
      {SLURM_ARRAY_TASK_ID: 'x'},
      'Expected a number from 0 in SLURM_ARRAY_TASK_ID but received "x"',
    ],
  ])('that there is not is an error: %j %j', (choice, env, message) => {
    expect(messageOf(() => found(choice, env))).toContain(message);
  });
});
