import {beforeAll, describe, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import {expectAnswers, expectTrainingAnswer} from '../support/architectures.js';
import {factsOf, LARGE} from '../support/networks.js';

const MINUTES = 60_000;

let core: NativeCore;
beforeAll(async () => {
  ({core} = await loadCore());
});

describe('at weights by formula', () => {
  it.each(LARGE)(
    "%s and its view say what torchvision's network says",
    (model) => {
      for (const expected of factsOf(model).cases) expectAnswers(core, model, expected);
    },
    20 * MINUTES,
  );

  const cases = LARGE.flatMap((model) => {
    const {training} = factsOf(model);
    return training === null ? [] : [[model, training] as const];
  });
  it.each(cases)(
    "%s says in training what torchvision's network says",
    (model, training) => expectTrainingAnswer(core, model, training),
    20 * MINUTES,
  );
});
