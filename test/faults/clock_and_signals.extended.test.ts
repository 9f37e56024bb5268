import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {namesIn} from '../support/folders.js';
import {IS_BUILT, PROGRAM} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, useWorld} from '../support/world.js';
import {NO_FAULTS, useFaults} from './control.js';
import {Service} from './service.js';

const DAY = 86_400;

describe.skipIf(!IS_BUILT || NO_FAULTS !== null)('a run', () => {
  const world = useWorld();
  const faulty = useFaults();

  it('whose wall clock jumps by days, back and forth, tells how long it took', async () => {
    const {faults} = faulty;
    const service = new Service(faults);
    const out = join(world.folder, 'clock');
    faults.swingClock(30 * DAY);
    try {
      const options = {...CPU, ckpt: world.record, clean: '10', rounds: 1, batchSize: 8, out};
      const answer = await service.call({name: 'defend', args: [options]});
      expect(answer).toEqual({kind: 'done'});
    } finally {
      faults.disarm();
      service.stop();
    }
    const {seconds, started} = await builtPackage().readRun(out);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(DAY);
    expect(Math.abs(Date.parse(started ?? '') - Date.now())).toBeGreaterThan(DAY * 1000);
    expect(namesIn(out).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('that %s stops saves its rounds, and ends with code %i', async (signal, expected) => {
    const out = join(world.folder, signal);
    const scene = ['--ckpt', world.record, '--clean', '10', '--batch-size', '8', '--out', out];
    const args = ['defend', ...scene, '--rounds', '500', '--device', 'cpu', '--threads', '1'];
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const timer = setInterval(() => {
      const rows = join(out, 'rounds.jsonl');
      if (!existsSync(rows) || readFileSync(rows).length === 0) return;
      clearInterval(timer);
      child.kill(signal);
    }, 20);
    const [code] = await once(child, 'close');
    expect(code, stderr).toBe(expected);
    expect(await builtPackage().readRun(out)).toMatchObject({interrupted: true});
    expect(namesIn(out)).not.toContain('.sau-native.lock');
  });
});
