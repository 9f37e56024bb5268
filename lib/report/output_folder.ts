import {randomUUID} from 'node:crypto';
import {access, mkdir, open, rm, statfs} from 'node:fs/promises';
import {dirname, join, resolve} from 'node:path';
import {errnoOf, messageOf, SauError} from '../errors.js';

export interface PrepareOutputOptions {
  /** Accept a folder that already has a result; its files are overwritten. */
  readonly force: boolean;
  /** Bytes that the run is going to write. */
  readonly reserveBytes: number;
  /** Files whose presence means that the folder has a result. */
  readonly results?: readonly string[];
}

/** Files whose presence means that a run of `attack` or `defend` was completed. */
export const RESULTS = ['defense_result.pt', 'attack_result.pt'];
const PROBE_BYTES = 64 * 1024;

/**
 * Makes the output folder and proves, before the first round, that the results will fit: no earlier
 * result, writable, room for `reserveBytes`. Returns its absolute path. Throws ERR_OUTPUT.
 */
export async function prepareOutput(dir: string, options: PrepareOutputOptions): Promise<string> {
  const folder = resolve(dir);
  const created = await attempt(folder, 'a folder that can be created', () => makeFolders(folder));
  try {
    if (!options.force) {
      await refuseEarlierResult(folder, options.results ?? RESULTS);
    }
    await attempt(folder, 'a writable folder', () => writeProbe(folder));
    await requireRoom(folder, options.reserveBytes);
  } catch (error) {
    if (created !== undefined) {
      await rm(created, {recursive: true, force: true}).catch(() => undefined);
    }
    throw error;
  }
  return folder;
}

/**
 * Makes a folder and those above it; returns the topmost one made, undefined where all were there. Level by
 * level, because Node's recursive mkdir never ends where a parent exists and refuses with ENOENT, as /proc.
 */
async function makeFolders(folder: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let path = folder; !(await exists(path)); path = dirname(path)) missing.unshift(path);
  const made: string[] = [];
  try {
    for (const path of missing) made.unshift(...(await makeFolder(path)));
  } catch (error) {
    for (const path of made) await rm(path, {recursive: true, force: true});
    throw error;
  }
  if (missing.length === 0) await mkdir(folder, {recursive: true}); // refuses a file of that name
  return made.at(-1);
}

/** The folder if this call made it; none where another process was faster. */
async function makeFolder(path: string): Promise<string[]> {
  try {
    await mkdir(path);
    return [path];
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return [];
    throw error;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function refuseEarlierResult(folder: string, results: readonly string[]): Promise<void> {
  for (const name of results) {
    const path = join(folder, name);
    if (await exists(path)) {
      throw outputError(
        folder,
        'a folder without a result',
        `${path}; use --force to overwrite it`,
      );
    }
  }
}

async function writeProbe(folder: string): Promise<void> {
  const path = join(folder, `.probe.${randomUUID()}.tmp`);
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(Buffer.alloc(PROBE_BYTES));
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    await rm(path, {force: true});
  }
}

async function requireRoom(folder: string, reserveBytes: number): Promise<void> {
  const {bavail, bsize} = await attempt(folder, 'a readable file system', () => statfs(folder));
  const free = bavail * bsize;
  if (free < reserveBytes) {
    const expected = `${mebibytes(reserveBytes)} MiB of free space`;
    throw outputError(folder, expected, `${mebibytes(free)} MiB; free some or use --out`);
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

async function attempt<T>(folder: string, expected: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw outputError(folder, expected, `${messageOf(cause)}; use --out to choose another`, cause);
  }
}

function outputError(
  folder: string,
  expected: string,
  received: string,
  cause?: unknown,
): SauError {
  return new SauError('ERR_OUTPUT', `Expected ${expected} at ${folder} but received ${received}`, {
    cause,
    details: {folder},
  });
}
