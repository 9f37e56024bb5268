import {expect} from 'vitest';
import {SauError, type SauErrorCode} from '../../lib/base/errors.js';

/** The SauError that a promise rejects with; fails for anything else. */
export async function errorOf(promise: Promise<unknown>, code: SauErrorCode): Promise<SauError> {
  const outcome = await promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(SauError);
  if (!(outcome instanceof SauError)) throw new Error('unreachable');
  expect(outcome.code, outcome.message).toBe(code);
  return outcome;
}
