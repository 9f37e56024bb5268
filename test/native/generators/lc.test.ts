import {describe, expect, it} from 'vitest';
import {generateLcImages, lc} from '../../../lib/attacks/lc.js';
import {imagesOf, smallContext} from '../../support/attack_contexts.js';
import {shareOfEqual} from '../../support/closeness.js';
import {generatorFacts, imageSetOf, tensorOf, tensorsOf} from '../../support/oracle.js';
import {loadedSession} from '../../support/sessions.js';

const PGD = {stepSize: 1.5 / 255, bound: 8 / 255, normalize: false};

async function adversarial(normalize: boolean) {
  using session = await loadedSession();
  await session.loadStateDict(await tensorsOf('tiny_reference.pt'));
  const clean = imageSetOf(await tensorsOf('tiny_batch.pt'));
  await session.setImages('train', clean);
  const images = await session.adversarialImages({...generatorFacts.lc, normalize});
  await session.setImages('cleanTest', clean);
  const before = (await session.evaluate('trainee', 6)).cleanLoss ?? Number.NaN;
  await session.setImages('cleanTest', {...clean, images});
  const after = (await session.evaluate('trainee', 6)).cleanLoss ?? Number.NaN;
  return {clean: clean.images, images, before, after};
}

/** Smallest and largest change of a pixel. */
function changes(from: Uint8Array, to: Uint8Array): [number, number] {
  const all = Array.from(to, (value, i) => value - (from[i] ?? 0));
  return [Math.min(...all), Math.max(...all)];
}

describe('adversarial images', () => {
  it.each([
    ['plain', false],
    ['normalized', true],
  ])("are the oracle's on %s pixels", async (name, normalize) => {
    const {images} = await adversarial(normalize);
    const expected = tensorOf(await tensorsOf('generators.pt'), `lc.${name}`).data;
    expect(shareOfEqual(images, expected)).toBeGreaterThan(0.95);
  });

  it('stay within the bound, one gray level lower where truncation takes it', async () => {
    const {clean, images} = await adversarial(true);
    const [lowest, highest] = changes(clean, images);
    expect(lowest).toBeGreaterThanOrEqual(-9);
    expect(lowest).toBeLessThanOrEqual(-8);
    expect(highest).toBeLessThanOrEqual(8);
    expect(highest).toBeGreaterThanOrEqual(7);
  });

  it('have a higher loss than the clean images', async () => {
    const {before, after} = await adversarial(true);
    expect(after).toBeGreaterThan(before + 0.1);
  });
});

describe('label-consistent', () => {
  it('takes step and bound of its adversarial images in gray levels', async () => {
    const context = await smallContext({poisoned: Int32Array.of(3)});
    const clean = imagesOf(context.train)[3] ?? new Uint8Array();
    const range = async (pgdStepSize: number, pgdBound: number) => {
      const options = {adversarialImages: null, cleanModel: null, amplitude: 0, pgdSteps: 2};
      const {train} = await lc({...options, pgdStepSize, pgdBound}, context);
      return changes(clean, train(clean, 3));
    };
    for (const [step, bound, most] of [
      [3, 255, 6],
      [3, 4, 4],
    ] as const) {
      const [lowest, highest] = await range(step, bound);
      expect(highest).toBe(most);
      expect([-most, -most - 1]).toContain(lowest); // a level lower where truncation takes it
    }
  });
});

describe('generateLcImages', () => {
  it('changes the asked images alone, by their original index', async () => {
    const context = await smallContext();
    const positions = Int32Array.of(7, 2, 30);
    const options = {...PGD, steps: 3};
    const made = await generateLcImages(context, positions, null, options);
    expect([...made.keys()]).toEqual([7, 2, 30]);
    const clean = imagesOf(context.train);
    for (const [index, image] of made) {
      const [lowest, highest] = changes(clean[index] ?? new Uint8Array(), image);
      expect(lowest).toBeGreaterThanOrEqual(-6);
      expect(highest).toBeLessThanOrEqual(5);
      expect(highest).toBeGreaterThan(0);
    }
  });

  it('does not depend on how many images there are', async () => {
    const context = await smallContext();
    const options = {...PGD, steps: 2};
    const alone = await generateLcImages(context, Int32Array.of(5), null, options);
    const together = await generateLcImages(context, Int32Array.of(4, 5, 6), null, options);
    const [a, b] = [alone.get(5), together.get(5)];
    expect(shareOfEqual(a ?? new Uint8Array(), b ?? new Uint8Array())).toBeGreaterThan(0.99);
  });
});
