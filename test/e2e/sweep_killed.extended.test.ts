import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {countsLine} from '../../bin/sweep_tables.js';
import {IS_BUILT, PROGRAM} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {
  contentsOfSweep,
  drawSmallShapes,
  SMALL_PLAN,
  takenOutSweep,
  writePlan,
} from '../support/sweeps.js';

const PLAN = {
  ...SMALL_PLAN,
  defenses: ['ft', 'clp', {sau: {steps: 1}}],
  seeds: [0, 1, 2],
  attack: {...SMALL_PLAN.attack, epochs: 3},
  defend: {...SMALL_PLAN.defend, rounds: 3},
};
const STEPS = 2 * 3 + 2 * 3 * 3;

/** Processes of steps that a process has started. */
function workersOf(parent: number): number[] {
  try {
    return readdirSync(`/proc/${parent}/task`)
      .flatMap((task) => readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').split(' '))
      .filter((pid) => pid.trim() !== '')
      .map(Number);
  } catch {
    return [];
  }
}

function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe.skipIf(!IS_BUILT)('a sweep of 24 runs that is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sau-sweep-killed-'));
  const out = join(folder, 'out');
  let whole: Record<string, Record<string, string>>;

  /** Starts the sweep; resolves once so many steps are done. */
  async function begun(steps: number, ...more: string[]): Promise<ChildProcess> {
    const args = [PROGRAM, 'sweep', 'plan.yaml', '--out', out, '--jobs', '2', ...more];
    const child = spawn(process.execPath, args, {cwd: folder, stdio: ['ignore', 'ignore', 'pipe']});
    let stderr = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
        if (new RegExp(`\\| ${steps} of ${STEPS} done`).test(stderr)) resolve();
      });
      child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${stderr}`)));
    });
    return child;
  }

  const counts = async () => (await builtPackage().sweepStatus(out)).counts;

  beforeAll(async () => {
    if (!IS_BUILT) return;
    await drawSmallShapes(folder);
    writePlan(join(folder, 'plan.yaml'), PLAN);
    const child = await begun(STEPS, '--jobs', '1');
    await once(child, 'close');
    whole = takenOutSweep(out);
  }, 600_000);
  afterAll(() => rmSync(folder, {recursive: true}));

  it('goes on to the same files, byte by byte but for times, with another number of jobs', async () => {
    // The parent, after which no process of it stays.
    const parent = await begun(5);
    const workers = workersOf(parent.pid ?? 0);
    expect(workers.length).toBeGreaterThan(0);
    parent.kill('SIGKILL');
    await once(parent, 'close');
    for (let i = 0; i < 100 && workers.some(lives); i++) await pause(100);
    expect(workers.filter(lives)).toEqual([]);
    const after = await counts();
    expect(after).toMatchObject({failed: 0, running: 0});
    expect(after.done).toBeGreaterThanOrEqual(5);
    // A process of a step, which is a failure of that step alone.
    const second = await begun(12);
    const [worker = 0] = workersOf(second.pid ?? 0).filter(lives);
    process.kill(worker, 'SIGKILL');
    const [code] = await once(second, 'exit');
    const failed = await counts();
    expect(code).toBe(failed.failed > 0 ? 1 : 0); // it may have been between steps
    expect(failed.done + failed.failed + failed.blocked).toBe(STEPS);
    const last = await begun(STEPS, '--retry-failed').catch(() => null);
    if (last !== null) await once(last, 'close');
    expect(await counts()).toMatchObject({total: STEPS, done: STEPS});
    expect(contentsOfSweep(out)).toEqual(whole);
  }, 900_000);

  it('stops at Ctrl-C with what it has, and processes that do many steps give the same files', async () => {
    rmSync(out, {recursive: true});
    const child = await begun(3);
    const workers = workersOf(child.pid ?? 0);
    let stderr = '';
    child.stderr?.on('data', (text: string) => {
      stderr += text;
    });
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect(code).toBe(130);
    expect(workers.filter(lives)).toEqual([]);
    expect(await counts()).toMatchObject({failed: 0, running: 0});
    expect(stderr).toContain(`Interrupted: ${countsLine(await counts())}. Run the same command`);
    expect(stderr).not.toContain('with resume'); // that is how a run goes on alone
    const plan = {...PLAN, engines: {local: {stepsPerProcess: 100, jobs: 3}}};
    const here = process.cwd();
    process.chdir(folder);
    const result = await builtPackage().sweep({plan, out});
    process.chdir(here);
    expect(result.counts).toMatchObject({total: STEPS, done: STEPS});
    expect(contentsOfSweep(out)).toEqual(whole);
  }, 900_000);

  it('has steps that SIGTERM of a scheduler stops without a failure, and that go on', async () => {
    const {sweepStatus} = builtPackage();
    rmSync(out, {recursive: true});
    const child = await begun(1);
    child.kill('SIGINT');
    await once(child, 'exit');
    const left = (await sweepStatus(out)).steps.find(
      ({kind, state}) => kind === 'attack' && state !== 'done',
    );
    const id = left?.id ?? '';
    const args = [PROGRAM, 'sweep', 'step', out, id];
    const stopped = spawn(process.execPath, args, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    stopped.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (/epoch 1/.test(text)) stopped.kill('SIGTERM');
    });
    const [code] = await once(stopped, 'exit');
    const stateOf = async () =>
      (await sweepStatus(out)).steps.find((step) => step.id === id)?.state;
    expect([code, await stateOf()]).toEqual([143, 'interrupted']);
    const again = spawn(process.execPath, args, {cwd: folder, stdio: 'ignore'});
    expect(await once(again, 'exit')).toEqual([0, null]);
    expect(await stateOf()).toBe('done');
    expect(contentsOfSweep(out)[left?.folder ?? '']).toEqual(whole[left?.folder ?? '']);
  }, 300_000);
});
