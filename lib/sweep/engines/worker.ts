import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import type {Progress} from '../../run/progress.js';
import type {StepFailure} from '../failure.js';
import type {StepTask} from '../run_step.js';
import type {FromWorker, ToWorker} from './messages.js';

/** Characters of what a process wrote to stderr that are kept. */
const STDERR_KEPT = 4000;

/** What became of a step in a process. */
export type StepAnswer =
  | {readonly kind: 'done'}
  /** The process itself has noted why. */
  | {readonly kind: 'failed'; readonly failure: StepFailure}
  /** The process ended without an answer, so that nobody has noted anything. */
  | {readonly kind: 'crashed'; readonly failure: StepFailure};

/** A process that does steps of a sweep, one after another. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #stderr = '';
  #onProgress: (progress: Progress) => void = () => undefined;
  #answer: (answer: StepAnswer) => void = () => undefined;
  /** Steps that it was given. */
  steps = 0;

  /** @param env Variables besides those of this process */
  constructor(env: Readonly<Record<string, string>>) {
    // No execArgv: a debugger's port, for example, is taken.
    this.#child = fork(join(__dirname, 'worker_process.js'), [], {
      execArgv: [],
      env: {...process.env, ...env},
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#ended = once(this.#child, 'close').catch(() => undefined);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    this.#child.on('message', (message: FromWorker) => this.#receive(message));
    this.#child.on('error', (error) => this.#crash(error.message));
    this.#child.on('close', (code, signal) => this.#crash(signal ?? `exit code ${code}`));
  }

  /** Does a step. Never rejects. */
  do(task: StepTask, onProgress: (progress: Progress) => void): Promise<StepAnswer> {
    this.steps += 1;
    this.#onProgress = onProgress;
    return new Promise((resolve) => {
      this.#answer = resolve;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        this.#crash(this.#child.signalCode ?? `exit code ${this.#child.exitCode}`);
      }
      this.#tell({kind: 'step', task});
    });
  }

  /** Lets the step at hand stop; its answer tells when it has. */
  abort(): void {
    this.#tell({kind: 'abort'});
  }

  /** Ends the process between steps. Resolves once it has ended. */
  async end(): Promise<void> {
    this.#tell({kind: 'end'});
    await this.#ended;
  }

  /** A process that has ended already is told nothing. */
  #tell(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'progress') this.#onProgress(message.progress);
    else this.#answer(message);
  }

  #crash(how: string): void {
    const memory = how === 'SIGKILL' ? ', as where the system is out of memory' : '';
    const lines = this.#stderr
      .split('\n')
      .filter((line) => /\S/.test(line) && !/^Node\.js v/.test(line));
    // Node.js writes where an error comes from after what it is.
    const last = lines.findLast((line) => /Error\b/.test(line)) ?? lines.at(-1) ?? '';
    const words = last === '' ? '' : ` The last that it wrote is: ${last}`;
    const message = `Expected the process of the step to tell its result but it ended with ${how}${memory}.${words}`;
    this.#answer({kind: 'crashed', failure: {code: 'ERR_NATIVE', message}});
  }
}
