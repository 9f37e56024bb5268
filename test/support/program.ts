import {execFile, spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {ENTRY, PROGRAM, ROOT} from './paths.js';

/** The package as users have it. */
export function builtPackage(): typeof import('../../lib/index.js') {
  return createRequire(__filename)(ENTRY);
}

/** The folder of a package in node_modules, for tests that skip without it; null where there is none. */
export function installedFolder(packageName: string): string | null {
  const places = createRequire(__filename).resolve.paths(packageName) ?? [];
  const folders = places.map((path) => join(path, packageName));
  return folders.find((path) => existsSync(join(path, 'package.json'))) ?? null;
}

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program in `cwd`; a variable that is undefined is not set. */
export function sau(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Finished {
  return spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd,
    encoding: 'utf8',
    env: {...process.env, ...env},
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
}

/** What a Node script prints; fails with it where the script fails. */
export async function scriptOutput(...args: string[]): Promise<string> {
  const run = promisify(execFile)(process.execPath, args, {cwd: ROOT, encoding: 'utf8'});
  const {stdout} = await run.catch((error: {stdout: string; stderr: string}) => {
    throw new Error(`${args.join(' ')} failed:\n${error.stdout}${error.stderr}`);
  });
  return stdout;
}
