import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {EXIT, exitCodeOf} from '../../bin/errors.js';
import {exitCodeOfResult} from '../../bin/verdict_view.js';
import {ERROR_CODES, SauError} from '../../lib/base/errors.js';
import {ROOT} from '../support/paths.js';

it('every error code has its exit code', () => {
  const codes = ERROR_CODES.map((code) => [code, exitCodeOf(new SauError(code, ''))]);
  expect(Object.fromEntries(codes)).toEqual({
    ERR_CONFIG: 2,
    ERR_DATASET: 1,
    ERR_CHECKPOINT: 1,
    ERR_PROGRAM: 1,
    ERR_UNSAFE_PICKLE: 1,
    ERR_OUTPUT: 1,
    ERR_LIBTORCH_NOT_FOUND: 3,
    ERR_LIBTORCH_VERSION: 3,
    ERR_DOWNLOAD: 1,
    ERR_CHECKSUM: 1,
    ERR_ARCHIVE: 1,
    ERR_DEVICE: 4,
    ERR_OUT_OF_MEMORY: 1,
    ERR_BUSY: 1,
    ERR_DISPOSED: 1,
    ERR_ABORTED: 130,
    ERR_SANDBOX: 1,
    ERR_DIVERGED: 1,
    ERR_NATIVE: 1,
  });
  expect(exitCodeOf(new Error('a bug'))).toBe(1);
  const blocked = new SauError('ERR_CHECKPOINT', '', {details: {blockedBy: 'a'}});
  expect(exitCodeOf(blocked)).toBe(5);
});

it('every exit code is in the table of the documentation, once', () => {
  const text = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
  const codes = Array.from(text.matchAll(/^\| (\d+) \|/gm), ([, code]) => Number(code));
  expect(codes).toEqual(Object.values(EXIT));
});

it('a result has an exit code for a limit that it does not keep, unless it was interrupted', () => {
  const failed = [{gate: 'failAboveAsr', limit: 0, measured: 1}] as const;
  expect(exitCodeOfResult(false, [])).toBe(0);
  expect(exitCodeOfResult(false, failed)).toBe(11);
  expect(exitCodeOfResult(true, failed)).toBe(130);
});
