import {constants} from 'node:fs';
import {open, stat} from 'node:fs/promises';
import {messageOf, SauError} from '../base/errors.js';
import {readRegular} from '../base/read_text.js';

/** With this flag a pipe in place of a file is empty and does not block forever. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * The size of a file of a data set. Throws ERR_DATASET for one that is missing, not readable, or no file: a pipe or
 * a device may block forever.
 * @param of What the file belongs to, such as CIFAR-10
 */
export async function sizeOfDataFile(path: string, of: string): Promise<number> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, of, messageOf(cause), cause);
  });
  if (!facts.isFile()) throw unreadable(path, of, 'it is no file');
  const handle = await open(path, READ).catch((cause: unknown) => {
    throw unreadable(path, of, messageOf(cause), cause);
  });
  await handle.close();
  return facts.size;
}

/** The whole content of a file of a data set. Throws ERR_DATASET. */
export async function readDataFile(path: string, of: string): Promise<Buffer> {
  await sizeOfDataFile(path, of);
  return readRegular(path, 2 ** 31).catch((cause: unknown) => {
    throw unreadable(path, of, messageOf(cause), cause);
  });
}

function unreadable(path: string, of: string, why: string, cause?: unknown): SauError {
  return new SauError(
    'ERR_DATASET',
    `Expected the ${of} file ${path} but it cannot be read: ${why}.`,
    {
      cause,
      remedy: 'Get the data set again, or check its permissions.',
      details: {file: path},
    },
  );
}

/** ERR_DATASET for a file whose content is not what its format says. */
export function damagedDataFile(
  path: string,
  of: string,
  {expected, found, cause}: {expected: string; found: string; cause?: unknown},
): SauError {
  return new SauError(
    'ERR_DATASET',
    `Expected ${expected} in the ${of} file ${path} but found ${found}.`,
    {cause, remedy: 'Get the data set again.', details: {file: path}},
  );
}
