// Runs tests with several versions of Node on the one addon that is built here, and prints a table of counts.
//   npm run test:node-versions -- [--all] [--versions 20,22,24,26] [vitest's filters]
// Default: the native part of the suite and what meets the system (processes, sandbox, command line, package); a few
// minutes for each version. --all: the whole suite. npm brings the versions from its packages node-<system>-<processor>
// into SAU_NATIVE_NODES, by default sau-native-nodes in the user's cache folder. Ends with 1 if a test fails.
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {homedir, tmpdir} from 'node:os';
import {delimiter, dirname, join} from 'node:path';
import {parseArgs} from 'node:util';
import {root} from './build_steps.mjs';

const VERSIONS = '20,22,24,26';
const NATIVE_PART = [
  ...['test/native', 'test/cli', 'test/unit/native', 'test/unit/sandbox'],
  ...['abort', 'doctor', 'libtorch', 'nothing_left', 'package', 'sandbox'].map(
    (name) => `test/e2e/${name}`,
  ),
];

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    all: {type: 'boolean', default: false},
    versions: {type: 'string', default: VERSIONS},
  },
});
const filters = positionals.length > 0 ? positionals : values.all ? [] : NATIVE_PART;
const cache =
  process.env.SAU_NATIVE_NODES ??
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sau-native-nodes');
const require = createRequire(import.meta.url);
const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');

const rows = values.versions.split(',').map(runWith);
console.log(table(rows));
process.exit(rows.every(({failed, ended}) => failed === 0 && ended === 0) ? 0 : 1);

function runWith(version) {
  const program = installed(version);
  const output = join(tmpdir(), `sau-native-node-${process.pid}-${version}.json`);
  // Tests start `node` too, so that the version goes first in PATH.
  const env = {...process.env, PATH: `${dirname(program)}${delimiter}${process.env.PATH}`};
  const exact = spawnSync(program, ['--version'], {encoding: 'utf8'}).stdout?.trim();
  if (!exact?.startsWith(`v${version}.`))
    stop(`Expected Node ${version} in ${program} but it says ${exact ?? 'nothing'}.`);
  console.error(`Node ${exact}: ${filters.join(' ') || 'the whole suite'}`);
  const began = performance.now();
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`];
  const {status} = spawnSync(program, [vitest, 'run', ...reporters, ...filters], {
    cwd: root,
    env,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  const report = existsSync(output) ? JSON.parse(readFileSync(output, 'utf8')) : {};
  rmSync(output, {force: true});
  return {
    node: exact,
    passed: report.numPassedTests ?? 0,
    failed: report.numFailedTests ?? 0,
    skipped: report.numPendingTests ?? 0,
    seconds: Math.round((performance.now() - began) / 1000),
    ended: status ?? 1,
  };
}

/** The program of a version: this one if it is of it, else that of npm's package, fetched once. */
function installed(version) {
  if (process.versions.node.startsWith(`${version}.`)) return process.execPath;
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${system}-${process.arch}`;
  const folder = join(cache, `v${version}`);
  const bin = join(folder, 'node_modules', name, 'bin');
  const program = join(bin, process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(program)) return program;
  mkdirSync(folder, {recursive: true});
  writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
  // Its scripts are not needed: the program is a file of the package.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund'];
  const {status} = spawnSync('npm', ['install', ...options, `${name}@${version}`], {
    cwd: folder,
    shell: process.platform === 'win32', // npm is a script there
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (status !== 0 || !existsSync(program))
    stop(`Expected npm to fetch ${name}@${version} into ${folder} but it ended with ${status}.`);
  return program;
}

function table(all) {
  const columns = ['node', 'passed', 'failed', 'skipped', 'seconds'];
  const lines = [columns, ...all.map((row) => columns.map((column) => String(row[column])))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
