import {type SpawnSyncReturns, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {DIST} from '../support/paths.js';

const PROGRAM = join(DIST, 'bin/sau-native.js');
const folder = mkdtempSync(join(tmpdir(), 'sau-cli-'));
afterAll(() => rmSync(folder, {recursive: true}));

function sau(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [PROGRAM, ...args], {encoding: 'utf8', cwd: folder});
}

describe.skipIf(!existsSync(PROGRAM))('sau-native', () => {
  it('lists its commands, with examples', () => {
    const {stdout, status} = sau('--help');
    expect(status).toBe(0);
    for (const command of [
      'defend',
      'compare',
      'attack',
      'evaluate',
      'inspect',
      'models',
      'setup',
      'doctor',
      'demo',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
    }
    expect(stdout).toContain('Examples:');
  });

  it.each([
    'defend',
    'compare',
    'attack badnet',
    'evaluate',
    'inspect',
    'models',
    'setup',
    'doctor',
    'demo',
  ])('has help with examples for %s', (command) => {
    const {stdout, stderr, status} = sau(...command.split(' '), '--help');
    expect({stderr, status}).toEqual({stderr: '', status: 0});
    expect(stdout).toMatch(/Examples:\n {2}\$ sau-native/);
  });

  it('shows defaults, and keeps the official names out of sight', () => {
    const {stdout} = sau('defend', '--help');
    expect(stdout).toMatch(/--steps <n> +PGD steps per batch \(default: 5\)/);
    expect(stdout).not.toContain('--adv_steps');
  });

  it("shows an attack's own default where it differs from that of all attacks", () => {
    const shown = (kind: string) =>
      /--poison-rate[^(]*\(default:\s+([\d.]+)\)/.exec(sau('attack', kind, '--help').stdout)?.[1];
    expect(['badnet', 'ctrl'].map(shown)).toEqual(['0.1', '0.05']);
  });

  it('says its version', () => {
    expect(sau('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [[], /Expected a command/],
    [['purify'], /unknown command 'purify'/],
    [['defend', '--stepz', '1'], /unknown option '--stepz'\n\(Did you mean --steps\?\)/],
    [['attack', 'badnets'], /Did you mean badnet\?\); see sau-native attack --help/],
    [['attack', 'badnet', '--program', 'x'], /; see sau-native attack badnet --help/],
    [['defend', '--steps'], /'--steps <n>' argument missing/],
    [['defend'], /Expected --ckpt, --result-file or --program but received none/],
    [['defend', '--ckpt', 'x', '--step-size', '0'], /for --step-size but received 0/],
    [['defend', '--ckpt', 'x', '--adv_steps', '0'], /for --adv_steps but received 0/],
    [['defend', '--ckpt', 'x', '--device', 'gpu'], /for --device but received "gpu"/],
    [['defend', '--ckpt', 'x', '--config', 'none.yaml'], /but received none\.yaml/],
    [['attack', 'badnet', '--pratio', '2'], /for --pratio but received 2/],
    [['evaluate', '--ckpt', 'x', '--mean', '0,0,0'], /both or none of --mean and --std/],
    [['compare'], /Expected --ckpt, --result-file or --program but received none/],
    [['compare', '--ckpt', 'x', '--rounds', '0'], /for --rounds of sau but received 0/],
    [['compare', '--ckpt', 'x', '--set', 'ft.step-size=1'], /but received ft\.stepSize/],
    [['compare', '--ckpt', 'x', '--methods', 'sau,x'], /for --methods but received "sau,x"/],
    [['demo', '--seed', '-1'], /for --seed but received -1/],
    [['inspect'], /missing required argument 'path'/],
  ])('exits with 2 for %j', (args, message) => {
    const {stdout, stderr, status} = sau(...args);
    expect(stderr).toMatch(message);
    expect(stderr).toContain('(ERR_CONFIG)');
    expect({stdout, status}).toEqual({stdout: '', status: 2});
  });

  it('prints an error as JSON where JSON was asked for', () => {
    const {stdout, stderr, status} = sau('defend', '--ckpt', 'x', '--steps', '0', '--json');
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'ERR_CONFIG',
        message: 'Expected integer > 0 for --steps but received 0',
        details: {issues: [{option: 'steps', expected: 'integer > 0', received: '0'}]},
      },
    });
    expect({stderr, status}).toEqual({stderr: '', status: 2});
    expect(JSON.parse(sau('defend', '--stepz', '--json').stdout)).toMatchObject({
      error: {code: 'ERR_CONFIG'},
    });
  });

  it('exits with 1 for a checkpoint that is none', () => {
    const path = join(folder, 'bad.pt');
    writeFileSync(path, Buffer.from([1, 2, 3, 4]));
    const {stderr, status} = sau('inspect', path);
    expect(stderr).toContain('(ERR_CHECKPOINT)');
    expect(status).toBe(1);
  });
});

describe.skipIf(!existsSync(PROGRAM))('a long run', () => {
  const script = (work: string) => `
    const {longRun} = require(${JSON.stringify(join(DIST, 'bin/long_run.js'))});
    const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
    longRun(process.argv[1] === 'quiet', ['a note'], async ({signal, onProgress}) => {
      onProgress({kind: 'stage', message: 'working'});
      ${work}
    }).then((run) => console.log(JSON.stringify(run)));
  `;

  it('is told of the first Ctrl-C and may still give a result', async () => {
    const work = 'while (!signal.aborted) await sleep(10); return signal.reason.code;';
    const child = spawn(process.execPath, ['-e', script(work)]);
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.once('data', () => child.kill('SIGINT'));
    const [status] = await once(child, 'close');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({result: 'ERR_ABORTED', interrupted: true});
  });

  it('ends at the second Ctrl-C', async () => {
    const child = spawn(process.execPath, ['-e', script('await sleep(60000);')]);
    child.stderr.on('data', () => child.kill('SIGINT'));
    const [status] = await once(child, 'close');
    expect(status).toBe(130);
  });

  it('prints plain lines where stderr is no terminal, and nothing when quiet', () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ['-e', script('return 1;'), ...args], {encoding: 'utf8'});
    expect(run().stderr).toBe('note: a note\nworking ...\n');
    expect(run('quiet')).toMatchObject({
      stderr: '',
      stdout: '{"result":1,"interrupted":false}\n',
    });
  });
});
