import {spawn, spawnSync} from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import type {Confinement, Rule} from '../../lib/sandbox/kernel.js';
import {sandboxSupport} from '../../lib/sandbox/kernel.js';
import {systemRules} from '../../lib/sandbox/system_rules.js';
import {DIST, IS_BUILT, ROOT} from '../support/paths.js';

const SUPPORT = sandboxSupport();
const CAN = IS_BUILT && SUPPORT.why === null;
const folder = mkdtempSync(join(tmpdir(), 'sau-sandbox-'));
afterAll(() => rmSync(folder, {recursive: true}));

/** Starts a program under the confinement as the command line does: by a Node process that it replaces. */
function confined(rules: readonly Rule[], file: string, args: readonly string[], input = '') {
  const confinement: Confinement = {
    files: true,
    systemCalls: true,
    rules: [...systemRules(null, {}), {path: file, access: 'run'}, ...rules],
  };
  const program = {file, arguments: [file, ...args], environment: ['PATH=/usr/bin:/bin']};
  const launch = `require(${JSON.stringify(join(DIST, 'lib/sandbox/kernel.js'))}).runConfined(...JSON.parse(process.argv[1]))`;
  const given = JSON.stringify([confinement, program]);
  const options = {encoding: 'utf8', input, env: {...process.env, NODE_OPTIONS: ''}} as const;
  const {status, stdout, stderr} = spawnSync(process.execPath, ['-e', launch, given], options);
  return {status, stdout, stderr};
}

/** What may be tried in `confined`: a secret, a file that was named, a folder of others and one of results. */
function places() {
  const made = mkdtempSync(join(folder, 'run-'));
  const at = (name: string) => join(made, name);
  for (const name of ['outside', 'outside/empty', 'results', 'data']) mkdirSync(at(name));
  writeFileSync(at('secret'), 'secret');
  writeFileSync(at('data/image'), 'image');
  const rules: Rule[] = [
    {path: at('data'), access: 'read'},
    {path: at('results'), access: 'write'},
  ];
  return {at, rules};
}

function hostileProgram(): string | null {
  const program = join(folder, 'hostile');
  const source = join(ROOT, 'test/support/hostile.c');
  return spawnSync('cc', ['-o', program, source]).status === 0 ? program : null;
}

const HOSTILE = CAN ? hostileProgram() : null;

/** What a process needs for its work. Everything else that hostile.c tries has to fail. */
const ALLOWED = [
  ...['read-named', 'write-result', 'make-folder', 'move-result', 'remove-result'],
  ...['start-process', 'talk-with-own'],
];

/** What hostile.c tells: each attempt and its outcome. Another process of the user is its victim. */
function attempts(
  run: (args: readonly string[]) => {stdout: string; stderr: string; status: number | null},
  at: (name: string) => string,
  more: readonly string[],
): readonly (readonly [name: string, how: string])[] {
  const victim = spawn('sleep', ['60']);
  try {
    const places = ['secret', 'data/image', 'outside', 'results'].map(at);
    const {stdout, stderr, status} = run([...places, String(victim.pid), ...more]);
    expect({stderr, status}).toEqual({stderr: '', status: 0});
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([name = '', how = '']) => [name, how] as const);
  } finally {
    victim.kill('SIGKILL');
  }
}

function namesOfDone(tried: readonly (readonly [string, string])[]): string[] {
  return tried.filter(([, how]) => how === 'done').map(([name]) => name);
}

/** Signals outside are refused since Landlock 6. */
const SINCE: Readonly<Record<string, number>> = {signal: 6};

