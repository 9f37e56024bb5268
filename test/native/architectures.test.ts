import {beforeAll, describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import {createSession} from '../../lib/session/open_session.js';
import {expectAnswers, expectCounts, expectTrainingAnswer} from '../support/architectures.js';
import {formulaImages, uniform} from '../support/formula.js';
import {factsOf, LARGE, networks} from '../support/networks.js';
import {bytesOf} from '../support/oracle.js';

let core: NativeCore;
beforeAll(async () => {
  ({core} = await loadCore());
});

describe('the formula of weights and images', () => {
  it.each([
    [0, 0, 0],
    [0, 1, 0.427035749],
    [0, 2, 0.672680676],
    [0, 1000, 0.245547891],
    [1, 0, 0.768079996],
    [5, 3, 0.868685067],
    [65_535, 0, 0.596262217],
  ])('gives for tensor %i and number %i what it gives in PyTorch', (position, index, value) => {
    expect(uniform(position, index)).toBeCloseTo(value, 9);
  });

  it('gives images that are numbers in [-1,1)', () => {
    const images = formulaImages(2, 8);
    expect(images).toHaveLength(2 * 3 * 8 * 8);
    expect(images[0]).toBe(Math.fround(2 * uniform(65_535, 0) - 1));
    expect(Math.min(...images)).toBeLessThan(-0.9);
    expect(Math.max(...images)).toBeGreaterThan(0.9);
  });
});

describe('the architectures', () => {
  it('are those that were compared with torchvision', () => {
    expect(core.models().toSorted()).toEqual(Object.keys(networks).toSorted());
  });

  it.each(Object.keys(networks))("%s has torchvision's keys, shapes and counts", (model) => {
    expectCounts(core, model);
  });
});

describe('at weights by formula', () => {
  const quick = Object.keys(networks).filter((name) => !LARGE.includes(name));
  it.each(quick)("%s and its view say what torchvision's network says", (model) => {
    for (const expected of factsOf(model).cases) expectAnswers(core, model, expected);
  });

  const cases = quick.map((model) => [model, factsOf(model).training] as const);
  it.each(cases)("%s says in training what torchvision's network says", (model, training) => {
    expect(training).not.toBeNull();
    if (training !== null) expectTrainingAnswer(core, model, training);
  });
});

describe('the weights of a ViT', () => {
  it.each([
    ['of torchvision alone', (key: string) => key.replace(/^1\./, '')],
    [
      'of the reference with torchvision 0.12',
      (key: string) =>
        key.replace(/\.mlp\.0\./, '.mlp.linear_1.').replace(/\.mlp\.3\./, '.mlp.linear_2.'),
    ],
  ])('are read under the names %s', async (_, nameOf) => {
    const half: [number, number, number] = [0.5, 0.5, 0.5];
    using session = await createSession({
      ...{device: 'cpu', seed: 0, threads: 1, model: 'vit_b_32_w32', numClasses: 3},
      ...{mean: half, std: half},
    });
    await session.initialize();
    const weights = await session.exportStateDict();
    const renamed = new Map([...weights].map(([key, tensor]) => [nameOf(key), tensor]));
    expect([...renamed.keys()]).not.toEqual([...weights.keys()]);
    const zeros = [...weights].map(
      ([key, tensor]) => [key, {...tensor, data: new Uint8Array(tensor.data.length)}] as const,
    );
    await session.loadStateDict(new Map(zeros));
    await session.loadStateDict(renamed);
    expect(bytesOf(await session.exportStateDict())).toEqual(bytesOf(weights));
  });
});
