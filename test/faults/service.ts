import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {ENTRY} from '../support/paths.js';
import type {Faults} from './control.js';

/** How a call ended. */
export type Answer =
  | {readonly kind: 'done'}
  | {
      readonly kind: 'failed';
      /** null: it is no SauError; failedRuns: it is a comparison that says so. */
      readonly code: string | null;
      readonly message: string;
    }
  | {readonly kind: 'died'; readonly how: string; readonly stderr: string};

/** A call of the package: the name of an export and its arguments, which JSON can hold. */
export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly env?: Readonly<Record<string, string>>;
}

const SCRIPT = `
const sau = require(process.argv[2]);
process.on('message', ({name, args, env}) => {
  Object.assign(process.env, env);
  Promise.resolve().then(() => sau[name](...args)).then(
    (result) => process.send(result?.failedRuns > 0
      ? {kind: 'failed', code: 'failedRuns', message: 'a run of a comparison has failed'} : {kind: 'done'}),
    (error) => process.send({kind: 'failed', code: error instanceof sau.SauError ? error.code : null,
      message: String(error?.message)}));
});
process.on('disconnect', () => process.exit());
`;

const MOST_MS = 60_000;

/** A process whose system calls can fail: it makes calls of the package, one after the other. */
export class Service {
  readonly #faults: Faults;
  readonly #script: string;
  readonly #entry: string;
  #child: ChildProcess | undefined;
  #stderr = '';

  /** @param entry The package, by default the built one */
  constructor(faults: Faults, entry = ENTRY) {
    this.#faults = faults;
    this.#entry = entry;
    this.#script = join(faults.folder, 'service', 'service.cjs');
    mkdirSync(dirname(this.#script), {recursive: true});
    writeFileSync(this.#script, SCRIPT);
  }

  /** Makes a call, in a new process where the last one has died. One that lasts too long is killed. */
  async call(call: Call): Promise<Answer> {
    const child = this.#running();
    const timer = setTimeout(() => child.kill('SIGKILL'), MOST_MS);
    const over = new AbortController();
    try {
      const answered = once(child, 'message', over).then(([answer]) => answer as Answer);
      const died = once(child, 'close', over).then(([code, signal]): Answer => {
        this.#child = undefined;
        return {kind: 'died', how: String(signal ?? `exit code ${code}`), stderr: this.#stderr};
      });
      child.send(call, () => undefined);
      const answer = await Promise.race([answered, died]);
      for (const other of [answered, died]) other.catch(() => undefined);
      return answer;
    } finally {
      over.abort();
      clearTimeout(timer);
    }
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #running(): ChildProcess {
    if (this.#child?.connected) return this.#child;
    this.#stderr = '';
    const child = fork(this.#script, [this.#entry], {
      env: this.#faults.env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child.stderr?.on('data', (text) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
    this.#child = child;
    return child;
  }
}
