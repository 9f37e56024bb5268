import {mkdir, readdir, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {pathExists} from '../base/path_exists.js';
import {removeFiles, unwritableFile} from '../base/whole_file.js';
import {RESULTS} from '../records/layout.js';

/** Where a run writes while the folder still has an earlier result. */
const UNFINISHED = 'unfinished';
/** In it, where the earlier files are for a moment while those of the run take their places. */
const EARLIER = '.earlier';

/** Work that writes into a folder; `into` is a folder in it while there is an earlier result. */
type Work<T> = (into: string) => Promise<T>;

/**
 * Lets `work` write its files into a folder. If that has a result, the work gets a folder of its own in it, and its
 * files replace the earlier ones once all are whole. Where it fails, the earlier files stay as they were; weights
 * that were already written stay in the folder `unfinished`. Throws ERR_OUTPUT.
 * @param replaced The names that the work replaces, also where it writes no such file
 */
export async function withReplacement<T>(
  folder: string,
  replaced: () => Promise<readonly string[]>,
  work: Work<T>,
): Promise<T> {
  const unfinished = join(folder, UNFINISHED);
  await putBack(folder);
  if (!(await hasResult(folder))) return work(folder);
  await inFolder(unfinished, async () => {
    await rm(unfinished, {recursive: true, force: true});
    await mkdir(unfinished);
  });
  try {
    const result = await work(unfinished);
    await inFolder(folder, async () => exchange(folder, await replaced()));
    return result;
  } catch (error) {
    if (!(await hasResult(unfinished))) await rm(unfinished, {recursive: true, force: true});
    throw error;
  }
}

async function hasResult(folder: string): Promise<boolean> {
  for (const name of RESULTS) if (await pathExists(join(folder, name))) return true;
  return false;
}

/** Renames alone, which need no room. Where one fails, the earlier files are put back. */
async function exchange(folder: string, replaced: readonly string[]): Promise<void> {
  const unfinished = join(folder, UNFINISHED);
  const earlier = join(unfinished, EARLIER);
  const names = await readdir(unfinished);
  await mkdir(earlier);
  try {
    for (const name of new Set([...replaced, ...names])) {
      const path = join(folder, name);
      if (await pathExists(path)) await rename(path, join(earlier, name));
    }
    // Of a killed run, under temporary names.
    await removeFiles(folder, replaced);
    for (const name of names) await rename(join(unfinished, name), join(folder, name));
  } catch (error) {
    await putBack(folder);
    throw error;
  }
  await rm(unfinished, {recursive: true, force: true});
}

/** Puts back earlier files that were to be replaced when the process was killed, or when a rename failed. */
async function putBack(folder: string): Promise<void> {
  const earlier = join(folder, UNFINISHED, EARLIER);
  await inFolder(folder, async () => {
    for (const name of await readdir(earlier).catch(() => [])) {
      const path = join(folder, name);
      if (await pathExists(path)) await rename(path, join(folder, UNFINISHED, name));
      await rename(join(earlier, name), path);
    }
    await rm(earlier, {recursive: true, force: true});
  });
}

async function inFolder(folder: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    throw unwritableFile(folder, error);
  });
}

/** Paths of files, alone or by name, that have moved from one folder to another. */
export function movedPaths<T extends object>(files: T, from: string, to: string): T {
  const moved = Object.entries(files).map(([name, value]: [string, unknown]) => {
    if (typeof value === 'string' && value.startsWith(from))
      return [name, to + value.slice(from.length)];
    return [
      name,
      typeof value === 'object' && value !== null ? movedPaths(value, from, to) : value,
    ];
  });
  return Object.fromEntries(moved) as T;
}
