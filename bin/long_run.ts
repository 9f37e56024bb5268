import {SauError} from '../lib/base/errors.js';
import type {RunOptions} from '../lib/run/progress.js';
import {interruptible} from './interruptible.js';
import {createProgressView} from './progress_bar.js';
import {painted} from './terminal.js';

export interface LongRun<T> {
  readonly result: T;
  /** True if the user pressed Ctrl-C and the call still returned a result. */
  readonly interrupted: boolean;
}

/**
 * Runs a long call with progress on stderr. The first Ctrl-C aborts it, so that it can save what there is. The
 * second one ends the process at once.
 */
export async function longRun<T>(
  quiet: boolean,
  notes: readonly string[],
  work: (run: Required<RunOptions>) => Promise<T>,
): Promise<LongRun<T>> {
  const view = createProgressView(quiet);
  const interrupted = (): SauError => {
    view.note('interrupted: stopping and saving what there is; Ctrl-C again stops at once');
    return new SauError(
      'ERR_ABORTED',
      'Interrupted before there was a result to save; run the command again',
    );
  };
  return interruptible(
    interrupted,
    () => view.stop(),
    async (signal) => {
      for (const note of notes) {
        view.note(`${painted('note', 'note:', process.stderr)} ${note}`);
      }
      const result = await work({signal, onProgress: (progress) => view.onProgress(progress)});
      return {result, interrupted: signal.aborted};
    },
  );
}
