import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {pipeline} from 'node:stream/promises';
import {SauError} from '../base/errors.js';

/** The sha256 of a file, in hex. */
export async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, {signal});
  return hash.digest('hex');
}

/** Throws ERR_CHECKSUM. */
export async function requireSha256(
  path: string,
  expected: string,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  const actual = await sha256Of(path, signal);
  if (actual === expected) return;
  throw new SauError(
    'ERR_CHECKSUM',
    `Expected sha256 ${expected} for ${what} but received ${actual}.`,
    {
      remedy:
        'Nothing was installed. Compare the checksum with its source, and fetch the file again.',
      details: {expected, actual},
    },
  );
}
