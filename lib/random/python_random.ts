import {MersenneTwister} from './mersenne_twister.js';
import {checkDraw, checkSeed} from './seed.js';

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
