import {mkdirSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {beforeEach, describe, expect, it} from 'vitest';
import {withLock} from '../../../lib/base/lock.js';
import {sweepFailure, sweepLock} from '../../../lib/records/layout.js';
import {writeFailure} from '../../../lib/sweep/failure.js';
import {parsePlan} from '../../../lib/sweep/plan.js';
import {sweepStatus} from '../../../lib/sweep/status.js';
import {type SweepStep, stepsOf} from '../../../lib/sweep/steps.js';
import {writeSweepFile} from '../../../lib/sweep/sweep_file.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

const PLAN = {attacks: ['badnet', 'blended'], defenses: ['ft']};
const STEPS = stepsOf(parsePlan(PLAN), {threads: 1});
const [BADNET, BLENDED, OF_BADNET, OF_BLENDED] = STEPS as [
  SweepStep,
  SweepStep,
  SweepStep,
  SweepStep,
];

let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  await writeSweepFile(folder, {
    schemaVersion: 1,
    name: 'two',
    base: '.',
    plan: PLAN,
    steps: STEPS,
  });
});

function write(step: SweepStep, name: string, content: string): void {
  const path = join(folder, step.folder, name);
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(path, content);
}

const result = (step: SweepStep, more: object = {}) =>
  write(step, 'run.json', JSON.stringify({interrupted: false, seconds: 12.5, ...more}));
const states = async () => (await sweepStatus(folder)).steps.map(({state}) => state);

describe('the status of a sweep', () => {
  it('is that everything waits where there is nothing yet', async () => {
    expect(await sweepStatus(folder)).toMatchObject({
      ...{folder, name: 'two', counts: {total: 4, done: 0, waiting: 4}},
      stages: [{total: 2}, {total: 2}],
    });
  });

  it('is that a step with a whole result is done, whatever else is there', async () => {
    result(BADNET);
    write(BADNET, 'attack_epoch_latest.pt', '');
    await writeFailure(folder, BADNET.id, {code: 'ERR_NATIVE', message: 'once'});
    const {steps} = await sweepStatus(folder);
    expect(steps[0]).toMatchObject({state: 'done', seconds: 12.5, failure: null});
  });

  it.each([
    ['of an interrupted run', JSON.stringify({interrupted: true, seconds: 3})],
    ['that is damaged', '{"interrupted": fal'],
    ['of something else', '[]'],
  ])('takes no summary for a result %s', async (_, content) => {
    write(OF_BADNET, 'run.json', content);
    expect((await states())[2]).toBe('waiting');
  });

  it('knows what was interrupted by what it goes on from', async () => {
    write(BADNET, 'attack_epoch_latest.pt', '');
    write(OF_BADNET, 'defense_state.pt', '');
    write(BLENDED, 'defense_state.pt', ''); // of no attack
    expect(await states()).toEqual(['interrupted', 'waiting', 'interrupted', 'waiting']);
  });

  it('tells why a step failed, and what it blocks', async () => {
    await writeFailure(folder, BLENDED.id, {code: 'ERR_DIVERGED', message: 'the loss is NaN'});
    write(BLENDED, 'attack_epoch_latest.pt', '');
    const {steps, counts} = await sweepStatus(folder);
    expect(steps[1]).toMatchObject({
      state: 'failed',
      failure: {
        code: 'ERR_DIVERGED',
        message: 'the loss is NaN',
        when: expect.stringMatching(/^20/),
      },
    });
    expect(steps[3]?.state).toBe('blocked');
    expect(counts).toMatchObject({failed: 1, blocked: 1, waiting: 2});
  });

  it('does not call a defense blocked that is done', async () => {
    await writeFailure(folder, BLENDED.id, {code: 'ERR_DIVERGED', message: 'no'});
    result(OF_BLENDED);
    expect((await states())[3]).toBe('done');
  });

  it('says of a damaged failure that it is damaged', async () => {
    await writeFailure(folder, BADNET.id, {code: 'ERR_NATIVE', message: 'no'});
    writeFileSync(sweepFailure(folder, BADNET.id), '{');
    const {steps} = await sweepStatus(folder);
    expect(steps[0]?.failure).toMatchObject({
      code: 'ERR_UNEXPECTED',
      message: expect.stringContaining('is damaged'),
    });
  });

  it('is that a step runs while a process that lives has its lock', async () => {
    const lock = sweepLock(folder, BADNET.id);
    const hooks = {signal: new AbortController().signal, onWait: () => undefined};
    await withLock(lock, hooks, async () => {
      expect((await states())[0]).toBe('running');
    });
    expect((await states())[0]).toBe('waiting');
  });

  it('takes a lock of a dead process, and one of another machine that is silent, for none', async () => {
    const lock = sweepLock(folder, BADNET.id);
    mkdirSync(dirname(lock), {recursive: true});
    const place = async () => {
      const hooks = {signal: new AbortController().signal, onWait: () => undefined};
      let text = '';
      await withLock(`${lock}.mine`, hooks, async () => {
        const {readFile} = await import('node:fs/promises');
        text = await readFile(`${lock}.mine`, 'utf8');
      });
      return JSON.parse(text).place as string;
    };
    const here = {token: 't', pid: 2 ** 22 + 1, started: '1', place: await place()};
    writeFileSync(lock, JSON.stringify(here));
    expect((await states())[0]).toBe('waiting');
    writeFileSync(lock, JSON.stringify({...here, place: 'elsewhere'}));
    expect((await states())[0]).toBe('running');
    const old = new Date(Date.now() - 120_000);
    utimesSync(lock, old, old);
    expect((await states())[0]).toBe('waiting');
    rmSync(lock);
  });

  it('is an error of a folder that is no sweep, or whose file is damaged', async () => {
    const other = await temporaryFolder();
    expect((await errorOf(sweepStatus(other), 'ERR_CHECKPOINT')).message).toContain(
      'it has no sweep.json',
    );
    writeFileSync(join(folder, 'sweep.json'), '{');
    await errorOf(sweepStatus(folder), 'ERR_CHECKPOINT');
    const out = {...BADNET, folder: 'attacks/../../x'};
    await writeSweepFile(folder, {
      schemaVersion: 1,
      name: 'two',
      base: '.',
      plan: PLAN,
      steps: [out],
    });
    const {details} = await errorOf(sweepStatus(folder), 'ERR_CHECKPOINT');
    expect(details.why).toContain('its steps.0.folder is not');
  });
});
