import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {pipeline} from 'node:stream/promises';
import {SauError} from '../base/errors.js';

/** A checksum in hex: of a kind that the publisher states. */
export type Sum = {readonly sha256: string} | {readonly md5: string};

/** Whether a file has a checksum. */
export async function hasSum(path: string, sum: Sum, signal: AbortSignal): Promise<boolean> {
  return (await actualSum(path, sum, signal)) === expectedSum(sum);
}

/** Throws ERR_CHECKSUM. */
export async function requireSum(
  path: string,
  sum: Sum,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  const actual = await actualSum(path, sum, signal);
  const expected = expectedSum(sum);
  if (actual === expected) return;
  throw new SauError(
    'ERR_CHECKSUM',
    `Expected ${kindOf(sum)} ${expected} for ${what} but received ${actual}.`,
    {
      remedy:
        'Nothing was installed. Compare the checksum with its source, and fetch the file again.',
      details: {expected, actual},
    },
  );
}

function kindOf(sum: Sum): 'sha256' | 'md5' {
  return 'sha256' in sum ? 'sha256' : 'md5';
}

function expectedSum(sum: Sum): string {
  return 'sha256' in sum ? sum.sha256 : sum.md5;
}

async function actualSum(path: string, sum: Sum, signal: AbortSignal): Promise<string> {
  const hash = createHash(kindOf(sum));
  await pipeline(createReadStream(path), hash, {signal});
  return hash.digest('hex');
}
