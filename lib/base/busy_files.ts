import {setTimeout as sleep} from 'node:timers/promises';
import {errnoOf} from './errors.js';

const TRIES = 20;
const PAUSE_MS = 50;

/**
 * Does work on a file that another program may have open for a moment, such as a virus scanner: Windows then refuses to
 * rename it. Elsewhere an error is final.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  system: NodeJS.Platform = process.platform,
): Promise<T> {
  for (let left = system === 'win32' ? TRIES : 0; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (left === 0 || !/^(EPERM|EACCES|EBUSY)$/.test(errnoOf(error) ?? '')) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
