import {assertNever, SauError} from '../../base/errors.js';
import {removeTemporaries} from '../../base/whole_file.js';
import type {Progress} from '../../run/progress.js';
import {failureOf} from '../failure.js';
import {runStep, type StepTask} from '../run_step.js';
import type {FromWorker, ToWorker} from './messages.js';

// worker.ts runs this in a separate process: it does steps of a sweep, one after another.

const MS_BETWEEN_COUNTS = 1000;
let nextCount = 0;
let stop = new AbortController();

async function doStep(task: StepTask): Promise<FromWorker> {
  try {
    await runStep(task, {signal: stop.signal, onProgress: tell, waits: true});
    return {kind: 'done'};
  } catch (error) {
    return {kind: 'failed', failure: failureOf(error)};
  }
}

/** Of what is counted not all: it comes for every batch. */
function tell(progress: Progress): void {
  if (progress.kind === 'batch' || progress.kind === 'images') {
    const now = performance.now();
    if (now < nextCount) return;
    nextCount = now + MS_BETWEEN_COUNTS;
  }
  // Nobody draws pictures here, and rows of tables are in the files.
  if (progress.kind === 'picture' || progress.kind === 'row') return;
  send({kind: 'progress', progress});
}

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'step':
      stop = new AbortController();
      void doStep(message.task).then(send);
      break;
    case 'abort':
      stop.abort(new SauError('ERR_ABORTED', 'Aborted'));
      break;
    case 'end':
      process.disconnect();
      break;
    default:
      assertNever(message);
  }
});

// Ctrl-C and the end of a terminal reach every process of it. The sweep decides what they mean.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

// Without the sweep nobody waits for the result. What is saved of a step is what the next call goes on from.
process.on('disconnect', () => {
  removeTemporaries();
  process.exit();
});
