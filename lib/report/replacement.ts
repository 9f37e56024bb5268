import {mkdir, readdir, rename, rm} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {pathExists} from '../base/path_exists.js';
import {readText} from '../base/read_text.js';
import {removeFiles, unwritableFile, writeWholeFile} from '../base/whole_file.js';
import {RESULTS, RUN} from '../records/layout.js';

/** Where a run writes while the folder still has an earlier result. */
const UNFINISHED = 'unfinished';
/** In it, where the earlier files are for a moment while those of the run take their places. */
const EARLIER = '.earlier';
/** In that, the names of the files that take their places. */
const NAMES = '.names.json';
/** What becomes of it once they have. */
const REPLACED = '.replaced';

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

/**
 * Renames alone, which need no room. Where one fails, the earlier files are put back. What says that a result is whole
 * leaves first and comes last, so that at no moment it stands beside files of another run.
 */
async function exchange(folder: string, replaced: readonly string[]): Promise<void> {
  const unfinished = join(folder, UNFINISHED);
  const earlier = join(unfinished, EARLIER);
  const names = inOrder(await readdir(unfinished));
  await mkdir(earlier);
  try {
    for (const name of inOrder([...new Set([...replaced, ...names])]).reverse()) {
      const path = join(folder, name);
      if (await pathExists(path)) await rename(path, join(earlier, name));
    }
    // Of a killed run, under temporary names.
    await removeFiles(folder, replaced);
    // For the run after a killed one. On a full disk there is none, and the exchange needs none.
    await writeWholeFile(join(earlier, NAMES), JSON.stringify(names)).catch(() => undefined);
    for (const name of names) await rename(join(unfinished, name), join(folder, name));
    await rename(earlier, join(unfinished, REPLACED));
  } catch (error) {
    await putBack(folder, names);
    throw error;
  }
  await rm(unfinished, {recursive: true, force: true}).catch(() => undefined); // the next run does
}

/** With those last by which a run knows that a folder has a result. */
function inOrder(names: readonly string[]): string[] {
  const last = [...RESULTS, RUN.summary];
  return names.toSorted((a, b) => last.indexOf(a) - last.indexOf(b));
}

/**
 * Puts back earlier files that were to be replaced when the process was killed, or when a rename failed. Where all new
 * ones had come already, they stay.
 * @param coming The names of the new files; a killed process has left them in a file
 */
async function putBack(folder: string, coming?: readonly string[]): Promise<void> {
  const unfinished = join(folder, UNFINISHED);
  const earlier = join(unfinished, EARLIER);
  await inFolder(folder, async () => {
    if (!(await pathExists(earlier))) return;
    const names = inOrder(coming ?? (await namesIn(earlier)));
    const left: string[] = [];
    for (const name of names) if (await pathExists(join(unfinished, name))) left.push(name);
    if (coming === undefined && names.length > 0 && left.length === 0) return;
    for (const name of names.filter((one) => !left.includes(one)).reverse()) {
      await rename(join(folder, name), join(unfinished, name));
    }
    for (const name of inOrder(await readdir(earlier))) {
      if (!name.includes(NAMES)) await rename(join(earlier, name), join(folder, name));
    }
    await rm(earlier, {recursive: true, force: true});
  });
}

async function namesIn(earlier: string): Promise<readonly string[]> {
  const text = await readText(join(earlier, NAMES)).catch(() => '[]');
  // Whoever made the folder: no name leads out of it.
  return (JSON.parse(text) as readonly string[]).filter((name) => name === basename(name));
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
