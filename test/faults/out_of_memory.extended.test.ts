import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, afterEach, describe, expect, it} from 'vitest';
import {namesIn} from '../support/folders.js';
import {contentsOf, STATE, takenOut} from '../support/killed_runs.js';
import {IS_BUILT, PROGRAM} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {useWorld} from '../support/world.js';
import {MemoryGroup} from './memory_group.js';

const GROUP = IS_BUILT ? MemoryGroup.make() : null;
const ROUNDS = '40';

/** Ends a process of the group for want of memory, once the condition holds. How many the kernel killed. */
async function starve(group: MemoryGroup, child: ChildProcess, when: () => boolean) {
  const before = group.kills();
  const timer = setInterval(() => {
    if (group.kills() > before) group.thaw();
    else if (when()) group.freeze();
  }, 2);
  await once(child, 'close');
  clearInterval(timer);
  group.thaw();
  return group.kills() - before;
}

function started(group: MemoryGroup, args: readonly string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], {stdio: ['ignore', 'pipe', 'pipe']});
  group.add(child.pid ?? 0);
  const said = {stdout: '', stderr: ''};
  child.stdout.on('data', (text) => {
    said.stdout += text;
  });
  child.stderr.on('data', (text) => {
    said.stderr += text;
  });
  return {child, said};
}

describe.skipIf(GROUP === null)('where the container is out of memory', () => {
  const group = GROUP as MemoryGroup;
  const world = useWorld();
  const size = ['--batch-size', '10', '--device', 'cpu', '--threads', '1', '--save-every', '1'];
  const argsOf = (command: string, out: string) => [
    command,
    '--ckpt',
    world.record,
    '--clean',
    '20',
    '--rounds',
    ROUNDS,
    '--out',
    out,
    ...size,
  ];

  afterEach(() => group.thaw());
  afterAll(() => group.remove());

  it('a defense is killed within its rounds, and goes on to the files of an unbroken one', async () => {
    const out = join(world.folder, 'defend');
    const args = argsOf('defend', out);
    expect(spawnSync(process.execPath, [PROGRAM, ...args]).status).toBe(0);
    const whole = takenOut(out);
    const {child, said} = started(group, args);
    const kills = await starve(group, child, () => existsSync(join(out, STATE)));
    expect(child.signalCode, said.stderr).toBe('SIGKILL');
    expect(kills).toBe(1);
    expect(namesIn(out)).toContain(STATE);
    const {status, stderr} = spawnSync(process.execPath, [PROGRAM, ...args, '--resume'], {
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    expect(contentsOf(out)).toEqual(whole);
  });

  it('a comparison tells that memory may be why, does its other runs, and the next call the one', async () => {
    const out = join(world.folder, 'compare');
    const args = [...argsOf('compare', out), '--methods', 'sau,ft', '--seeds', '0'];
    const {child, said} = started(group, args);
    const state = join(out, 'sau', 'seed_0', STATE);
    expect(await starve(group, child, () => existsSync(state)), said.stderr).toBe(1);
    expect(child.exitCode, said.stderr).toBe(1);
    expect(said.stderr).toContain('SIGKILL, as where the system is out of memory');
    const kinds = async () =>
      (await builtPackage().readComparison(out)).methods.map(({runs}) => runs[0]?.kind);
    expect(await kinds()).toEqual(['failed', 'done']);
    const again = spawnSync(process.execPath, [PROGRAM, ...args], {encoding: 'utf8'});
    expect(again.status, again.stderr).toBe(0);
    expect(await kinds()).toEqual(['done', 'done']);
  });
});
