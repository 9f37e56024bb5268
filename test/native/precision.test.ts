import {describe, expect, it} from 'vitest';
import type {SessionOptions} from '../../lib/session/open_session.js';
import {
  bytesOf,
  errorOf,
  imageSetOf,
  loadedSession,
  PGD,
  range,
  tensorsOf,
  tinySession,
  UNLEARN,
} from './support.js';

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

  it('by default is fp32 on the CPU', async () => {
    using session = await tinySession();
    expect(session.precision).toBe('fp32');
  });

  it('auto is resolved to one that the CPU has', async () => {
    using session = await tinySession({precision: 'auto'});
    expect(['fp32', 'bf16']).toContain(session.precision);
  });
});

describe('the precision of measurements', () => {
  const lossAt = async (options: Partial<SessionOptions>) => {
    using session = await loadedSession(undefined, options);
    await session.setImages('cleanTest', imageSetOf(await tensorsOf('tiny_batch.pt')));
    return (await session.evaluate('trainee', 8)).cleanLoss;
  };

  it("is the run's by default, and another where it is asked for", async () => {
    const [exact, coarse] = [await lossAt({precision: 'fp32'}), await lossAt({precision: 'bf16'})];
    expect(coarse).not.toBe(exact);
    expect(coarse).toBeCloseTo(exact ?? Number.NaN, 1);
    expect(await lossAt({precision: 'bf16', evalPrecision: 'bf16'})).toBe(coarse);
    expect(await lossAt({precision: 'bf16', evalPrecision: 'fp32'})).toBe(exact);
    expect(await lossAt({precision: 'fp32', evalPrecision: 'bf16'})).toBe(coarse);
  });

  it.each(['tf32', 'fp16'] as const)('%s is refused on the CPU', async (evalPrecision) => {
    const error = await errorOf(tinySession({evalPrecision}), 'ERR_CONFIG');
    expect(error.message).toContain(evalPrecision);
  });
});

describe('a deterministic session', () => {
  it('ends at the weights of another one on the CPU, where all are', async () => {
    const set = imageSetOf(await tensorsOf('rounds.pt'));
    const weights = async (deterministic: boolean) => {
      using session = await loadedSession(set, {deterministic});
      await session.unlearn(UNLEARN);
      return bytesOf(await session.exportStateDict());
    };
    expect(await weights(true)).toEqual(await weights(false));
  });

  it('refuses what is neither true nor false', async () => {
    const deterministic = 'yes' as unknown as boolean;
    const error = await errorOf(tinySession({deterministic}), 'ERR_CONFIG');
    expect(error.message).toContain('deterministic as a boolean');
  });
});
