import {randomUUID} from 'node:crypto';
import {rmSync} from 'node:fs';
import {type FileHandle, open, readdir, rename, rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {patiently} from './busy_files.js';
import {errnoOf, messageOf, SauError} from './errors.js';

const WRITE_FAILURES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free space or choose another folder',
  EDQUOT: 'the disk quota is used up: free space or choose another folder',
  EFBIG: 'no file may be so long here: raise the limit (ulimit -f) or choose another folder',
  EACCES: 'the folder may not be written: change its permissions or choose another',
  EPERM: 'the folder may not be written: change its permissions or choose another',
  EROFS: 'the file system is read-only: choose another folder',
  ENOENT: 'the folder does not exist: create it first',
  ENOTDIR: 'a part of the path is a file, not a folder: choose another path',
  EISDIR: 'there is a folder of that name: move it away, or choose another name',
  ERR_FS_EISDIR: 'there is a folder of that name: move it away, or choose another folder',
  EIO: 'the device reports an error: check it, or choose another folder',
};

/** Temporary paths of the files that are being written. */
const temporaries = new Set<string>();

/**
 * The temporary name under which {@link writeWhole} writes: a hidden file, recognizable by its beginning and its
 * end.
 */
const TEMPORARY = /^\.(.+)\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/**
 * Writes a file whole or not at all: under a temporary name in the same folder, synced, then renamed. Throws
 * ERR_OUTPUT with what to do; the temporary file is removed.
 */
export async function writeWhole(
  path: string,
  write: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  temporaries.add(temporary);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await patiently(() => rename(temporary, path));
  } catch (error) {
    await rm(temporary, {force: true}).catch(() => undefined);
    throw unwritableFile(path, error);
  } finally {
    temporaries.delete(temporary);
  }
}

/** Removes the temporary files of a process that ends at once. */
export function removeTemporaries(): void {
  for (const path of temporaries) {
    try {
      rmSync(path, {force: true});
    } catch {
      // The next run in this folder tries again: see removeFiles.
    }
  }
}

/**
 * Removes files of a folder, and the temporary files that a killed process has left of them. Throws ERR_OUTPUT.
 */
export async function removeFiles(folder: string, names: readonly string[]): Promise<void> {
  await removeWhere(folder, (name) => names.includes(TEMPORARY.exec(name)?.[1] ?? name));
}

/** Removes of these files only the temporary ones. Throws ERR_OUTPUT. */
export async function removeTemporariesOf(folder: string, names: readonly string[]): Promise<void> {
  await removeWhere(folder, (name) => names.includes(TEMPORARY.exec(name)?.[1] ?? ''));
}

async function removeWhere(folder: string, isOurs: (name: string) => boolean): Promise<void> {
  for (const name of (await readdir(folder).catch(() => [])).filter(isOurs)) {
    const path = join(folder, name);
    await rm(path, {force: true}).catch((error: unknown) => {
      throw unwritableFile(path, error);
    });
  }
}

/** Writes given contents to a file, whole or not at all, as {@link writeWhole} does. */
export async function writeWholeFile(path: string, data: string | Uint8Array): Promise<void> {
  await writeWhole(path, (handle) => handle.writeFile(data));
}

/** ERR_OUTPUT for an error of the operating system; other errors pass unchanged. */
export function unwritableFile(path: string, cause: unknown): unknown {
  const code = errnoOf(cause);
  if (code === null) return cause;
  const why = WRITE_FAILURES[code] ?? messageOf(cause);
  return new SauError('ERR_OUTPUT', `Expected to write ${path} but ${why}`, {
    cause,
    details: {path, errno: code},
  });
}
