import {constants} from 'node:fs';
import {
  copyFile,
  mkdir,
  readdir,
  readlink,
  realpath,
  stat,
  statfs,
  symlink,
} from 'node:fs/promises';
import {dirname, isAbsolute, join, resolve} from 'node:path';
import {SauError} from '../base/errors.js';
import {isWithin} from '../base/path_within.js';
import {unwritableFile} from '../base/whole_file.js';
import type {DownloadRun} from './progress.js';

/** Free space for a folder in bytes, even if the folder does not exist yet; null if unknown. */
export async function freeBytes(folder: string): Promise<number | null> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const {bavail, bsize} = await statfs(at);
      return bavail * bsize;
    } catch {
      if (at === dirname(at)) return null;
    }
  }
}

/** Throws ERR_OUTPUT if there is no room for `bytes`, before anything is written. */
export async function requireSpace(
  folder: string,
  bytes: number,
  what: string,
  {advice}: Pick<DownloadRun, 'advice'>,
): Promise<void> {
  const free = await freeBytes(folder);
  if (free === null || free >= bytes) return;
  throw new SauError(
    'ERR_OUTPUT',
    `Expected ${sizeOf(bytes)} of free space in ${folder} for ${what} but there are ${sizeOf(free)}.`,
    {
      remedy: advice.space,
      details: {path: folder, neededBytes: bytes, freeBytes: free},
    },
  );
}

/** The total size of all files below a folder; follows links. */
export async function folderBytes(folder: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const facts = await stat(path).catch(() => null); // a dangling link has no size
    if (facts !== null) sum += facts.isDirectory() ? await folderBytes(path) : facts.size;
  }
  return sum;
}

/** 191794682 -> "192 MB". */
export function sizeOf(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${value >= 10 || power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/**
 * Copies a folder so that the copy does not depend on the original: links within the folder are kept, and links out
 * of it become files. Throws ERR_OUTPUT, or the reason of the signal.
 */
export async function copyFolder(from: string, to: string, run: DownloadRun): Promise<void> {
  try {
    const total = await folderBytes(from);
    await requireSpace(dirname(to), total, 'the copy', run);
    let done = 0;
    await copyTree(from, to, await realpath(from), run.signal, (bytes) => {
      done += bytes;
      run.onProgress({kind: 'bytes', done, total});
    });
  } catch (error) {
    run.signal.throwIfAborted();
    throw unwritableFile(to, error);
  }
}

async function copyTree(
  from: string,
  to: string,
  top: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<void> {
  await mkdir(to, {recursive: true});
  for (const entry of await readdir(from, {withFileTypes: true})) {
    signal.throwIfAborted();
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isSymbolicLink()) {
      const link = await innerTarget(source, top);
      if (link !== null) {
        await symlink(link, target);
        continue;
      }
    }
    const facts = await stat(source);
    if (facts.isDirectory()) {
      await copyTree(source, target, top, signal, onBytes);
    } else {
      await copyFile(source, target, constants.COPYFILE_FICLONE);
      onBytes(facts.size);
    }
  }
}

/** The target of a relative link within the folder; null for any other link. */
async function innerTarget(path: string, top: string): Promise<string | null> {
  const text = await readlink(path);
  if (isAbsolute(text)) return null;
  return isWithin(top, resolve(await realpath(dirname(path)), text)) ? text : null;
}
