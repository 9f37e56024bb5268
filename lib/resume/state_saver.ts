import {messageOf} from '../base/errors.js';
import type {StateDict} from '../checkpoint/tensor.js';

/** Of the time of a run that saving its state may take. */
const SHARE = 0.02;

export interface StateSaving {
  /** Asks for the next state, which comes to {@link StateSaver.take}. */
  readonly request: () => void;
  /** Saves a state. */
  readonly write: (state: StateDict) => Promise<void>;
  /** Is told the first time that a state could not be written: the run goes on without it. */
  readonly onFailure: (message: string) => void;
}

/** Saves states as they come, one at a time, and asks for the next so late that saving takes a small share of the time. */
export class StateSaver {
  readonly #saving: StateSaving;
  #pending: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #hasFailed = false;
  #isClosed = false;

  constructor(saving: StateSaving) {
    this.#saving = saving;
  }

  begin(): void {
    this.#saving.request();
  }

  /** Begins to save a state, and never throws. `seconds`: what making it has cost the run. */
  take(state: StateDict, seconds: number): void {
    this.#pending = this.#save(state, seconds);
  }

  /** Waits until the last state is saved. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#pending;
  }

  async #save(state: StateDict, seconds: number): Promise<void> {
    const start = performance.now();
    try {
      await this.#saving.write(state);
    } catch (error) {
      if (!this.#hasFailed) this.#saving.onFailure(messageOf(error));
      this.#hasFailed = true;
    }
    if (this.#isClosed) return;
    const cost = 1000 * seconds + performance.now() - start;
    this.#timer = setTimeout(this.#saving.request, cost / SHARE);
    this.#timer.unref();
  }
}