describe.skipIf(HOSTILE === null)(
  `hostile code in the sandbox (skipped: ${SUPPORT.why ?? 'no C compiler'})`,
  () => {
    it('can do its work and nothing else', () => {
      const {at, rules} = places();
      const tried = attempts((args) => confined(rules, HOSTILE ?? '', args), at, []);
      expect(tried).toHaveLength(48);
      const mayTry = Object.keys(SINCE).filter((name) => SUPPORT.landlock < (SINCE[name] ?? 0));
      expect(namesOfDone(tried).filter((name) => !mayTry.includes(name))).toEqual(ALLOWED);
      // Refused by the sandbox, and not for another reason.
      expect(tried.filter(([, how]) => !/^(done|EACCES|EPERM|EXDEV|ENOSYS)$/.test(how))).toEqual(
        [],
      );
      expect(readFileSync(at('data/image'), 'utf8')).toBe('image');
      expect(statSync(at('data/image')).mode & 0o777).toBe(0o644);
      expect(readdirSync(at('outside'))).toEqual(['empty']);
      expect(readdirSync(at('results')).sort()).toEqual(['folder', 'link']);
    });

    it('could do it without the sandbox, so that the attempts are real', () => {
      const {at} = places();
      const free = (args: readonly string[]) => spawnSync(HOSTILE ?? '', args, {encoding: 'utf8'});
      const tried = attempts(free, at, ['without-kernel']);
      expect(namesOfDone(tried)).toEqual(
        expect.arrayContaining([
          ...[...ALLOWED, 'read-secret', 'read-by-link', 'link-secret', 'list-folder'],
          ...['write-outside', 'write-named', 'truncate-named', 'remove-named', 'datagram'],
          ...['make-folder-outside', 'remove-folder-outside', 'local-socket', 'local-datagrams'],
          ...['read-environment', 'shared-memory', 'signal', 'run-shell'],
        ]),
      );
    });
  },
);

describe.skipIf(!CAN)(`the sandbox (skipped: ${SUPPORT.why ?? 'not built'})`, () => {
  const SCRIPT = `
    const {readFileSync, writeFileSync} = require('node:fs');
    const {spawnSync} = require('node:child_process');
    const tried = {};
    const attempt = (name, work) => { try { tried[name] = work() ?? 'done'; } catch (error) { tried[name] = error.code; } };
    const [secret, image, outside, results] = process.argv.slice(2);
    attempt('image', () => readFileSync(image, 'utf8'));
    attempt('secret', () => readFileSync(secret, 'utf8'));
    attempt('passwords', () => readFileSync('/etc/shadow', 'utf8'));
    attempt('outside', () => writeFileSync(outside + '/made', 'x'));
    attempt('results', () => writeFileSync(results + '/made', 'x'));
    attempt('own kind', () => spawnSync(process.execPath, ['-p', '1 + 1'], {encoding: 'utf8'}).stdout);
    attempt('other program', () => spawnSync('/bin/ls').error.code);
    const socket = require('node:net').connect(9, '127.0.0.1');
    socket.on('error', (error) => {
      tried.network = error.code;
      new (require('node:worker_threads').Worker)(
        'try { require("node:fs").readFileSync(' + JSON.stringify(secret) + '); } catch (e) { require("node:worker_threads").parentPort.postMessage(e.code); }',
        {eval: true}).on('message', (code) => {
          tried.thread = code;
          require('node:fs/promises').readFile(secret).catch((e) => { tried.pool = e.code; console.log(JSON.stringify(tried)); });
        });
    });
  `;

  it('holds for all threads of Node, and for the processes that it starts', () => {
    const {at, rules} = places();
    writeFileSync(at('script.js'), SCRIPT);
    const args = [at('script.js'), at('secret'), at('data/image'), at('outside'), at('results')];
    const own: Rule = {path: at('script.js'), access: 'read'};
    const {stdout, stderr} = confined([...rules, own], process.execPath, args);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      ...{image: 'image', secret: 'EACCES', passwords: 'EACCES'},
      ...{outside: 'EACCES', results: 'done', 'own kind': '2\n', 'other program': 'EACCES'},
      ...{network: 'EPERM', thread: 'EACCES', pool: 'EACCES'},
    });
  });

  it('passes on the standard streams and the exit code', () => {
    const script = 'process.stdin.on("data", (d) => process.stdout.write(d)); process.exitCode = 7';
    const {status, stdout} = confined([], process.execPath, ['-e', script], 'over');
    expect({status, stdout}).toEqual({status: 7, stdout: 'over'});
  });

  it('changes nothing where the program cannot be started', () => {
    const launch = `
      const {runConfined} = require(${JSON.stringify(join(DIST, 'lib/sandbox/kernel.js'))});
      try {
        runConfined({files: true, systemCalls: true, rules: []}, {file: '/nowhere', arguments: [], environment: []});
      } catch (error) {
        console.log(error.code, error.message, require('node:fs').readFileSync('/etc/passwd').length > 0);
      }`;
    const {stdout} = spawnSync(process.execPath, ['-e', launch], {encoding: 'utf8'});
    expect(stdout).toMatch(/^ERR_SANDBOX Expected the system .* execve: .* true\n$/);
  });
});
