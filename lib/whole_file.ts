import {randomUUID} from 'node:crypto';
import {type FileHandle, open, rename, rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {errnoOf, messageOf, SauError} from './errors.js';

const WRITE_FAILURES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free space or choose another folder',
  EDQUOT: 'the disk quota is used up: free space or choose another folder',
  EACCES: 'the folder may not be written: change its permissions or choose another',
  EPERM: 'the folder may not be written: change its permissions or choose another',
  EROFS: 'the file system is read-only: choose another folder',
  ENOENT: 'the folder does not exist: create it first',
  ENOTDIR: 'a part of the path is a file, not a folder: choose another path',
  EISDIR: 'there is a folder of that name: choose another name',
};

/**
 * Writes a file whole or not at all: under a temporary name in the same folder, synced, then renamed. Throws
 * ERR_OUTPUT with what to do; the temporary file is removed.
 */
export async function writeWhole(
  path: string,
  write: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, {force: true}).catch(() => undefined);
    throw unwritableFile(path, error);
  }
}

/** The same for contents that are at hand. */
export async function writeWholeFile(path: string, data: string | Uint8Array): Promise<void> {
  await writeWhole(path, (handle) => handle.writeFile(data));
}

/** ERR_OUTPUT for what the operating system said; other errors pass unchanged. */
export function unwritableFile(path: string, cause: unknown): unknown {
  const code = errnoOf(cause);
  if (code === null) return cause;
  const why = WRITE_FAILURES[code] ?? messageOf(cause);
  return new SauError('ERR_OUTPUT', `Expected to write ${path} but ${why}`, {
    cause,
    details: {path, errno: code},
  });
}
