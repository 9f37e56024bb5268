import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {withLock} from '../../lib/base/lock.js';
import type {SweepStatus} from '../../lib/index.js';
import {sweepLock} from '../../lib/records/layout.js';
import type {SweepFile} from '../../lib/sweep/sweep_file.js';
import {jsonOf, namesIn} from '../support/folders.js';
import {expectSchema} from '../support/json_schemas.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage, type Finished, sau} from '../support/program.js';
import {drawSmallShapes, SMALL_PLAN, writePlan} from '../support/sweeps.js';

describe.skipIf(!IS_BUILT)('a sweep', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sau-sweep-'));
  const out = join(folder, 'sweeps', 'plan');
  const at = (...args: string[]): Finished => sau(folder, ['sweep', ...args]);
  // An attack that fails, as its picture is none, beside one that does not.
  const ft = {ft: {clean: 10, rounds: 1, batchSize: 10}};
  const plan = {
    ...SMALL_PLAN,
    attacks: ['badnet', {blended: {pattern: 'none.png'}}],
    defenses: ['clp', ft],
    defend: {device: 'cpu'},
    engines: {local: {stepsPerProcess: 10}},
  };
  let first: Finished;

  beforeAll(async () => {
    if (!IS_BUILT) return;
    await drawSmallShapes(folder);
    writePlan(join(folder, 'plan.yaml'), plan);
    writeFileSync(join(folder, 'none.png'), 'no picture');
    first = at('plan.yaml', '--jobs', '1', '--json');
  }, 120_000);
  afterAll(() => rmSync(folder, {recursive: true}));

  const stepsNow = async () => (await builtPackage().sweepStatus(out)).steps;

  it('does what it can, and tells of a step that failed and of the one that it blocks', () => {
    expect(first.status, first.stderr).toBe(1);
    expect(JSON.parse(first.stdout)).toMatchObject({
      counts: {total: 6, done: 3, failed: 1, blocked: 2, waiting: 0},
      ...{todo: 6, keptSteps: 0, submitted: null},
    });
    expectSchema('sweep', JSON.parse(first.stdout));
    expect(first.stderr).toMatch(/blended.* \| failed: .*none\.png.* \(ERR_DATASET\)/);
    expect(first.stderr).toContain('0 of 6 done, 6 waiting; 6 to do, 1 at once');
  });

  it('has its plan and its steps in one file, and why a step failed in another', () => {
    const file = jsonOf(join(out, 'sweep.json')) as SweepFile;
    expectSchema('file-sweep', file);
    expect(file).toMatchObject({
      name: 'plan',
      base: '../..',
      plan: JSON.parse(JSON.stringify(plan)),
    });
    const [failure = ''] = namesIn(join(out, 'failures'));
    expectSchema('file-sweep-failure', jsonOf(join(out, 'failures', failure)));
    expect(namesIn(join(out, 'locks'))).toEqual([]);
  });

  it('tells its status from its folders', async () => {
    const told: SweepStatus = JSON.parse(at('status', out, '--json').stdout);
    expect(told).toEqual(
      JSON.parse(JSON.stringify({schemaVersion: 1, ...(await builtPackage().sweepStatus(out))})),
    );
    expectSchema('sweep-status', told);
    expect(told.steps.map(({kind, state}) => `${kind} ${state}`)).toEqual([
      ...['attack done', 'attack failed'],
      ...['defend done', 'defend done', 'defend blocked', 'defend blocked'],
    ]);
    expect(told.steps[1]?.failure).toMatchObject({code: 'ERR_DATASET'});
    const words = at('status', out);
    expect(words.status).toBe(0);
    expect(words.stdout).toContain('3 of 6 done, 1 failed, 2 blocked');
    expect(words.stdout).toContain('try them again with --retry-failed');
  });

  it('has a report of attacks by defenses, in which what failed is told', async () => {
    const path = join(folder, 'paper.html');
    const told = at('report', out, '--out', path, '--json');
    expect(told.status, told.stderr).toBe(0);
    expectSchema('sweep-report', JSON.parse(told.stdout));
    const files = {path, tablesCsv: join(folder, 'paper_tables.csv')};
    expect(JSON.parse(told.stdout)).toMatchObject({...files, counts: {done: 3, failed: 1}});
    const page = readFileSync(path, 'utf8');
    expect(page).toMatch(/<th scope="row">blended<\/th><td class="first none lost"/);
    expect(page).toMatch(/Runs that failed.*none\.png/s);
    // Two attacks and their mean, each without a defense and with either of two.
    expect(readFileSync(files.tablesCsv, 'utf8').trimEnd().split('\n')).toHaveLength(1 + 3 * 3);
    writeFileSync(path, 'the notes of someone');
    await expect(builtPackage().sweepReport(out, {out: path})).rejects.toMatchObject({
      code: 'ERR_OUTPUT',
    });
  });

  it('has in each step what the same call gives alone', async () => {
    const {attack, defend, readRun} = builtPackage();
    const [made, , purified] = (jsonOf(join(out, 'sweep.json')) as SweepFile).steps;
    const alone = join(folder, 'alone');
    const paths = {data: join(folder, 'data', 'shapes')};
    await attack({...made?.options, ...paths, out: join(alone, 'a')} as never);
    await defend({
      ...purified?.options,
      ...paths,
      ckpt: join(alone, 'a'),
      out: join(alone, 'd'),
    } as never);
    for (const [step, own] of [
      [made, 'a'],
      [purified, 'd'],
    ] as const) {
      const {after, result} = await readRun(join(out, step?.folder ?? ''));
      const expected = await readRun(join(alone, own));
      expect(after).toEqual(expected.after);
      if (own === 'd') expect(result?.sha256).toBe(expected.result?.sha256);
    }
  });

  it('does nothing twice, and tries a failed step again where it is asked to', async () => {
    const [made] = await stepsNow();
    const before = readFileSync(join(out, made?.folder ?? '', 'run.json'));
    const again = at('plan.yaml', '--json');
    expect(again.status).toBe(1);
    expect(JSON.parse(again.stdout)).toMatchObject({todo: 0, keptSteps: 3, counts: {failed: 1}});
    const retried = at('plan.yaml', '--retry-failed', '--dry-run', '--json');
    expect(JSON.parse(retried.stdout)).toMatchObject({todo: 3, secondsLeft: expect.any(Number)});
    expect(readFileSync(join(out, made?.folder ?? '', 'run.json'))).toEqual(before);
  });

  it('refuses another plan in its folder unless it is to go on with it, and keeps what is done', () => {
    const grown = {...plan, attacks: ['badnet'], defenses: ['clp', ft, {clp: {u: 2}}]};
    writePlan(join(folder, 'grown.yaml'), grown);
    const refused = at('grown.yaml', '--out', out);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('different in attacks, defenses: it has 1 step more');
    const dry = at('grown.yaml', '--out', out, '--resume', '--dry-run');
    expect(dry.status, dry.stderr).toBe(0);
    expect(dry.stdout).toContain('1 step to do: about');
    expect(dry.stdout).toContain('nothing was written');
    const elsewhere = sau(join(folder, 'data'), ['sweep', '../plan.yaml', '--out', out]);
    expect(elsewhere.stderr).toContain(`Expected the working folder ${folder}`);
  });

  it('does a single step for an engine, which knows it by its number', async () => {
    const steps = await stepsNow();
    const done = sau(folder, ['sweep', 'step', out, '--stage', '1', '--json'], {
      SLURM_ARRAY_TASK_ID: '0',
    });
    expect(JSON.parse(done.stdout)).toMatchObject({id: steps[2]?.id, wasDone: true});
    expectSchema('sweep-step', JSON.parse(done.stdout));
    const blocked = at('step', out, steps[4]?.id ?? '');
    expect(blocked.status).toBe(5);
    expect(blocked.stderr).toMatch(/which is blocked, but it failed: .*none\.png/);
    const lock = sweepLock(out, steps[1]?.id ?? '');
    const hooks = {signal: new AbortController().signal, onWait: () => undefined};
    await withLock(lock, hooks, async () => {
      const busy = at('step', out, steps[1]?.id ?? '');
      expect(busy).toMatchObject({status: 1, stderr: expect.stringContaining('(ERR_BUSY)')});
    });
    expect((await stepsNow())[1]?.failure?.code).toBe('ERR_DATASET'); // as before
    expect(at('step', out, '--stage', '5', '--index', '0').stderr).toContain(
      'Expected a stage of the sweep',
    );
  });

  it('leaves a folder alone that is no sweep', () => {
    const refused = at('plan.yaml', '--out', 'data');
    expect(refused.stderr).toContain('Expected an empty folder or that of a sweep');
    expect(at('status', 'data').stderr).toContain('it has no sweep.json');
    writeFileSync(join(folder, 'bad.yaml'), 'attacks: [badnet');
    expect(at('bad.yaml').stderr).toContain('Expected a readable YAML file for <plan.yaml>');
    expect(at().stderr).toContain('for <plan.yaml>');
  });
});
