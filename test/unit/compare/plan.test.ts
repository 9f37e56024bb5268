import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeEach, describe, expect, it} from 'vitest';
import {parseCompareConfig} from '../../../lib/compare/config.js';
import {openPlan, readPlan, resultOf, writePlan} from '../../../lib/compare/plan.js';
import {readComparison} from '../../../lib/compare/read_comparison.js';
import type {CompareOptions} from '../../../lib/options/documented.js';
import {comparedRun} from '../../../lib/records/layout.js';
import {writeRun} from '../../../lib/records/run.js';
import type {RunSummary} from '../../../lib/records/run_summary.js';
import {errorOf} from '../../support/error_of.js';
import {namesIn, temporaryFolder} from '../../support/folders.js';
import {runSummary} from '../../support/run_summaries.js';
import {metrics} from '../../support/sample_rounds.js';

const checkpoint = {path: 'model.pt', sha256: 'a'.repeat(64)};

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

function open(
  options: Partial<CompareOptions> = {},
  more: {sha256?: string; force?: boolean} = {},
) {
  const given = {ckpt: 'model.pt', methods: ['sau', 'ft'], seeds: [0], ...options};
  const {runs} = parseCompareConfig(given as CompareOptions);
  const {sha256 = checkpoint.sha256, force = false} = more;
  return openPlan(folder, {checkpoint: {...checkpoint, sha256}, runs, force});
}

/** What `defend` leaves in the folder of a run. */
async function finish(method: string, seed: number, more: Partial<RunSummary> = {}) {
  const run = comparedRun(folder, method, seed);
  mkdirSync(run, {recursive: true});
  await writeRun(run, runSummary(metrics(0.8, 0.1, 0.7), {method, seed, ...more}));
  writeFileSync(join(run, 'defense_result.pt'), 'weights');
}

const isDone = async (method: string, seed: number) =>
  (await resultOf(folder, {method, seed})) !== null;

describe('a comparison that is called again', () => {
  it('keeps the runs that are done', async () => {
    await open();
    await finish('sau', 0);
    await open();
    expect(await isDone('sau', 0)).toBe(true);
    expect(await isDone('ft', 0)).toBe(false);
  });

  it('keeps them where only the way to the checkpoint and the folder are another', async () => {
    await open();
    await finish('sau', 0);
    await open({ckpt: '/elsewhere/model.pt', out: 'x', recordRoot: 'y'} as Partial<CompareOptions>);
    expect(await isDone('sau', 0)).toBe(true);
  });

  it('removes what a run has left that was stopped, and nothing that is not of a run', async () => {
    await open();
    const run = comparedRun(folder, 'sau', 0);
    mkdirSync(run, {recursive: true});
    for (const name of ['sau_df.csv', 'rounds.jsonl', 'defense_result.pt', 'mine.txt']) {
      writeFileSync(join(run, name), '');
    }
    await open();
    expect(namesIn(run)).toEqual(['mine.txt']);
  });

  it('does a run again that was interrupted after some rounds', async () => {
    await open();
    await finish('sau', 0, {interrupted: true});
    await open();
    expect(namesIn(comparedRun(folder, 'sau', 0))).toEqual([]);
  });

  it('does not take a damaged result for one', async () => {
    await open();
    await finish('sau', 0);
    writeFileSync(join(comparedRun(folder, 'sau', 0), 'run.json'), '{"schema": 1');
    await open();
    expect(namesIn(comparedRun(folder, 'sau', 0))).toEqual([]);
  });

  it('may have more methods and seeds, or fewer: what is there of others stays', async () => {
    await open({methods: ['sau'], seeds: [0, 1]});
    await finish('sau', 0);
    await finish('sau', 1);
    const wider = await open({methods: ['ft', 'sau'], seeds: [1]});
    expect(wider.runs.map(({method, seed}) => `${method} ${seed}`)).toEqual([
      ...['ft 1', 'sau 1', 'sau 0'],
    ]);
    expect(await isDone('sau', 0)).toBe(true);
    expect(await isDone('sau', 1)).toBe(true);
  });

  it('refuses other options where a run is done, and says which', async () => {
    await open();
    await finish('sau', 0);
    const plan = readFileSync(join(folder, 'compare.json'), 'utf8');
    const other = open({clean: '20', set: {every: {rounds: 3}}});
    const error = await errorOf(other, 'ERR_CONFIG');
    expect(error.message).toContain(
      'for sau with seed 0 clean "5pct", rounds nothing, but received',
    );
    expect(error.message).toContain('received clean 20, rounds 3. Set out to another folder');
    expect(error.details).toMatchObject({different: ['clean', 'rounds'], method: 'sau', seed: 0});
    expect(readFileSync(join(folder, 'compare.json'), 'utf8')).toBe(plan);
    expect(await isDone('sau', 0)).toBe(true);
  });

  it('takes other options of a method that has no result yet', async () => {
    await open();
    await finish('sau', 0);
    const plan = await open({set: {ft: {rounds: 3}}});
    expect(plan.runs[1]?.options).toMatchObject({method: 'ft', rounds: 3});
    expect(await isDone('sau', 0)).toBe(true);
  });

  it('refuses another checkpoint', async () => {
    await open();
    const error = await errorOf(open({}, {sha256: 'b'.repeat(64)}), 'ERR_CONFIG');
    expect(error.message).toContain('other contents. Set out to another folder, or force');
  });

  it('starts anew with force: nothing that is there counts', async () => {
    await open();
    await finish('sau', 0);
    await open({clean: '20'}, {force: true, sha256: 'b'.repeat(64)});
    expect(namesIn(comparedRun(folder, 'sau', 0))).toEqual([]);
    expect(await readPlan(folder)).toMatchObject({checkpoint: {sha256: 'b'.repeat(64)}});
  });

  it('does not count a result of a run that the plan does not have', async () => {
    await open({methods: ['ft']});
    await finish('sau', 0);
    await open();
    expect(await isDone('sau', 0)).toBe(false);
  });
});

describe('the folder of a comparison', () => {
  it('is refused where it has anything else, which stays', async () => {
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const error = await errorOf(open(), 'ERR_OUTPUT');
    expect(error.message).toContain('but found notes.txt there. Set out to another folder');
    expect(namesIn(folder)).toEqual(['notes.txt']);
  });

  it.each(['{', '{"schema": 2, "runs": []}', 'null'])(
    'is refused where compare.json is %s',
    async (text) => {
      writeFileSync(join(folder, 'compare.json'), text);
      const error = await errorOf(open(), 'ERR_CHECKPOINT');
      expect(error.message).toContain(
        'compare.json but it is damaged. Copy the folder again, or set force',
      );
      await open({}, {force: true});
      expect(existsSync(join(folder, 'compare.json'))).toBe(true);
    },
  );

  it('is read as a comparison, finished or not', async () => {
    const plan = await open({seeds: [0, 1]});
    await finish('ft', 0);
    const failure = {code: 'ERR_DIVERGED', message: 'the loss became NaN'};
    const runs = plan.runs.map((run) => (run.method === 'sau' ? {...run, failure} : run));
    await writePlan(folder, {...plan, runs});
    const {methods} = await readComparison(folder);
    expect(methods.map(({method, runs}) => [method, ...runs.map(({kind}) => kind)])).toEqual([
      ['sau', 'failed', 'failed'],
      ['ft', 'done', 'waiting'],
    ]);
    const empty = await temporaryFolder();
    expect((await errorOf(readComparison(empty), 'ERR_CHECKPOINT')).message).toContain(
      'compare.json',
    );
  });
});
