import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {DIST} from '../support/paths.js';

/** Writes a file that never ends, under a handler of Ctrl-C that lets it. */
const SCRIPT = `
const {interruptible} = require(process.argv[1] + '/bin/long_run.js');
const {writeWhole} = require(process.argv[1] + '/lib/base/whole_file.js');
const interrupted = () => { console.log('first'); return new Error('interrupted'); };
interruptible(interrupted, () => undefined, () => writeWhole(process.argv[2], async (handle) => {
  await handle.write('half');
  console.log('writing');
  setInterval(() => undefined, 1000);
  await new Promise(() => undefined);
}));`;

let folder: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sau-interrupt-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, {recursive: true});
});

it.skipIf(!existsSync(DIST)).each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)(
  'a second %s within a write leaves no temporary file, and ends with code %i',
  async (signal, expected) => {
    const path = join(folder, 'defense_result.pt');
    child = spawn(process.execPath, ['-e', SCRIPT, DIST, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = async (): Promise<string> => {
      if (child?.stdout == null) throw new Error('no stdout');
      const [chunk] = await once(child.stdout, 'data');
      return String(chunk).trim();
    };
    expect(await said()).toBe('writing');
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\.defense_result\.pt\..*\.tmp$/)]);
    child.kill(signal);
    expect(await said()).toBe('first');
    expect(readdirSync(folder)).toHaveLength(1); // the write may go on
    child.kill(signal);
    const [code] = await once(child, 'exit');
    expect(code).toBe(expected);
    expect(readdirSync(folder)).toEqual([]);
  },
);
