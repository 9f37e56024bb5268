import {expect} from 'vitest';
import {SauError} from '../../lib/base/errors.js';

/** The message of the ERR_CONFIG that a call throws. */
export function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(SauError);
    expect(error).toMatchObject({code: 'ERR_CONFIG'});
    return (error as SauError).message;
  }
  throw new Error('Expected an error');
}
