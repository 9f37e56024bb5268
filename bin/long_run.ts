import {SauError} from '../lib/base/errors.js';
import {removeTemporaries} from '../lib/base/whole_file.js';
import type {RunOptions} from '../lib/run/progress.js';
import {createProgressView} from './progress_bar.js';
import {codeOfSignal, noteSignal, STOP_SIGNALS, type StopSignal} from './stop_signals.js';
import {noteLine} from './terminal.js';

interface LongRun<T> {
  readonly result: T;
  /** True if a signal stopped the call and it still returned a result. */
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
        view.note(noteLine(note));
      }
      const result = await work({signal, onProgress: (progress) => view.onProgress(progress)});
      return {result, interrupted: signal.aborted};
    },
  );
}

/**
 * Runs work that the first Ctrl-C, SIGTERM of a batch system or SIGHUP of a closed terminal aborts with the error of
 * `onInterrupt`. The second one calls `stop` and ends the process at once, without leaving a temporary file.
 */
export async function interruptible<T>(
  onInterrupt: () => SauError,
  stop: () => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const interrupt = (signal: StopSignal) => {
    if (controller.signal.aborted) {
      stop();
      removeTemporaries();
      process.exit(codeOfSignal(signal));
    }
    noteSignal(signal);
    controller.abort(onInterrupt());
  };
  for (const signal of STOP_SIGNALS) process.on(signal, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    stop();
    for (const signal of STOP_SIGNALS) process.off(signal, interrupt);
  }
}
