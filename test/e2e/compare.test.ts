import {type ChildProcess, spawn} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {once} from 'node:events';
import {existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {beforeAll, describe, expect, it} from 'vitest';
import type {CompareOptions, CompareProgress, CompareResult} from '../../lib/index.js';
import {jsonOf, linesOf, namesIn} from '../support/folders.js';
import {expectSchema} from '../support/json_schemas.js';
import {IS_BUILT, PROGRAM} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {CPU, useWorld} from '../support/world.js';

/** Processes of runs that this process, or another one, has started. */
function runsOf(parent: number): number[] {
  return readdirSync(`/proc/${parent}/task`)
    .flatMap((task) => readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').split(' '))
    .filter((pid) => pid.trim() !== '')
    .map(Number)
    .filter((pid) => commandOf(pid).includes('run_process.js'));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

const told = (progress: readonly CompareProgress[]) =>
  progress.flatMap((one) =>
    one.kind === 'within' || one.kind === 'reporting' || one.kind === 'estimate'
      ? []
      : [`${one.kind} ${one.run} ${one.method} ${one.seed}`],
  );

describe.skipIf(!IS_BUILT)('a comparison', () => {
  const world = useWorld();
  const options = (name: string, more: object = {}): CompareOptions => ({
    ...CPU,
    ckpt: world.record,
    out: join(world.folder, name),
    clean: '20',
    methods: ['sau', 'ft'],
    seeds: [0, 1],
    set: {every: {rounds: 2, batchSize: 8}, ft: {learningRate: 0.02}},
    ...more,
  });

  describe('of two methods and two seeds', () => {
    let result: CompareResult;
    const progress: CompareProgress[] = [];
    beforeAll(async () => {
      if (!IS_BUILT) return;
      const run = {onProgress: (one: CompareProgress) => progress.push(one)};
      result = await builtPackage().compare(options('whole'), run);
    });

    it('does all methods of a seed, then those of the next, and tells of each', () => {
      expect(told(progress)).toEqual([
        ...['run 0 sau 0', 'ran 0 sau 0', 'run 1 ft 0', 'ran 1 ft 0'],
        ...['run 2 sau 1', 'ran 2 sau 1', 'run 3 ft 1', 'ran 3 ft 1'],
      ]);
      const left = progress.flatMap((one) => (one.kind === 'run' ? [one.secondsLeft] : []));
      expect(left).toEqual([null, null, expect.any(Number), expect.any(Number)]);
      const stages = progress.filter(
        (one) => one.kind === 'within' && one.progress.kind === 'stage',
      );
      expect(stages.length).toBeGreaterThan(8);
    });

    it('takes equal clean images for all methods of a seed, and others for the next', () => {
      const clean = (method: string, seed: number) =>
        readFileSync(join(result.folder, method, `seed_${seed}`, 'clean_index.txt'), 'utf8');
      expect(clean('sau', 0)).toBe(clean('ft', 0));
      expect(clean('sau', 1)).toBe(clean('ft', 1));
      expect(clean('sau', 0)).not.toBe(clean('sau', 1));
      expect(result.notes).toEqual([]);
    });

    it('has in each run what defend gives with equal options', async () => {
      const {defend, readRun} = builtPackage();
      const alone = await defend({
        ...{...CPU, ckpt: world.record, out: join(world.folder, 'alone'), clean: '20', seed: 1},
        ...{method: 'ft', rounds: 2, batchSize: 8, learningRate: 0.02, evalEvery: 0},
      });
      const run = result.methods[1]?.runs[1];
      if (run?.kind !== 'done') throw new Error('not done');
      expect(run.after).toEqual(alone.after);
      expect(run.before).toEqual(alone.before);
      const ofRun = await readRun(run.folder);
      const ofAlone = await readRun(join(world.folder, 'alone'));
      expect(ofRun.result?.sha256).toBe(ofAlone.result?.sha256);
      expect(ofRun.result?.sha256).toMatch(/^[0-9a-f]{64}$/);
    });

    it('has figures of each method, and what it cost', () => {
      expect(result).toMatchObject({keptRuns: 0, failedRuns: 0, checkpoint: expect.any(String)});
      expect(result.methods.map(({method}) => method)).toEqual(['sau', 'ft']);
      for (const {acc, asr, ra, der, peakMemoryBytes, runs} of result.methods) {
        for (const spread of [acc, asr, ra, der]) expect(spread).toMatchObject({count: 2});
        for (const run of runs) {
          if (run.kind !== 'done') throw new Error('not done');
          expect(run.before).toEqual(result.before);
          expect(run.methodSeconds).toBeGreaterThan(0);
          expect(run.methodSeconds ?? 0).toBeLessThan(run.seconds ?? 0);
        }
        expect(peakMemoryBytes?.mean).toBeGreaterThan(2 ** 26);
      }
      const [unlearning, tuning] = result.methods;
      expect(tuning).toMatchObject({
        forwardPerImage: {mean: 2, deviation: 0},
        backwardPerImage: {mean: 2, deviation: 0},
      });
      expect(unlearning?.forwardPerImage?.mean).toBeGreaterThan(10);
    });

    it('writes its tables, and is read again as it was', async () => {
      const {folder, files, seconds, keptRuns, failedRuns, ...comparison} = result;
      expect(seconds).toBeGreaterThan(0);
      expect([keptRuns, failedRuns]).toEqual([0, 0]);
      expect(namesIn(folder)).toEqual([
        ...['compare.csv', 'compare.json', 'compare_runs.csv', 'ft', 'sau'],
      ]);
      expect(linesOf(files.csv)).toHaveLength(3);
      expect(linesOf(files.runsCsv)).toHaveLength(5);
      expect(jsonOf(files.json)).toMatchObject({
        schemaVersion: 1,
        runs: [{method: 'sau', failure: null}, {}, {}, {}],
      });
      expect(await builtPackage().readComparison(folder)).toEqual({folder, ...comparison});
    });

    it('is whole when it is called again, also with a method less or an other order', async () => {
      const progress: CompareProgress[] = [];
      const again = await builtPackage().compare(options('whole', {methods: ['ft']}), {
        onProgress: (one) => progress.push(one),
      });
      expect(told(progress)).toEqual(['kept 0 ft 0', 'kept 1 ft 1']);
      expect(again.methods).toEqual([result.methods[1]]);
      expect(linesOf(again.files.csv)).toHaveLength(2);
    });

    it('refuses other options in its folder, on the command line by their flags', async () => {
      const other = builtPackage().compare(options('whole', {clean: '21'}));
      await expect(other).rejects.toMatchObject({
        code: 'ERR_CONFIG',
        message: /clean 20, but received clean 21/,
      });
      const args = ['--ckpt', world.record, '--out', join(world.folder, 'whole'), '--clean', '20'];
      const {status, stderr} = sau(world.folder, ['compare', ...args, '--device', 'cpu']);
      expect(status).toBe(2);
      expect(stderr).toMatch(/with seed 0 .*--batch-size 8.*Set --out to another folder/);
    });
  });

  it('goes on where it was aborted, to the figures of an unbroken one', async () => {
    const {compare} = builtPackage();
    const controller = new AbortController();
    const reason = new Error('enough');
    const given = options('broken', {seeds: [0]});
    const aborted = compare(given, {
      signal: controller.signal,
      onProgress: (one) => {
        const isLast =
          one.kind === 'within' && one.method === 'ft' && one.progress.kind === 'before';
        if (isLast) controller.abort(reason);
      },
    });
    await expect(aborted).rejects.toBe(reason);
    const folder = join(world.folder, 'broken');
    expect(runsOf(process.pid)).toEqual([]);
    expect(namesIn(join(folder, 'ft', 'seed_0'))).toEqual([]);
    const partial = await builtPackage().readComparison(folder);
    expect(partial.methods.map(({runs}) => runs[0]?.kind)).toEqual(['done', 'waiting']);
    const written = statSync(join(folder, 'sau', 'seed_0', 'run.json')).mtimeMs;
    const ofKilled = join(folder, `.compare.csv.${randomUUID()}.tmp`);
    writeFileSync(ofKilled, 'method');
    const progress: CompareProgress[] = [];
    const result = await compare(given, {onProgress: (one) => progress.push(one)});
    expect(told(progress)).toEqual(['kept 0 sau 0', 'run 1 ft 0', 'ran 1 ft 0']);
    expect(result).toMatchObject({keptRuns: 1, failedRuns: 0});
    expect(existsSync(ofKilled)).toBe(false);
    expect(statSync(join(folder, 'sau', 'seed_0', 'run.json')).mtimeMs).toBe(written);
    const whole = await builtPackage().readComparison(join(world.folder, 'whole'));
    for (const method of ['sau', 'ft']) {
      const [broken, unbroken] = [result, whole].map(({methods}) => {
        const run = methods.find((one) => one.method === method)?.runs[0];
        return run?.kind === 'done' ? run.after : null;
      });
      expect(broken).not.toBeNull();
      expect(broken).toEqual(unbroken);
    }
  });

  it('goes on within a run whose state was saved', async () => {
    const {compare} = builtPackage();
    const given = options('within', {seeds: [0], methods: ['ft'], set: {ft: {rounds: 3}}});
    const controller = new AbortController();
    const aborted = compare(given, {
      signal: controller.signal,
      onProgress: (one) => {
        if (one.kind === 'within' && one.progress.kind === 'round') controller.abort();
      },
    });
    await expect(aborted).rejects.toMatchObject({name: 'AbortError'});
    const place = join(world.folder, 'within', 'ft', 'seed_0');
    expect(namesIn(place)).toEqual(['defense_state.pt']);
    const rounds: number[] = [];
    const result = await compare(given, {
      onProgress: (one) => {
        if (one.kind === 'within' && one.progress.kind === 'round')
          rounds.push(one.progress.report.round);
      },
    });
    expect(rounds).not.toContain(0);
    expect(result).toMatchObject({keptRuns: 0, failedRuns: 0});
    expect(namesIn(place)).not.toContain('defense_state.pt');
  });

  it('tells of a run whose process is killed, goes on with the others, and tries it again', async () => {
    const {compare} = builtPackage();
    const given = options('killed', {seeds: [0]});
    const result = await compare(given, {
      onProgress: (one) => {
        if (one.kind !== 'within' || one.method !== 'sau' || one.progress.kind !== 'before') return;
        for (const pid of runsOf(process.pid)) process.kill(pid, 'SIGKILL');
      },
    });
    expect(result).toMatchObject({failedRuns: 1, keptRuns: 0});
    expect(result.methods[0]?.runs).toEqual([
      expect.objectContaining({
        ...{kind: 'failed', code: 'ERR_NATIVE'},
        message: expect.stringMatching(/ended with SIGKILL, as where the system is out of memory/),
      }),
    ]);
    expect(result.methods[1]?.runs[0]?.kind).toBe('done');
    const again = await compare(given);
    expect(again).toMatchObject({failedRuns: 0, keptRuns: 1});
  });

  it('says in a row why a method has no result, and in the exit code', () => {
    const args = ['--ckpt', world.record, '--out', 'diverged', '--clean', '20', '--seeds', '0'];
    const run = ['--device', 'cpu', '--threads', '1', '--rounds', '2', '--batch-size', '8'];
    const given = [
      'compare',
      '--methods',
      'ft,sau',
      ...args,
      ...run,
      '--set',
      'ft.learning-rate=1e30',
    ];
    const {status, stdout, stderr} = sau(world.folder, given);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^ft( +-)+ +0\/1$/m);
    expect(stdout).toMatch(/^sau .* 1\/1$/m);
    expect(stdout).toMatch(/^ft, seed 0: .*\(ERR_DIVERGED\)$/m);
    expect(stderr).toMatch(/run 1\/2: ft, seed 0 \| no result: .*ERR_DIVERGED/);
    expect(namesIn(join(world.folder, 'diverged', 'ft', 'seed_0'))).toEqual([]);
    const json = sau(world.folder, [...given, '--json', '--quiet']);
    expect(json).toMatchObject({status: 1, stderr: ''});
    const document = JSON.parse(json.stdout);
    expect(document).toMatchObject({failedRuns: 1, keptRuns: 1, seeds: [0]});
    expect(document.methods[1].runs[0].verdict.state).toMatch(/^[a-z-]+$/);
    expectSchema('compare', document);
    expectSchema('file-compare', jsonOf(document.files.json));
  });

  it.each([
    ['a checkpoint that is not there', {ckpt: 'nowhere.pt'}, 'ERR_CHECKPOINT'],
    ['more clean images than there are', {clean: '5000'}, 'ERR_CONFIG'],
    ['a data set that is not there', {data: 'nowhere'}, 'ERR_DATASET'],
    ['a folder of something else', {out: world.data}, 'ERR_OUTPUT'],
    ['a device that is not there', {device: 'cuda:9'}, 'ERR_DEVICE'],
  ])('begins no run for %s', async (_, more, code) => {
    const refused = builtPackage().compare(options('refused', more));
    await expect(refused).rejects.toMatchObject({code});
    if (code !== 'ERR_DEVICE') expect(existsSync(join(world.folder, 'refused'))).toBe(false);
  });

  describe('on the command line', () => {
    const ARGS = ['--clean', '20', '--methods', 'ft,sau', '--seeds', '0', '--batch-size', '8'];
    const QUICK = ['--device', 'cpu', '--threads', '1', '--set', 'ft.rounds=1'];

    /** The program in a process group of its own, as a terminal has it, in the second run. */
    async function inSecondRun(out: string): Promise<ChildProcess> {
      const args = ['compare', '--ckpt', world.record, '--out', out, ...ARGS, ...QUICK];
      const child = spawn(process.execPath, [PROGRAM, ...args, '--set', 'sau.rounds=300'], {
        ...{cwd: world.folder, detached: true},
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      await new Promise<void>((resolve, reject) => {
        let stderr = '';
        child.stderr.on('data', (text: Buffer) => {
          stderr += String(text);
          if (stderr.includes('run 2/2: sau, seed 0 ...')) resolve();
        });
        child.once('exit', () => reject(new Error(stderr)));
      });
      return child;
    }

    it('is interrupted by Ctrl-C, which ends the run that goes on, and goes on later', async () => {
      const child = await inSecondRun('ctrl_c');
      const ended = once(child, 'exit');
      process.kill(-(child.pid ?? 0), 'SIGINT');
      expect(await ended).toEqual([130, null]);
      const args = ['compare', '--ckpt', world.record, '--out', 'ctrl_c', ...ARGS, ...QUICK];
      const {status, stdout, stderr} = sau(world.folder, [...args, '--set', 'sau.rounds=1']);
      expect(status).toBe(0);
      expect(stderr).toContain('run 1/2: ft, seed 0 | done before');
      expect(stdout).toContain('2 runs, 1 done before, in ');
    });

    it('leaves no process behind where it is killed, and goes on later', async () => {
      const child = await inSecondRun('sigkill');
      const {pid = 0} = child;
      let runs = runsOf(pid);
      for (let tries = 0; tries < 100 && runs.length === 0; tries++) {
        await pause(50);
        runs = runsOf(pid);
      }
      expect(runs).toHaveLength(1);
      const ended = once(child, 'exit');
      process.kill(pid, 'SIGKILL');
      await ended;
      for (let tries = 0; tries < 100 && runs.some((run) => commandOf(run) !== ''); tries++) {
        await pause(100);
      }
      expect(runs.map(commandOf)).toEqual(['']);
      const args = ['compare', '--ckpt', world.record, '--out', 'sigkill', ...ARGS, ...QUICK];
      const {status, stderr} = sau(world.folder, [...args, '--set', 'sau.rounds=1']);
      expect(status).toBe(0);
      expect(stderr).toContain('run 1/2: ft, seed 0 | done before');
    });

    it('takes sections of a file for single methods, and the rest for all', () => {
      writeFileSync(
        join(world.folder, 'methods.yaml'),
        'methods: [ft]\nseeds: [3]\nratio: 0.25\nrounds: 2\nft:\n  lr: 0.03\n  batchSize: 8\n',
      );
      const args = ['--ckpt', world.record, '--out', 'sections', '--config', 'methods.yaml'];
      const run = ['--device', 'cpu', '--threads', '1', '--rounds', '1', '--json'];
      const {status, stdout} = sau(world.folder, ['compare', ...args, ...run]);
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({methods: [{method: 'ft', runs: [{seed: 3}]}]});
      expect(jsonOf(join(world.folder, 'sections', 'ft', 'seed_3', 'run.json'))).toMatchObject({
        ...{seed: 3, completedRounds: 1, cleanSubset: {count: 30}},
        options: {learningRate: 0.03, batchSize: 8, evalEvery: 0},
      });
    });
  });
});
