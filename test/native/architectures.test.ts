import {beforeAll, describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import {expectAnswers, expectCounts, expectTrainingAnswer} from '../support/architectures.js';
import {formulaImages, uniform} from '../support/formula.js';
import {factsOf, LARGE, networks} from '../support/networks.js';

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
