import {SauError} from '../base/errors.js';

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
export function checkDraw(n: number, k: number): void {
  if (Number.isInteger(n) && Number.isInteger(k) && k >= 0 && k <= n && n <= 0x7fffffff) return;
  throw new SauError(
    'ERR_CONFIG',
    `Expected to draw between 0 and ${n} of ${n} but received ${k}`,
    {
      details: {n, k},
    },
  );
}
