const STATE_WORDS = 624;
const SHIFT = 397;
const UPPER_BIT = 0x80000000;
const LOWER_BITS = 0x7fffffff;
const TWIST = 0x9908b0df;

/**
 * MT19937 (Matsumoto and Nishimura, 1998): the generator of python's `random` and numpy's legacy `np.random`. They
 * differ only in how they seed it and how they use its words.
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(STATE_WORDS);
  #next = STATE_WORDS;

  private constructor() {}

  /** Seeds from one 32-bit integer (`init_genrand`). */
  static fromSeed(seed: number): MersenneTwister {
    const twister = new MersenneTwister();
    const state = twister.#state;
    let previous = seed >>> 0;
    state[0] = previous;
    for (let i = 1; i < STATE_WORDS; i++) {
      previous = (Math.imul(1812433253, previous ^ (previous >>> 30)) + i) >>> 0;
      state[i] = previous;
    }
    return twister;
  }

  /** Seeds from a non-empty list of 32-bit integers (`init_by_array`). */
  static fromKey(key: readonly number[]): MersenneTwister {
    const twister = MersenneTwister.fromSeed(19650218);
    const state = twister.#state;
    let i = 1;
    let previous = state[0] ?? 0;
    const store = (word: number): void => {
      previous = word >>> 0;
      state[i] = previous;
      i += 1;
      if (i >= STATE_WORDS) {
        state[0] = previous;
        i = 1;
      }
    };
    const mixed = (multiplier: number): number =>
      (state[i] ?? 0) ^ Math.imul(previous ^ (previous >>> 30), multiplier);
    for (let k = 0; k < Math.max(STATE_WORDS, key.length); k++) {
      const j = k % key.length;
      store(mixed(1664525) + (key[j] ?? 0) + j);
    }
    for (let k = 1; k < STATE_WORDS; k++) store(mixed(1566083941) - i);
    state[0] = UPPER_BIT;
    return twister;
  }

  /** The next word, uniform in [0, 2^32). */
  nextUint32(): number {
    if (this.#next >= STATE_WORDS) this.#refill();
    let word = this.#state[this.#next++] ?? 0;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    word ^= word >>> 18;
    return word >>> 0;
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < STATE_WORDS; i++) {
      const word =
        ((state[i] ?? 0) & UPPER_BIT) | ((state[(i + 1) % STATE_WORDS] ?? 0) & LOWER_BITS);
      state[i] = (state[(i + SHIFT) % STATE_WORDS] ?? 0) ^ (word >>> 1) ^ (word & 1 ? TWIST : 0);
    }
    this.#next = 0;
  }
}
