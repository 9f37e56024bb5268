import {describe, expect, it} from 'vitest';
import type {StateDict} from '../../lib/checkpoint/tensor.js';
import {viewOf} from '../../lib/checkpoint/tensor.js';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import {loadCore, toSauError} from '../../lib/native/binding.js';
import type {PrecisionName} from '../../lib/native/contract.js';
import type {SessionOptions} from '../../lib/session/open_session.js';
import {errorOf} from '../support/error_of.js';
import {bytesOf, facts, imageSetOf, range, tensorOf, tensorsOf} from '../support/oracle.js';
import {loadedSession, PGD, sauOptions, tinySession, UNLEARN} from '../support/sessions.js';

const {model, num_classes: numClasses, mean, std} = facts;

/** The trainee's weights with those of the first convolution multiplied: its features grow likewise. */
async function loudTrainee(factor: number): Promise<StateDict> {
  const state = await tensorsOf('tiny_trainee.pt');
  const {dtype, shape, data} = tensorOf(state, 'conv1.weight');
  const [old, loud] = [viewOf(data), new Uint8Array(data.length)];
  for (let i = 0; i < data.length; i += 4)
    viewOf(loud).setFloat32(i, old.getFloat32(i, true) * factor, true);
  return new Map(state).set('conv1.weight', {dtype, shape, data: loud});
}

/** A session of the core itself, which computes float16 on the CPU where createSession offers it on CUDA alone. */
async function coreSession(precision: PrecisionName, trainee: StateDict, cleanSubset: ImageSet) {
  const {core} = await loadCore();
  const session = new core.Session({
    ...{device: 'cpu', seed: 0, threads: 1, model, numClasses, mean, std},
    ...{precision, evalPrecision: 'fp32', deterministic: false},
    tuning: {execution: 'auto', chunkSize: 0, cacheMib: 0},
  });
  const tensors = [...trainee].map(([name, {dtype, shape, data}]) => {
    return {name, dtype, shape: [...shape], data};
  });
  await session.loadStateDict(tensors, 'both');
  await session.setImages('cleanSubset', {...cleanSubset, isMapped: false});
  return session;
}

/** The core's errors as a Session's callers see them. */
function rethrow(error: unknown): never {
  throw toSauError(error);
}

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

describe('an attack whose values leave the range of its precision', () => {
  const set = async () => imageSetOf(await tensorsOf('tiny_batch.pt'));

  it.each([
    ['fp16', 1e5, /in Half .* range of float16: use the precision tf32 or fp32/],
    ['bf16', 1e38, /in BFloat16 .* Use the precision fp32, or check the checkpoint's weights/],
    ['fp32', 1e38, /in Float .* Check the checkpoint's weights/],
  ] as const)('ends with ERR_DIVERGED and advice (%s)', async (precision, factor, words) => {
    const images = await set();
    const session = await coreSession(precision, await loudTrainee(factor), images);
    const perturb = session.perturb('cleanSubset', range(images.count), PGD);
    const error = await errorOf(perturb.catch(rethrow), 'ERR_DIVERGED');
    expect(error.message).toMatch(words);
    session.dispose();
  });

  it('ends a run in its first round, though the outer step in float32 has a finite loss', async () => {
    const session = await coreSession('fp16', await loudTrainee(1e5), await set());
    const run = session.defend(sauOptions(UNLEARN), [], () => {});
    const error = await errorOf(run.catch(rethrow), 'ERR_DIVERGED');
    expect(error.message).toContain('float16');
    session.dispose();
  });

  it('goes through in float32, whose range they are in', async () => {
    const images = await set();
    const session = await coreSession('fp32', await loudTrainee(1e5), images);
    const delta = await session.perturb('cleanSubset', range(images.count), PGD);
    expect(delta.every(Number.isFinite)).toBe(true);
    session.dispose();
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
      await session.defend(sauOptions(UNLEARN));
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
