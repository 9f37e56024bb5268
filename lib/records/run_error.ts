import {SauError} from '../errors.js';

/** ERR_CHECKPOINT for a file of a run that is not what it should be. */
export function damagedRun(path: string, why: string, cause?: unknown): SauError {
  return new SauError('ERR_CHECKPOINT', `Expected the summary of a run at ${path} but ${why}.`, {
    cause,
    remedy: 'Copy the folder again, or run again.',
    details: {path},
  });
}
