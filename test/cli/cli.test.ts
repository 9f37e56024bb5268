import {type SpawnSyncReturns, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {expectSchema} from '../support/json_schemas.js';
import {DIST} from '../support/paths.js';
import {putFiles, signFiles, someSigns} from '../support/sign_files.js';

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
      'sweep',
      'attack',
      'evaluate',
      'inspect',
      'models',
      'data',
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
    'sweep',
    'sweep status',
    'sweep step',
    'attack badnet',
    'evaluate',
    'inspect',
    'models',
    'data',
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
    expect(stdout).toMatch(/--steps <n> +PGD steps per batch \(default:\s+sau: 5; npd: 2, /);
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
    [['attack', 'badnet', '--poisoned', 'x'], /; see sau-native attack badnet --help/],
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
    [
      ['sweep'],
      /Expected the name of a YAML file, or a plan for <plan\.yaml> but received nothing/,
    ],
    [['sweep', 'none.yaml'], /a readable YAML file for <plan\.yaml> but received none\.yaml/],
    [['sweep', 'x', '--jobs', '0'], /for --jobs but received 0/],
    [['sweep', 'step', 'x', '--stage', '-1'], /for --stage but received -1/],
    [['sweep', 'status'], /missing required argument 'dir'/],
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
    expectSchema('error', JSON.parse(stdout));
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
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

describe.skipIf(!existsSync(PROGRAM))('sau-native inspect', () => {
  const data = join(folder, 'signs');
  const shown = 'signs';
  beforeAll(() =>
    putFiles(data, signFiles({train: someSigns(2), test: someSigns(1)}, 'reference')),
  );

  it('says what a data set is, and what a run on it takes', () => {
    const {stdout, stderr, status} = sau('inspect', shown);
    expect({status, stderr}).toEqual({status: 0, stderr: 'reading signs ...\n'});
    expect(stdout).toMatch(/^can be used: yes\n/);
    expect(stdout).toContain('data set: GTSRB (gtsrb)');
    expect(stdout).toContain('train: 86 images, 2 of each class');
    expect(stdout).toContain('14 (stop), 15 ');
    expect(stdout).toMatch(/and 23 more/);
    expect(stdout).toContain(`--data: ${data}`);
    expect(stdout).toContain('--image-size: 32');
    expect(stdout).toContain('--mean and --std: 0,0,0 and 1,1,1');
  });

  it('tells the same as JSON, and draws a preview', () => {
    const {stdout, stderr} = sau('inspect', shown, '--json', '--quiet', '--preview');
    expect(stderr).toBe('');
    const told = JSON.parse(stdout);
    expectSchema('inspect-dataset', told);
    expect(told).toMatchObject({name: 'gtsrb', preview: join(folder, 'preview.png')});
    expect(told.classes[14]).toEqual({name: '00014', title: 'stop', train: 2, test: 1});
    expect(existsSync(join(folder, 'preview.png'))).toBe(true);
    sau('inspect', shown, '--preview', 'mine.png');
    expect(existsSync(join(folder, 'mine.png'))).toBe(true);
  });

  it('says what cannot be read, with exit code 0', () => {
    const file = join(data, 'Train', '00003', '00000_00000.ppm');
    writeFileSync(file, '<html>');
    const {stdout, status} = sau('inspect', shown);
    expect(status).toBe(0);
    expect(stdout).toContain(
      `can be used: no, because 1 of 129 image files cannot be read, the first of them ${file}: its content is an HTML page`,
    );
  });

  it.each([
    [['--tensors'], 2, /Expected a checkpoint for --tensors/],
    [['--preview', 'a.jpg'], 2, /PNG file to write for --preview but received "a\.jpg"/],
    [['--dataset', 'cifar10'], 1, /as --dataset cifar10 asks for/],
    [['--dataset', 'mnist'], 2, /for --dataset but received "mnist"/],
  ])('refuses %j', (args, code, message) => {
    const {stderr, status} = sau('inspect', shown, ...args);
    expect(stderr).toMatch(message);
    expect(status).toBe(code);
  });

  it('says what it has looked for in a folder that holds neither', () => {
    const {stderr, status} = sau('inspect', join(data, 'Train', '00001'));
    expect(stderr).toMatch(
      /a record \(attack_result\.pt, .*or a data set \(cifar-10.*found neither/,
    );
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
