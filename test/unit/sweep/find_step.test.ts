import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {findStep, readStepList} from '../../../lib/sweep/find_step.js';
import {parsePlan} from '../../../lib/sweep/plan.js';
import {stepsOf} from '../../../lib/sweep/steps.js';
import {temporaryFolder} from '../../support/folders.js';
import {messageOf} from '../../support/message_of.js';

const STEPS = stepsOf(parsePlan({attacks: ['badnet', 'blended'], defenses: ['ft']}), {threads: 1});
const NONE = {id: null, stage: null, list: null, index: null};
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

  it('is found by its number in a list, which a scheduler may tell', async () => {
    const path = join(await temporaryFolder(), 'list.txt');
    writeFileSync(path, `${second?.id}\n${first?.id}\n`);
    const list = await readStepList(path);
    expect(found({list}, {JOB_COMPLETION_INDEX: '0'})).toBe(second);
    expect(found({list, index: 1})).toBe(first);
    const missing = readStepList(`${path}.not`);
    await expect(missing).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      details: {path: `${path}.not`},
    });
  });

  it.each([
    [{}, {}, 'Expected the id of a step, stage or list but received neither.'],
    [{id: ''}, {}, 'Expected the id of one step of the sweep but received ""'],
    [{id: 'xyz'}, {}, 'but received "xyz"'],
    [{stage: 2, index: 0}, {}, 'Expected a stage of the sweep but received 2.'],
    [{stage: 1, index: 2}, {}, 'Expected a step from 0 to 1 of stage 1 but received 2.'],
    [
      {stage: 1},
      {},
      'Expected index beside stage or list, or SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX',
    ],
    [{list: ['0'], index: 1}, {}, 'Expected a step from 0 to 0 of the list but received 1.'],
    [{list: ['xyz'], index: 0}, {}, 'Expected the id of one step of the sweep but received "xyz"'],
    [
      {stage: 1},
      {SLURM_ARRAY_TASK_ID: 'x'},
      'Expected a number from 0 in SLURM_ARRAY_TASK_ID but received "x"',
    ],
  ])('that there is not is an error: %j %j', (choice, env, message) => {
    expect(messageOf(() => found(choice, env))).toContain(message);
  });
});
