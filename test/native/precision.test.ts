import {describe, expect, it} from 'vitest';
import {errorOf, imageSetOf, loadedSession, PGD, range, tensorsOf, tinySession} from './support.js';

describe('the precision', () => {
  it('of bf16 changes few signs of the perturbation, and some', async () => {
    const set = imageSetOf(await tensorsOf('tiny_batch.pt'));
    const deltaAt = async (precision: 'fp32' | 'bf16') => {
      using session = await loadedSession(set, {precision});
      expect(session.precision).toBe(precision);
      return await session.perturb('cleanSubset', range(set.count), {...PGD, steps: 1});
    };
    const [exact, coarse] = [await deltaAt('fp32'), await deltaAt('bf16')];
    const same = exact.filter((value, i) => value === coarse[i]).length / exact.length;
    expect(same).toBeGreaterThan(0.9);
    expect(same).toBeLessThan(1);
  });

  it.each(['tf32', 'fp16'] as const)('%s is refused on the CPU', async (precision) => {
    const error = await errorOf(tinySession({precision}), 'ERR_CONFIG');
    expect(error.message).toContain(precision);
  });

  it('auto is resolved to one that the CPU has', async () => {
    using session = await tinySession({precision: 'auto'});
    expect(['fp32', 'bf16']).toContain(session.precision);
  });
});
