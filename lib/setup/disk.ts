import {readdir, stat, statfs} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {SauError} from '../base/errors.js';

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
export async function requireSpace(folder: string, bytes: number, what: string): Promise<void> {
  const free = await freeBytes(folder);
  if (free === null || free >= bytes) return;
  throw new SauError(
    'ERR_OUTPUT',
    `Expected ${sizeOf(bytes)} of free space in ${folder} for ${what} but there are ${sizeOf(free)}.`,
    {
      remedy: 'Free some, or choose another folder with SAU_NATIVE_CACHE.',
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
