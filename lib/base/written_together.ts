import {basename, dirname, join} from 'node:path';
import {withLock} from './lock.js';
import {removeTemporariesOf, unwritableFile, writeWholeFile} from './whole_file.js';

/** A file and its content. */
export type Written = readonly [path: string, content: string];

/**
 * Writes files of one folder, each whole or not at all, while no other call writes these: all of them are of one call.
 * What a killed call has left of them is removed. Throws ERR_OUTPUT.
 */
export async function writeTogether(
  files: readonly [Written, ...Written[]],
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const [[first]] = files;
  const folder = dirname(first);
  const lock = join(folder, `.${basename(first)}.lock`);
  const hooks = {signal, onWait: () => undefined, keepsFolder: true};
  try {
    await withLock(lock, hooks, async () => {
      const names = files.map(([path]) => basename(path));
      await removeTemporariesOf(folder, names);
      for (const [path, content] of files) await writeWholeFile(path, content);
    });
  } catch (error) {
    throw unwritableFile(first, error);
  }
}
