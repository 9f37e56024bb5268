import {type ChildProcess, fork} from 'node:child_process';
import {join} from 'node:path';
import {SauError} from '../base/errors.js';
import type {DefendConfig} from '../options/types.js';
import type {RunOptions} from '../run/progress.js';
import type {FromRun, ToRun} from './messages.js';

/** Characters of what a process wrote to stderr that are kept. */
const STDERR_KEPT = 4000;

/**
 * Runs `defend` in a process of its own, so that its memory is measured alone and a crash ends nothing else.
 * Throws what `defend` throws, ERR_NATIVE where the process ended without an answer, and the reason of the signal.
 */
export async function runApart(
  options: DefendConfig,
  {signal, onProgress}: Required<RunOptions>,
): Promise<void> {
  signal.throwIfAborted();
  // No execArgv: a debugger's port, for example, is taken.
  const child = fork(join(__dirname, 'run_process.js'), [], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const abort = (): void => tell(child, {kind: 'abort'});
  signal.addEventListener('abort', abort, {once: true});
  try {
    const answer = await answerOf(child, options, onProgress);
    signal.throwIfAborted();
    if (answer.kind === 'failed') throw errorOf(answer);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The last message of the process, once it has ended. */
function answerOf(
  child: ChildProcess,
  options: DefendConfig,
  onProgress: Required<RunOptions>['onProgress'],
): Promise<Exclude<FromRun, {kind: 'progress'}>> {
  return new Promise((resolve) => {
    let answer: Exclude<FromRun, {kind: 'progress'}> | undefined;
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_KEPT);
    });
    child.on('message', (message: FromRun) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else answer = message;
    });
    child.once('error', (error) => resolve(answer ?? crashed(error.message, stderr)));
    child.once('close', (code, signal) =>
      resolve(answer ?? crashed(signal === null ? `exit code ${code}` : signal, stderr)),
    );
    tell(child, {kind: 'start', options});
  });
}

/** A process that has ended already is told nothing. */
function tell(child: ChildProcess, message: ToRun): void {
  if (child.connected) child.send(message, () => undefined);
}

function crashed(how: string, stderr: string): Extract<FromRun, {kind: 'failed'}> {
  const memory = how === 'SIGKILL' ? ', as where the system is out of memory' : '';
  return {
    kind: 'failed',
    code: 'ERR_NATIVE',
    message: `Expected the process of the run to tell its result but it ended with ${how}${memory}.`,
    details: {ended: how, stderr},
  };
}

function errorOf({code, message, details}: Extract<FromRun, {kind: 'failed'}>): Error {
  return code === null ? new Error(message) : new SauError(code, message, {details});
}
