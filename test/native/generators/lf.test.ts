import {beforeAll, describe, expect, it} from 'vitest';
import {generateLfPattern} from '../../../lib/attacks/lf.js';
import {loadCore} from '../../../lib/native/binding.js';
import type {NativeFunctional} from '../../../lib/native/contract.js';
import {GENERATOR_DEFAULTS} from '../../../lib/options/defaults.js';
import {smallContext} from '../../support/attack_contexts.js';
import {expectBelow, largestDifference} from '../../support/closeness.js';
import {generatorFacts, imageSetOf, tensorOf, tensorsOf} from '../../support/oracle.js';
import {loadedSession} from '../../support/sessions.js';

/** 30 taps of a Gaussian, by the formula. */
const TAPS = (() => {
  const raw = Array.from({length: 30}, (_, k) => Math.exp(-0.5 * ((5 * (k - 14.5)) / 30) ** 2));
  const sum = raw.reduce((a, b) => a + b);
  return raw.map((tap) => tap / sum);
})();

describe('the low-pass filter', () => {
  let functional: NativeFunctional;
  beforeAll(async () => {
    functional = (await loadCore()).core.functional;
  });

  it('answers an impulse with the product of two rows of taps', () => {
    const image = new Float32Array(2 * 40 * 40);
    image[40 * 40 + 20 * 40 + 18] = 1; // of the second plane
    const response = functional.lowPass(image, [1, 2, 40, 40]);
    expect(Math.max(...response.subarray(0, 1600))).toBe(0);
    for (const [row, column] of [
      [20, 18],
      [12, 30],
      [34, 5],
      [35, 18],
    ] as const) {
      // out[i] = sum over k of tap[k] in[i + k - 14]
      const expected = (TAPS[20 - row + 14] ?? 0) * (TAPS[18 - column + 14] ?? 0);
      expect(response[1600 + row * 40 + column]).toBeCloseTo(expected, 8);
    }
    expect(response.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
  });

  it('leaves the inside of a constant image as it is', () => {
    const filtered = functional.lowPass(new Float32Array(60 * 60).fill(0.5), [1, 1, 60, 60]);
    expect(filtered[30 * 60 + 30]).toBeCloseTo(0.5, 6);
    expect(filtered[0]).toBeLessThan(0.2);
  });
});

describe('the LF pattern', () => {
  it.each([
    ['plain', false],
    ['normalized', true],
  ])("is the oracle's on %s pixels", async (name, normalize) => {
    const {seed, lf} = generatorFacts;
    using session = await loadedSession(undefined, {seed});
    await session.loadStateDict(await tensorsOf('tiny_reference.pt'));
    await session.setImages('train', imageSetOf(await tensorsOf('tiny_batch.pt')));
    await session.setImages('cleanTest', imageSetOf(await tensorsOf('training.pt')));
    const {pattern, rate, passes} = await session.lfPattern({...lf, normalize});
    const expected = tensorOf(await tensorsOf('generators.pt'), `lf.${name}`).data;
    expectBelow('pattern', largestDifference(pattern, expected), 1);
    expect(Math.abs(rate - generatorFacts[`lf_${name}`].rate)).toBeLessThan(0.05);
    expect(passes).toBe(2);
  });

  it('ends when enough predictions change, or when their share has settled', async () => {
    const {lf} = generatorFacts;
    using session = await loadedSession();
    const images = imageSetOf(await tensorsOf('tiny_batch.pt'));
    await session.setImages('train', images);
    await session.setImages('cleanTest', images);
    const options = {...lf, passes: 20, normalize: true};
    expect((await session.lfPattern({...options, enough: 0})).passes).toBe(1);
    expect((await session.lfPattern({...options, settled: 2})).passes).toBe(5);
  });
});

describe('generateLfPattern', () => {
  it('makes a pattern from 0 to a fifth of white, the same for a seed', async () => {
    const context = await smallContext();
    const options = {...GENERATOR_DEFAULTS.lfPattern, images: 6, passes: 2, normalize: true};
    const pattern = await generateLfPattern(context, null, options);
    expect(pattern).toHaveLength(3 * 16 * 16);
    expect(Math.min(...pattern)).toBe(0);
    expect([50, 51]).toContain(Math.max(...pattern));
    expect(await generateLfPattern(context, null, options)).toEqual(pattern);
    expect(context.told.at(-1)).toMatchObject({kind: 'note'});
  });
});
