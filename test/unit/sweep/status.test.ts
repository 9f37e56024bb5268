import {mkdirSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {beforeEach, describe, expect, it} from 'vitest';
import {withLock} from '../../../lib/base/lock.js';
import {sweepFailure, sweepLock} from '../../../lib/records/layout.js';
import {writeFailure} from '../../../lib/sweep/failure.js';
import {parsePlan} from '../../../lib/sweep/plan.js';
import {runStep} from '../../../lib/sweep/run_step.js';
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

  it('takes no summary for a result of a run that was interrupted', async () => {
    write(OF_BADNET, 'run.json', JSON.stringify({interrupted: true, seconds: 3}));
    expect((await states())[2]).toBe('waiting');
  });

  it.each([
    ['cut off', '{"interrupted": fal'],
    ['empty', ''],
    ['something else', '[]'],
  ])('is that a step has failed whose result is %s, with its path', async (_, content) => {
    write(BADNET, 'run.json', content);
    const {steps} = await sweepStatus(folder);
    expect(steps.map(({state}) => state)).toEqual(['failed', 'waiting', 'blocked', 'waiting']);
    expect(steps[0]?.failure).toMatchObject({
      code: 'ERR_CHECKPOINT',
      message: `Expected the result of a step at ${join(folder, BADNET.folder, 'run.json')} but it is damaged. Copy the folder again, or try the step again.`,
      when: expect.stringMatching(/^20/),
    });
  });

  it('blocks a defense of a victim whose result is damaged, and says why', async () => {
    write(BADNET, 'run.json', '{');
    const task = {folder, base: folder, step: OF_BADNET, needs: [BADNET]};
    const run = {signal: new AbortController().signal, onProgress: () => undefined, waits: false};
    const {message} = await errorOf(runStep(task, run), 'ERR_CHECKPOINT');
    expect(message).toContain('which is blocked, but it failed: Expected the result of a step at');
  });

  it('is that a step waits whose last try failed for what concerned every step', async () => {
    await writeFailure(folder, BADNET.id, {code: 'ERR_DEVICE', message: 'no CUDA'});
    write(BADNET, 'attack_epoch_latest.pt', '');
    const {steps} = await sweepStatus(folder);
    expect(steps.map(({state}) => state)).toEqual([
      'interrupted',
      ...['waiting', 'waiting', 'waiting'],
    ]);
    expect(steps[0]?.failure).toMatchObject({code: 'ERR_DEVICE', message: 'no CUDA'});
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
