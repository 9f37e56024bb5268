import type {SauError} from '../lib/base/errors.js';
import {removeTemporaries} from '../lib/base/whole_file.js';
import {EXIT} from './exit_codes.js';

/**
 * Runs work that the first Ctrl-C (or SIGTERM) aborts with the error of `onInterrupt`. The second one calls `stop`
 * and ends the process at once, without leaving a temporary file.
 */
export async function interruptible<T>(
  onInterrupt: () => SauError,
  stop: () => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) {
      stop();
      removeTemporaries();
      process.exit(EXIT.interrupted);
    }
    controller.abort(onInterrupt());
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return await work(controller.signal);
  } finally {
    stop();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
