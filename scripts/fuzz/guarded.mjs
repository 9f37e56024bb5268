import {closeSync, ftruncateSync, openSync, writeSync} from 'node:fs';
import {Worker} from 'node:worker_threads';
import {MOST_BYTES} from './limits.mjs';
import {Finding} from './oracle.mjs';

/** The memory of the process is asked for once in so many inputs: that takes longer than many of them. */
const ASKED = 32;

/** Runs inputs of a target one after another, each watched and each kept in a file while it runs. */
export class Guarded {
  #target;
  #folder;
  #state = new Float64Array(new SharedArrayBuffer(32));
  #watchdog;
  #file;
  #runs = 0;
  #before = 0;
  #peak = 0;
  #warning = null;
  #heed = (warning) => {
    this.#warning = warning;
  };

  /** @param folder Where the target may put files */
  constructor(target, folder) {
    this.#target = target;
    this.#folder = folder;
    this.#file = openSync(inputIn(folder), 'w');
    process.on('warning', this.#heed);
    this.#watchdog = new Worker(new URL('watchdog.mjs', import.meta.url), {
      workerData: this.#state.buffer,
      execArgv: [],
    });
  }

  /** 'accepted' or 'refused'; throws a Finding. */
  async run(bytes) {
    ftruncateSync(this.#file);
    writeSync(this.#file, bytes, 0, bytes.length, 0);
    this.#begin();
    try {
      const outcome = await this.#target.run(bytes, this.#folder);
      this.#requireSilence();
      return outcome;
    } catch (error) {
      if (error instanceof Finding) throw error;
      throw new Error(`The fuzzer of ${this.#target.name} itself failed.`, {cause: error});
    } finally {
      this.#state[0] = 0;
      this.#requireMemory();
    }
  }

  async end() {
    process.off('warning', this.#heed);
    closeSync(this.#file);
    await this.#watchdog.terminate();
  }

  #begin() {
    if (this.#runs % ASKED === 0) this.#before = process.memoryUsage.rss();
    this.#peak = process.resourceUsage().maxRSS * 1024;
    const {user, system} = process.cpuUsage();
    this.#state[1] = (user + system) / 1000;
    this.#state[2] = Date.now();
    this.#state[3] = this.#before;
    this.#runs += 1;
    this.#state[0] = this.#runs;
  }

  /** A reader's warning would go to the terminal. */
  #requireSilence() {
    const warning = this.#warning;
    this.#warning = null;
    if (warning !== null) throw new Finding('error', `warning ${warning.name}`, warning.message);
  }

  /** A peak may be shorter than the watchdog's sleep. */
  #requireMemory() {
    const peak = process.resourceUsage().maxRSS * 1024;
    const taken = peak - this.#before;
    if (peak > this.#peak && taken > MOST_BYTES)
      throw new Finding('memory', 'more than 512 MB', `It took ${taken} bytes.`);
  }
}

/** The input that runs, or was the last. */
export function inputIn(folder) {
  return `${folder}/input`;
}
