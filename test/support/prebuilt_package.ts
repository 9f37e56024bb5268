import {type SpawnSyncReturns, spawnSync} from 'node:child_process';
import {cpSync, mkdirSync, readFileSync, symlinkSync} from 'node:fs';
import {homedir} from 'node:os';
import {basename, dirname, join} from 'node:path';
import type {LibTorch} from '../../lib/native/libtorch.js';
import {findLibTorch} from '../../lib/native/libtorch.js';
import {thisPlatform} from '../../lib/native/platforms.js';
import {ROOT} from './paths.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The output as text; an exit code other than 0 or a program that is not there is an error with its stderr. */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Environment,
): string {
  const {status, stdout, stderr} = tryRun(program, args, cwd, env);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

export function tryRun(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Environment,
): SpawnSyncReturns<string> {
  const options = {cwd, env: {...env}, encoding: 'utf8', timeout: 900_000} as const;
  return spawnSync(program, args, {...options, maxBuffer: 64e6});
}

/** Makes `folder`/prebuilds, as `npm run prebuilds` does for the repository. */
export function makePrebuilds(
  folder: string,
  flags: readonly string[] = [],
  env: Environment = {},
): void {
  const script = join(ROOT, 'scripts/prebuild/main.mjs');
  run(process.execPath, [script, '--out', folder, ...flags], ROOT, {...process.env, ...env});
}

/** A copy of the clone without what was built: packing empties dist/, which other tests use. */
export function copyClone(folder: string): void {
  const left = new Set([
    'node_modules',
    '.git',
    'dist',
    'build',
    'prebuilds',
    'sau_demo',
    'record',
  ]);
  cpSync(ROOT, folder, {
    recursive: true,
    filter: (path) =>
      dirname(path) !== ROOT || !(left.has(basename(path)) || basename(path).startsWith('build-')),
  });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
}

/** What `scripts/prebuild/check.mjs --json` says of the binaries of a platform. */
export interface PrebuildReport {
  readonly build: {readonly libtorch: string; readonly sources: string};
  readonly binaries: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly machine: number;
    readonly needed: readonly string[];
    readonly rpath: readonly string[];
  }[];
  readonly floors: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

/** The reports on the binaries below `folder`, by platform. */
export function checkAllPrebuilds(
  folder: string,
  ...flags: readonly string[]
): Record<string, PrebuildReport> {
  const script = join(ROOT, 'scripts/prebuild/check.mjs');
  const args = [script, '--json', '--dir', folder, ...flags];
  return JSON.parse(tryRun(process.execPath, args, ROOT, process.env).stdout);
}

/** The report on those of this machine's platform. */
export function checkPrebuilds(folder: string, ...flags: readonly string[]): PrebuildReport {
  const report = checkAllPrebuilds(folder, ...flags)[thisPlatform().tuple];
  if (report === undefined) throw new Error("there is no report on this machine's binaries");
  return report;
}

/** The pinned LibTorch, of which prebuilt binaries are made; null where there is none or another is chosen. */
export async function pinnedLibTorch(): Promise<LibTorch | null> {
  const {version} = JSON.parse(readFileSync(join(ROOT, 'libtorch.json'), 'utf8'));
  return findLibTorch(version).then(
    ({found}) => found,
    () => null,
  );
}

/**
 * An environment whose PATH holds node, npm and python3 and nothing else, no compiler, no cmake and no shell;
 * its home is empty; LibTorch is the one given. npm's own settings and cache stay those of the user.
 */
export function bareEnvironment(folder: string, libtorch: LibTorch): Record<string, string> {
  const [programs, home] = [join(folder, 'programs'), join(folder, 'home')];
  mkdirSync(programs, {recursive: true});
  mkdirSync(home, {recursive: true});
  symlinkSync(process.execPath, join(programs, 'node'));
  symlinkSync(run('which', ['npm'], folder, process.env).trim(), join(programs, 'npm'));
  const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  });
  if (python.status === 0) symlinkSync(python.stdout.trim(), join(programs, 'python3'));
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(npm_|SAU_|LIBTORCH|VIRTUAL_ENV|CONDA_|INIT_CWD)/.test(entry[0]),
  );
  return {
    ...Object.fromEntries(kept),
    PATH: programs,
    HOME: home,
    npm_config_userconfig: process.env.npm_config_userconfig ?? join(homedir(), '.npmrc'),
    npm_config_cache: process.env.npm_config_cache ?? join(homedir(), '.npm'),
    SAU_NATIVE_LIBTORCH: libtorch.root,
  };
}
