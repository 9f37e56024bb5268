import {MersenneTwister} from './mersenne_twister.js';
import {checkDraw, checkSeed} from './seed.js';

/** numpy's legacy `np.random.RandomState(seed)`, as far as the attacks need it (specification B5). */
export class NumpyLegacyRandom {
  readonly #twister: MersenneTwister;

  /** @throws SauError ERR_CONFIG for a seed that is not a 32-bit integer */
  constructor(seed: number) {
    this.#twister = MersenneTwister.fromSeed(checkSeed(seed));
  }

  /** `permutation(n)`: 0..n-1 shuffled by Fisher-Yates from the end. */
  permutation(n: number): Int32Array {
    checkDraw(n, n);
    const order = Int32Array.from({length: n}, (_, i) => i);
    for (let i = n - 1; i >= 1; i--) {
      const j = this.#upTo(i);
      const moved = order[i] ?? 0;
      order[i] = order[j] ?? 0;
      order[j] = moved;
    }
    return order;
  }

  /** Uniform in [0, max]: the lowest bits that `max` needs, drawn until they fit. max >= 1. */
  #upTo(max: number): number {
    const mask = 0xffffffff >>> Math.clz32(max);
    let draw = (this.#twister.nextUint32() & mask) >>> 0;
    while (draw > max) draw = (this.#twister.nextUint32() & mask) >>> 0;
    return draw;
  }
}

/**
 * numpy's `np.random.seed(seed); np.random.choice(np.arange(n), k, replace=False)`: the official tool's choice of
 * poisoned training images (specification B3.3, B5).
 * @throws SauError ERR_CONFIG for a seed that is not a 32-bit integer, or k outside [0, n]
 */
export function numpyChoiceWithoutReplacement(n: number, k: number, seed: number): Int32Array {
  checkDraw(n, k);
  return new NumpyLegacyRandom(seed).permutation(n).slice(0, k);
}
