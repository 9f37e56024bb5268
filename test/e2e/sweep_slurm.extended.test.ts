import {execFile} from 'node:child_process';
import {existsSync, readdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {stringify} from 'yaml';
import type {StepStatus, SweepStatus} from '../../lib/sweep/status.js';
import {jsonOf} from '../support/folders.js';
import {contentsOf} from '../support/killed_runs.js';
import {IS_BUILT, PROGRAM} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {NO_SLURM, type Slurm, startSlurm} from '../support/slurm.js';
import {useWorld, VICTIM} from '../support/world.js';

// A real Slurm, and runs of a small model on synthetic images: some minutes.

const {kind: _, model, threads: _threads, ...ofVictim} = VICTIM;
const SEEDS = [0, 1, 2];
/** Six victims and eighteen defenses of them. */
const STEPS = 24;
const MINUTES = 60_000;

describe.skipIf(!IS_BUILT || NO_SLURM !== null)(
  `a sweep on Slurm (${NO_SLURM ?? 'it is there'})`,
  () => {
    const world = useWorld({attacked: false});
    let slurm: Slurm;
    let out = '';

    beforeAll(async () => {
      slurm = await startSlurm();
      out = join(world.folder, 'sweep');
    });
    afterAll(() => slurm?.stop());

    const sau = (...args: string[]): Promise<{code: number; stdout: string; stderr: string}> =>
      new Promise((resolve) => {
        const options = {cwd: world.folder, env: slurm.env, encoding: 'utf8' as const};
        execFile(process.execPath, [PROGRAM, ...args], options, (error, stdout, stderr) =>
          resolve({code: error === null ? 0 : Number(error.code), stdout, stderr}),
        );
      });
    const plan = (name: string, more: object = {}): string => {
      const path = join(world.folder, `${name}.yaml`);
      const matrix = {
        ...{attacks: ['badnet', 'blended'], data: ['data/shapes'], models: [model]},
        ...{defenses: ['ft', 'clp', 'fp'], seeds: SEEDS},
        resources: {memory: '1GiB'},
        attack: ofVictim,
        defend: {clean: '20%', rounds: 2, batchSize: 16, device: 'cpu'},
      };
      writeFileSync(path, stringify({...matrix, ...more}));
      return path;
    };
    const statusOf = (folder: string): Promise<SweepStatus> => builtPackage().sweepStatus(folder);
    const until = async (isSo: (status: SweepStatus) => boolean): Promise<SweepStatus> => {
      for (;;) {
        const status = await statusOf(out);
        if (isSo(status)) return status;
        await pause(100);
      }
    };
    const running = ({steps}: SweepStatus): StepStatus | undefined =>
      steps.find(({state}) => state === 'running');
    const contents = (folder: string, steps: readonly StepStatus[]): Record<string, unknown> =>
      Object.fromEntries(steps.map((step) => [step.folder, contentsOf(join(folder, step.folder))]));

    it(
      'has the results of one on this machine, byte for byte, after all that can happen to its jobs',
      async () => {
        const path = plan('plan');
        const local = await sau('sweep', path, '--out', out);
        expect([local.code, local.stderr]).toEqual([0, expect.any(String)]);
        const aside = `${out}-local`;
        renameSync(out, aside);

        const submitted = await sau('sweep', path, '--out', out, '--engine', 'slurm', '--json');
        expect(submitted).toMatchObject({code: 0});
        const {jobs} = (JSON.parse(submitted.stdout) as {submitted: {jobs: string[]}}).submitted;
        expect(jobs).toHaveLength(2);

        // The same call once more submits nothing: Slurm has the jobs.
        const again = await sau('sweep', path, '--out', out, '--engine', 'slurm', '--json');
        expect(again.stderr).toMatch(/Slurm has the jobs of \d+ steps already/);
        expect(JSON.parse(again.stdout)).toMatchObject({submitted: {jobs}});

        // A node is lost, and with it a job: Slurm begins it anew.
        await until((status) => running(status) !== undefined);
        const [array, index] = (await slurm.call('squeue', '-h', '-t', 'R', '-o', '%F %K'))
          .trim()
          .split('\n')[0]
          ?.split(' ') ?? [''];
        await slurm.call('scontrol', 'requeue', `${array}_${index}`);

        // The system kills a step.
        await until((status) => running(status) !== undefined);
        for (const name of readdirSync(join(out, 'locks'))) {
          const {pid} = jsonOf(join(out, 'locks', name)) as {pid: number};
          process.kill(pid, 'SIGKILL');
          break;
        }

        // The user loses patience.
        await until(({counts}) => counts.done >= 4);
        await slurm.call('scancel', ...jobs);
        await slurm.isIdle();
        const {counts} = await statusOf(out);
        expect(counts.done).toBeLessThan(STEPS);
        expect(counts.done + counts.waiting + counts.interrupted + counts.blocked).toBe(STEPS);

        const resumed = await sau('sweep', path, '--out', out, '--engine', 'slurm', '--wait');
        expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('24 of 24')]);
        const {steps} = await statusOf(out);
        expect(steps.map(({state}) => state)).toEqual(Array.from({length: STEPS}, () => 'done'));
        expect(contents(out, steps)).toEqual(contents(aside, steps));
      },
      20 * MINUTES,
    );

    it('has a report of attacks by defenses', async () => {
      const {path, tablesCsv} = await builtPackage().sweepReport(out);
      expect(readFileSync(path, 'utf8').match(/<tbody>.*?<\/tbody>/s)?.[0]).toMatch(
        /badnet.*blended/s,
      );
      // A row for each attack without and with each defense, and as many for the means.
      expect(readFileSync(tablesCsv, 'utf8').trimEnd().split('\n')).toHaveLength(1 + 3 * 4);
    });

    it(
      'goes on in the next job where the time limit stops a step',
      async () => {
        const path = plan('long', {
          ...{attacks: [{badnet: {epochs: 100_000, saveEvery: 1}}], defenses: [], seeds: [0]},
        });
        const folder = `${out}-long`;
        await sau('sweep', path, '--out', folder, '--engine', 'slurm');
        const state = async () => (await statusOf(folder)).steps[0];
        const saved = async (): Promise<boolean> =>
          readdirSync(join(folder, (await state())?.folder ?? '')).includes(
            'attack_epoch_latest.pt',
          );
        while (!existsSync(join(folder, (await state())?.folder ?? 'none')) || !(await saved())) {
          await pause(200);
        }
        const job = (await slurm.call('squeue', '-h', '-o', '%A')).trim();
        // As Slurm does shortly before the time limit.
        await slurm.call('scancel', '--batch', '--signal=USR1', job);
        const field = async (name: string): Promise<string> =>
          new RegExp(`${name}=(\\S+)`).exec(
            await slurm.call('scontrol', 'show', 'job', job),
          )?.[1] ?? '';
        while ((await field('Restarts')) !== '1' || (await field('JobState')) !== 'RUNNING') {
          await pause(200);
        }
        while ((await state())?.state !== 'running') await pause(200);
        await slurm.call('scancel', job);
        await slurm.isIdle();
        expect((await state())?.state).toBe('interrupted');
        const [log] = readdirSync(join(folder, 'logs'));
        const text = readFileSync(join(folder, 'logs', log ?? ''), 'utf8');
        expect(text).toMatch(/interrupted: stopping and saving/);
      },
      5 * MINUTES,
    );

    it(
      'does the defenses of all victims but of the one that failed',
      async () => {
        writeFileSync(join(world.folder, 'none.png'), 'no picture');
        const path = plan('failed', {
          ...{attacks: ['badnet', {blended: {pattern: 'none.png'}}], defenses: ['clp'], seeds: [0]},
          defend: {device: 'cpu'},
        });
        const folder = `${out}-failed`;
        const {code} = await sau('sweep', path, '--out', folder, '--engine', 'slurm', '--wait');
        expect(code).toBe(1);
        const {steps} = await statusOf(folder);
        expect(steps.map(({method, state}) => [method, state])).toEqual([
          ...[
            ['badnet', 'done'],
            ['blended', 'failed'],
          ],
          ...[
            ['clp', 'done'],
            ['clp', 'blocked'],
          ],
        ]);
        const logs = readdirSync(join(folder, 'logs')).map((name) =>
          readFileSync(join(folder, 'logs', name), 'utf8'),
        );
        expect(logs.filter((log) => log.includes('which is blocked'))).toHaveLength(1);
      },
      5 * MINUTES,
    );

    it('says what sbatch says where it refuses', async () => {
      const path = plan('refused', {resources: {partition: 'nowhere'}});
      const folder = `${out}-refused`;
      const {code, stderr} = await sau('sweep', path, '--out', folder, '--engine', 'slurm');
      expect(code).toBe(2);
      expect(stderr).toMatch(/sbatch.*refused: .*invalid partition.*nowhere/is);
    });

    it('makes several arrays of a stage that is larger than the cluster takes', async () => {
      const path = plan('many', {engines: {slurm: {maxArraySize: 4}}});
      const folder = `${out}-many`;
      const {stdout} = await sau('sweep', path, '--out', folder, '--engine', 'slurm', '--json');
      const {jobs} = (JSON.parse(stdout) as {submitted: {jobs: string[]}}).submitted;
      const queue = await slurm.call('squeue', '-h', '-r', '-o', '%F', '--states=all');
      const sizes = jobs.map((job) => queue.split('\n').filter((line) => line === job).length);
      expect(sizes).toEqual([4, 2, 4, 4, 4, 4, 2]);
      await slurm.call('scancel', ...jobs);
      await slurm.isIdle();
    });
  },
);
