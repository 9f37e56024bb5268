import {Breather} from './breather.js';

/** A read that takes longer than this holds the thread for too long. */
const SLOW_MS = 8;
/** So many slow reads are not chance. */
const MAX_SLOW = 4;

/**
 * Chooses how small reads of files are made. What the system has in its memory is read at once, which takes a tenth
 * of what a read beside the thread costs. Where reads are slow, as from a network, they are made beside it.
 */
export class QuickReads {
  readonly #breather = new Breather();
  #isFast = false;
  #slow = 0;

  /** Reads with one of two functions that do the same. Lets the event loop turn where it is due. */
  async read<T>(atOnce: () => T, beside: () => Promise<T>): Promise<T> {
    const isDirect = this.#isFast && this.#slow < MAX_SLOW;
    if (isDirect && this.#breather.due) await this.#breather.rest();
    const start = performance.now();
    const result = isDirect ? atOnce() : await beside();
    this.#isFast = performance.now() - start <= SLOW_MS;
    if (isDirect && !this.#isFast) this.#slow += 1;
    return result;
  }
}
