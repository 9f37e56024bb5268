import {messageOf, SauError} from '../base/errors.js';
import {removeTemporaries} from '../base/whole_file.js';
import {defend} from '../defend.js';
import {named} from '../options/named.js';
import type {DefendConfig} from '../options/types.js';
import type {Progress} from '../run/progress.js';
import type {FromRun, ToRun} from './messages.js';

// run_apart.ts runs this in a separate process: one run of a comparison.

const stop = new AbortController();
const MS_BETWEEN_COUNTS = 50;
let nextCount = 0;

async function purify(options: DefendConfig): Promise<FromRun> {
  try {
    await defend(options, {signal: stop.signal, onProgress: tell});
    return {kind: 'done'};
  } catch (error) {
    if (!(error instanceof SauError)) {
      return {kind: 'failed', code: null, message: messageOf(error), details: {}};
    }
    const {code, details} = error;
    return {kind: 'failed', code, message: error.messageIn(named), details};
  }
}

/** Of what is counted not all: it comes for every batch. */
function tell(progress: Progress): void {
  if (progress.kind === 'batch' || progress.kind === 'images') {
    const now = performance.now();
    if (now < nextCount) return;
    nextCount = now + MS_BETWEEN_COUNTS;
  }
  send({kind: 'progress', progress});
}

function send(message: FromRun): void {
  process.send?.(message);
}

process.on('message', (message: ToRun) => {
  if (message.kind === 'abort') {
    stop.abort(new SauError('ERR_ABORTED', 'Aborted'));
    return;
  }
  void purify(message.options).then((answer) => {
    process.send?.(answer, () => process.disconnect());
  });
});

// Ctrl-C and the end of a terminal reach every process of it. The comparison decides what they mean.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

// Without the comparison nobody waits for the result. Its next call cleans up.
process.on('disconnect', () => {
  removeTemporaries();
  process.exit();
});
