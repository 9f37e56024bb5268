import {randomUUID} from 'node:crypto';
import {mkdir, open, rm, rmdir, stat, statfs} from 'node:fs/promises';
import {dirname, join, resolve} from 'node:path';
import {errnoOf, messageOf, SauError} from '../base/errors.js';
import {withLock} from '../base/lock.js';
import {pathExists} from '../base/path_exists.js';
import {removeTemporariesOf, unwritableFile} from '../base/whole_file.js';
import {named} from '../options/named.js';
import {RESULTS} from '../records/layout.js';

export interface OutputOptions {
  /** Accept a folder that already has a result, and overwrite its files. */
  readonly force: boolean;
  /** Bytes that the run is going to write. */
  readonly reserveBytes: number;
  /** Files whose presence means that the folder has a result. */
  readonly results?: readonly string[];
  /** Files that the run removes or replaces. */
  readonly replaces?: readonly string[];
  /** Files that the run reads, none of which it may replace. */
  readonly inputs?: readonly string[];
  /** Ends the wait for a sign of life of a run on another machine, whose lock is in the folder. */
  readonly signal?: AbortSignal | undefined;
  /** Called if there is such a wait, of a minute at most. */
  readonly onWait?: () => void;
}

const PROBE = 'probe';
const PROBE_BYTES = 64 * 1024;

/**
 * Makes the output folder and checks, before the first round, that it can take the results: it has no earlier
 * result, is writable, has room for `reserveBytes` and no other run writes into it. Then passes its absolute path to
 * `work`. If either fails,
 * the folders that were made are removed again if they are empty. Throws ERR_OUTPUT.
 */
export async function withOutput<T>(
  dir: string,
  options: OutputOptions,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = resolve(dir);
  const made: string[] = [];
  try {
    await attempt(folder, 'a folder that can be created', () => makeFolders(folder, made));
    await prove(folder, options);
    return await alone(folder, options, () => work(folder));
  } catch (error) {
    await removeEmpty(made);
    throw error;
  }
}

/**
 * Makes an output folder ahead of {@link withOutput}. Returns the folders that are new, the innermost first; if it throws
 * ERR_OUTPUT, none are.
 */
export async function makeOutput(dir: string): Promise<readonly string[]> {
  const folder = resolve(dir);
  const made: string[] = [];
  try {
    await attempt(folder, 'a folder that can be created', () => makeFolders(folder, made));
    return made;
  } catch (error) {
    await removeEmpty(made);
    throw error;
  }
}

/** While a run writes into a folder. Its process may be killed: the next one sees that it is dead. */
const LOCK = '.sau-native.lock';

/** Works while no other run writes into the folder. Throws ERR_OUTPUT where one does. */
function alone<T>(folder: string, options: OutputOptions, work: () => Promise<T>): Promise<T> {
  const {force, results = RESULTS, signal = new AbortController().signal, onWait} = options;
  const refuse = (pid: number | null): SauError => {
    const received = `one into which process ${pid ?? 'unknown'} writes; wait for it, or set ${named('out')}`;
    return outputError(folder, 'a folder without another run', received);
  };
  const hooks = {signal, onWait: onWait ?? (() => undefined), refuse};
  return withLock(join(folder, LOCK), hooks, async () => {
    // The other run may have ended since the first look.
    if (!force) await refuseEarlierResult(folder, results);
    return work();
  }).catch((error: unknown) => {
    throw unwritableFile(folder, error);
  });
}

async function prove(folder: string, options: OutputOptions): Promise<void> {
  const {force, reserveBytes, results = RESULTS, replaces = [], inputs = []} = options;
  if (!force) await refuseEarlierResult(folder, results);
  for (const name of replaces) await refuseOther(join(folder, name), inputs);
  await attempt(folder, 'a writable folder', () => writeProbe(folder));
  await requireRoom(folder, reserveBytes);
}

/** Removes nested folders, the innermost first, up to the first that is not empty. */
async function removeEmpty(folders: readonly string[]): Promise<void> {
  try {
    for (const folder of folders) await rmdir(folder);
  } catch {
    // It is not empty, or may not be removed.
  }
}

/**
 * Makes a folder and its parents, and puts the new ones at the front of `made`. It works level by level, because
 * Node's recursive mkdir never ends if an existing parent refuses with ENOENT, as /proc does.
 */
async function makeFolders(folder: string, made: string[]): Promise<void> {
  const missing: string[] = [];
  for (let path = folder; !(await pathExists(path)); path = dirname(path)) missing.unshift(path);
  for (const path of missing) if (await makeFolder(path)) made.unshift(path);
  if (missing.length === 0) await mkdir(folder, {recursive: true}); // refuses a file of that name
}

/** Whether this call made the folder; another process may have been faster. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' && (await isFolder(path))) return false;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

/** Throws if a file to be replaced is a folder, or one that the run reads. */
async function refuseOther(path: string, inputs: readonly string[]): Promise<void> {
  const there = await stat(path).catch(() => null);
  if (there === null) return;
  if (there.isDirectory()) {
    const received = `the folder ${path}; move it away, or set ${named('out')}`;
    throw outputError(dirname(path), 'no folder under the name of a result', received);
  }
  for (const input of inputs) {
    const read = await stat(input).catch(() => null);
    if (read?.dev !== there.dev || read.ino !== there.ino) continue;
    const received = `${path}, which the run reads; set ${named('out')} to keep it`;
    throw outputError(dirname(path), 'a folder whose files may be replaced', received);
  }
}

/** Whether surely nothing is there. Throws ERR_OUTPUT where that cannot be told, such as on a device that fails. */
async function isFree(path: string): Promise<boolean> {
  try {
    await stat(path);
    return false;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return true;
    throw unwritableFile(path, error);
  }
}

async function refuseEarlierResult(folder: string, results: readonly string[]): Promise<void> {
  for (const name of results) {
    const path = join(folder, name);
    if (!(await isFree(path))) {
      throw outputError(
        folder,
        'a folder without a result',
        `${path}; set ${named('force')} to overwrite it`,
      );
    }
  }
}

async function writeProbe(folder: string): Promise<void> {
  await removeTemporariesOf(folder, [PROBE]); // of a killed run
  const path = join(folder, `.${PROBE}.${randomUUID()}.tmp`);
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
    throw outputError(folder, expected, `${mebibytes(free)} MiB; free some or set ${named('out')}`);
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

async function attempt<T>(folder: string, expected: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw outputError(
      folder,
      expected,
      `${messageOf(cause)}; set ${named('out')} to choose another`,
      cause,
    );
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
