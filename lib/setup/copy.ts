import {constants} from 'node:fs';
import {copyFile, mkdir, readdir, readlink, realpath, stat, symlink} from 'node:fs/promises';
import {dirname, isAbsolute, join, relative, resolve} from 'node:path';
import {unwritableFile} from '../base/whole_file.js';
import {folderBytes, requireSpace} from './disk.js';
import type {SetupRun} from './progress.js';

/**
 * Copies a folder so that the copy does not depend on the original: links within the folder are kept, and links out
 * of it become files. Throws ERR_OUTPUT, or the reason of the signal.
 */
export async function copyFolder(from: string, to: string, run: SetupRun): Promise<void> {
  try {
    const total = await folderBytes(from);
    await requireSpace(dirname(to), total, 'the copy');
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
  const reached = relative(top, resolve(await realpath(dirname(path)), text));
  return reached === '..' || reached.startsWith('../') || isAbsolute(reached) ? null : text;
}
