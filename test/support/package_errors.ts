import {expect} from 'vitest';
import type {SauError} from '../../lib/base/errors.js';
import {builtPackage} from './program.js';

/** The package has a SauError of its own, which is not that of the tests' lib. */
export async function errorOf(promise: Promise<unknown>, code: string): Promise<SauError> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(builtPackage().SauError);
  expect(outcome).toMatchObject({code});
  return outcome as SauError;
}
