import {SauError} from '../base/errors.js';
import {MersenneTwister} from './mersenne_twister.js';

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

/**
 * Equally many positions of each class, class by class, each drawn by numpy's
 * `np.random.choice(positions, k, replace=False)` from one generator: the official tool's class-balanced subset
 * (defenses E0).
 * @throws SauError ERR_CONFIG for a seed that is not a 32-bit integer, or a class with fewer than `perClass`
 */
export function classBalancedSample(
  labels: Int32Array,
  numClasses: number,
  perClass: number,
  seed: number,
): Int32Array {
  const random = new NumpyLegacyRandom(seed);
  const chosen = Array.from({length: numClasses}, (_, label) => {
    const positions = labels.reduce<number[]>((list, own, i) => {
      if (own === label) list.push(i);
      return list;
    }, []);
    checkDraw(positions.length, perClass);
    return [...random.permutation(positions.length).subarray(0, perClass)].map(
      (i) => positions[i] ?? 0,
    );
  });
  return Int32Array.from(chosen.flat());
}

/** Uniform in [0, limit): as many top bits as `limit` has, drawn until they fit. limit >= 1. */
function below(twister: MersenneTwister, limit: number): number {
  const shift = Math.clz32(limit);
  let draw = twister.nextUint32() >>> shift;
  while (draw >= limit) draw = twister.nextUint32() >>> shift;
  return draw;
}

/** Up to this population python draws from a pool; above it, it keeps a set of the numbers already seen. */
function poolLimit(k: number): number {
  if (k <= 5) return 21;
  let tableSize = 1;
  while (tableSize < 3 * k) tableSize *= 4;
  return 21 + tableSize;
}

function sampleWithPool(twister: MersenneTwister, n: number, sample: Int32Array): void {
  const pool = Int32Array.from({length: n}, (_, i) => i);
  for (let i = 0; i < sample.length; i++) {
    const j = below(twister, n - i);
    sample[i] = pool[j] ?? 0;
    pool[j] = pool[n - i - 1] ?? 0;
  }
}

function sampleWithSet(twister: MersenneTwister, n: number, sample: Int32Array): void {
  const seen = new Set<number>();
  for (let i = 0; i < sample.length; i++) {
    let j = below(twister, n);
    while (seen.has(j)) j = below(twister, n);
    seen.add(j);
    sample[i] = j;
  }
}

/**
 * python's `random.seed(seed); random.sample(range(n), k)`, in draw order: the official tool's clean subset
 * (specification B1.3, B5).
 * @throws SauError ERR_CONFIG for a seed that is not a 32-bit integer, or k outside [0, n]
 */
export function pythonSample(n: number, k: number, seed: number): Int32Array {
  checkDraw(n, k);
  const twister = MersenneTwister.fromKey([checkSeed(seed)]);
  const sample = new Int32Array(k);
  if (n <= poolLimit(k)) sampleWithPool(twister, n, sample);
  else sampleWithSet(twister, n, sample);
  return sample;
}

/** The largest seed that both python's and numpy's generators take as one 32-bit word. */
const MAX_SEED = 0xffffffff;

/** Throws ERR_CONFIG unless the seed is an integer that python and numpy both accept. */
export function checkSeed(seed: number): number {
  if (Number.isInteger(seed) && seed >= 0 && seed <= MAX_SEED) return seed;
  throw new SauError('ERR_CONFIG', `Expected a seed from 0 to ${MAX_SEED} but received ${seed}`, {
    details: {seed},
  });
}

/** Throws ERR_CONFIG unless `k` different numbers can be drawn from `n`. */
function checkDraw(n: number, k: number): void {
  if (Number.isInteger(n) && Number.isInteger(k) && k >= 0 && k <= n && n <= 0x7fffffff) return;
  throw new SauError(
    'ERR_CONFIG',
    `Expected to draw between 0 and ${n} of ${n} but received ${k}`,
    {
      details: {n, k},
    },
  );
}
