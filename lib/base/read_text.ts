import {constants} from 'node:fs';
import {open} from 'node:fs/promises';

/** With this flag the opening of a pipe does not wait for its other end. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;
/** Options, summaries and lists are shorter. */
const MOST_BYTES = 2 ** 28;

/**
 * The whole content of a regular file as bytes. A pipe, which may never end, a device or a file beyond `most` bytes is
 * an Error that says so. Errors of the operating system pass unchanged.
 */
export async function readRegular(path: string, most: number = MOST_BYTES): Promise<Buffer> {
  const file = await open(path, READ);
  try {
    const facts = await file.stat();
    // Of a folder the system itself says what is wrong.
    if (!facts.isFile() && !facts.isDirectory()) {
      throw new Error('it is a pipe, a socket or a device');
    }
    if (facts.size > most) throw new Error(`it has ${facts.size} bytes, more than ${most}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** As {@link readRegular}, as text. */
export async function readText(path: string, most?: number): Promise<string> {
  return (await readRegular(path, most)).toString('utf8');
}
