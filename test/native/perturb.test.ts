import {describe, expect, it} from 'vitest';
import {expectBelow, largestDifference} from '../support/closeness.js';
import {facts, floatsOf, imageSetOf, range, tensorsOf} from '../support/oracle.js';
import {loadedSession, PGD} from '../support/sessions.js';

const PIXELS = 3 * 16 * 16;

async function batchSession(seed = 0) {
  return loadedSession(imageSetOf(await tensorsOf('tiny_batch.pt')), {seed});
}

describe('the shared perturbation', () => {
  it.each(Object.keys(facts.pgd))("equals the oracle's for %s", async (name) => {
    using session = await batchSession();
    const {norm, bound, step_size: stepSize, steps, init, beta1, beta2} = facts.pgd[name];
    const pgd = {norm, normBound: bound, stepSize, steps, init, beta1, beta2};
    const delta = await session.perturb('cleanSubset', range(6), pgd);
    const expected = floatsOf(await tensorsOf('pgd.pt'), name);
    // Sign steps of L_inf and Reg are exact; L1 and L2 scale by a norm, whose sum rounds.
    const exact = norm === 'L_inf' || norm === 'Reg';
    expectBelow(`largest difference ${name}`, largestDifference(delta, expected), exact ? 0 : 1e-6);
  });

  it("is an image's own, in the order of the indices", async () => {
    using session = await batchSession();
    const all = await session.perturb('cleanSubset', range(6), {
      ...PGD,
      norm: 'L2',
      normBound: 1.5,
    });
    const chosen = Int32Array.of(4, 1);
    const some = await session.perturb('cleanSubset', chosen, {...PGD, norm: 'L2', normBound: 1.5});
    const rows = [4, 1].flatMap((i) => Array.from(all.subarray(i * PIXELS, (i + 1) * PIXELS)));
    expect(largestDifference(some, rows)).toBeLessThan(1e-6);
  });

  it('is the same in a batch of more than one CPU chunk', async () => {
    using session = await batchSession();
    const pgd = {...PGD, steps: 5, beta1: 1, beta2: 0.3};
    const once = await session.perturb('cleanSubset', range(6), pgd);
    const indices = range(96).map((i) => i % 6);
    const many = await session.perturb('cleanSubset', indices, pgd);
    for (let i = 0; i < 16; i++) {
      expect(many.subarray(i * once.length, (i + 1) * once.length)).toEqual(once);
    }
  });

  it('is its projected start where there are no steps', async () => {
    using session = await batchSession();
    const start = async (init: 'max' | 'min' | 'zero') =>
      new Set(await session.perturb('cleanSubset', range(2), {...PGD, steps: 0, init}));
    const bound = Math.fround(0.2);
    expect(await start('max')).toEqual(new Set([bound]));
    expect(await start('min')).toEqual(new Set([-bound]));
    expect(await start('zero')).toEqual(new Set([0]));
  });

  it('changes no weight', async () => {
    using session = await batchSession();
    const before = await session.exportStateDict('trainee');
    await session.perturb('cleanSubset', range(6), PGD);
    expect(await session.exportStateDict('trainee')).toEqual(before);
  });
});

describe('the random start', () => {
  const random = {...PGD, init: 'random', steps: 0} as const;

  async function drawn(seed: number, pgd: typeof PGD = random): Promise<Float32Array> {
    using session = await batchSession(seed);
    return await session.perturb('cleanSubset', range(6), pgd);
  }

  it('is uniform in [0,1) before the projection', async () => {
    const delta = await drawn(0, {...random, norm: 'Reg'});
    const mean = delta.reduce((a, b) => a + b) / delta.length;
    const square = delta.reduce((a, b) => a + (b - mean) ** 2, 0) / delta.length;
    expect(Math.min(...delta)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delta)).toBeLessThan(1);
    // 4608 elements: standard error of the mean 0.0043, of the variance 0.0011.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
    expect(Math.abs(square - 1 / 12)).toBeLessThan(0.005);
  });

  it('lies in the ball, and is clamped there four times out of five', async () => {
    const delta = await drawn(0);
    const bound = Math.fround(0.2);
    expect(Math.max(...delta)).toBe(bound);
    expect(Math.min(...delta)).toBeGreaterThanOrEqual(0);
    const share = delta.filter((value) => value === bound).length / delta.length;
    expect(Math.abs(share - 0.8)).toBeLessThan(0.03);
  });

  it('lies in the ball after steps too', async () => {
    const delta = await drawn(0, {...random, norm: 'L2', normBound: 1.5, steps: 3});
    for (let image = 0; image < 6; image++) {
      const part = delta.subarray(image * PIXELS, (image + 1) * PIXELS);
      expect(Math.hypot(...part)).toBeLessThanOrEqual(1.5 * (1 + 1e-6));
      expect(Math.hypot(...part)).toBeGreaterThan(0.5);
    }
  });

  it('is a function of the seed', async () => {
    const first = await drawn(1);
    expect(await drawn(1)).toEqual(first);
    expect(await drawn(2)).not.toEqual(first);
  });

  it('differs from call to call of one session', async () => {
    using session = await batchSession();
    const first = await session.perturb('cleanSubset', range(6), random);
    expect(await session.perturb('cleanSubset', range(6), random)).not.toEqual(first);
  });
});
