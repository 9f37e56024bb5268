import {describe, expect, it} from 'vitest';
import type {NativeOuterGradient, NativeSauLossOptions} from '../../lib/native/run_contract.js';
import {expectBelow, relative, relativeL2} from '../support/closeness.js';
import {
  bytesOf,
  facts,
  flatten,
  floatsOf,
  imageSetOf,
  integersOf,
  range,
  tensorsOf,
  withParameters,
} from '../support/oracle.js';
import {loadedSession} from '../support/sessions.js';

/** Measured: below 5e-7. A wrong term, mask or divisor is off by percents. */
const LOSS_TOLERANCE = 1e-5;
/** Measured: below 2e-6, the rounding of single precision. */
const GRADIENT_TOLERANCE = 1e-5;
const PIXELS = 3 * 16 * 16;

interface OuterFacts {
  lambda1: number;
  lambda2: number;
  lambda3: number;
  train_mode: boolean;
}

function optionsOf({lambda1, lambda2, lambda3, train_mode}: OuterFacts): NativeSauLossOptions {
  return {lambda1, lambda2, lambda3, trainMode: train_mode};
}

interface LossFacts {
  clean_loss: number;
  adversarial_loss: number;
  shared_loss: number;
  loss: number;
  suspects: boolean[];
}

function expectLosses(name: string, actual: NativeOuterGradient, expected: LossFacts): void {
  const figures = [
    relative(actual.cleanLoss, expected.clean_loss),
    relative(actual.adversarialLoss, expected.adversarial_loss),
    relative(actual.sharedLoss, expected.shared_loss),
    relative(actual.loss, expected.loss),
  ];
  expectBelow(`losses of ${name}`, Math.max(...figures), LOSS_TOLERANCE);
  expect(Array.from(actual.suspects, Boolean)).toEqual(expected.suspects);
}

/** The gradient one parameter after another, in the order of the model. */
function flatGradient({gradient}: NativeOuterGradient): Float32Array {
  const state = new Map(gradient.map(({name, ...tensor}) => [name, tensor]));
  return flatten(state, 'parameters');
}

async function batchSession() {
  return loadedSession(imageSetOf(await tensorsOf('tiny_batch.pt')));
}

describe('the outer step', () => {
  it.each(Object.keys(facts.outer))("has the oracle's losses for %s", async (name) => {
    using session = await batchSession();
    const outer = await tensorsOf('outer.pt');
    const expected = facts.outer[name];
    const result = await session.outerGradient(
      'cleanSubset',
      range(6),
      floatsOf(outer, 'delta'),
      optionsOf(expected),
    );
    expectLosses(name, result, expected);
    if (outer.has(`${name}.gradient`)) {
      const gradient = floatsOf(outer, `${name}.gradient`);
      expectBelow(
        `gradient of ${name}`,
        relativeL2(flatGradient(result), gradient),
        GRADIENT_TOLERANCE,
      );
    }
  });

  it('gives a gradient of each parameter, in the order of the model', async () => {
    using session = await batchSession();
    const delta = floatsOf(await tensorsOf('outer.pt'), 'delta');
    const options = optionsOf(facts.outer['1x0x1_eval']);
    const {gradient} = await session.outerGradient('cleanSubset', range(6), delta, options);
    expect(gradient.map(({name, shape}) => ({name, shape}))).toEqual(facts.layout.parameters);
  });

  it.each([false, true])(
    'changes no weight and no running statistic (trainMode %s)',
    async (trainMode) => {
      using session = await batchSession();
      const before = bytesOf(await session.exportStateDict('trainee'));
      const reference = bytesOf(await session.exportStateDict('reference'));
      const delta = floatsOf(await tensorsOf('outer.pt'), 'delta');
      const options = {lambda1: 1, lambda2: 0.5, lambda3: 2, trainMode};
      const first = await session.outerGradient('cleanSubset', range(6), delta, options);
      expect(bytesOf(await session.exportStateDict('trainee'))).toEqual(before);
      expect(bytesOf(await session.exportStateDict('reference'))).toEqual(reference);
      const again = await session.outerGradient('cleanSubset', range(6), delta, options);
      expect(again).toEqual(first);
    },
  );

  it.each([false, true])(
    'is the same on sixteen copies of the batch, more than one CPU chunk (trainMode %s)',
    async (trainMode) => {
      using session = await batchSession();
      const delta = floatsOf(await tensorsOf('outer.pt'), 'delta');
      const options = {lambda1: 1, lambda2: 0.5, lambda3: 2, trainMode};
      const once = await session.outerGradient('cleanSubset', range(6), delta, options);
      const indices = range(96).map((i) => i % 6);
      const copies = new Float32Array(96 * PIXELS);
      for (let i = 0; i < 16; i++) copies.set(delta, i * delta.length);
      const many = await session.outerGradient('cleanSubset', indices, copies, options);
      expect(relative(many.loss, once.loss)).toBeLessThan(LOSS_TOLERANCE);
      expect(relativeL2(flatGradient(many), flatGradient(once))).toBeLessThan(GRADIENT_TOLERANCE);
      expect(many.suspects).toHaveLength(96);
      expect(many.suspects.subarray(90)).toEqual(once.suspects);
    },
  );

  it('is linear in its weights', async () => {
    using session = await batchSession();
    const delta = floatsOf(await tensorsOf('outer.pt'), 'delta');
    const at = async (lambda1: number, lambda2: number, lambda3: number) => {
      const options = {lambda1, lambda2, lambda3, trainMode: false};
      return flatGradient(await session.outerGradient('cleanSubset', range(6), delta, options));
    };
    const [clean, adversarial, shared] = [await at(1, 0, 0), await at(0, 1, 0), await at(0, 0, 1)];
    const sum = clean.map((c, i) => c + 0.5 * (adversarial[i] ?? 0) + 2 * (shared[i] ?? 0));
    expect(relativeL2(await at(1, 0.5, 2), sum)).toBeLessThan(GRADIENT_TOLERANCE);
  });

  it.each(['adam_wd0', 'adam_wd0.0005', 'sgd_wd0', 'sgd_wd0.0005'])(
    "has the losses of the oracle's second step from the weights of its first (%s)",
    async (name) => {
      using session = await batchSession();
      const steps = await tensorsOf('steps.pt');
      const parameters = floatsOf(steps, `${name}.step1.parameters`);
      const trainee = await session.exportStateDict('trainee');
      await session.loadStateDict(withParameters(trainee, parameters), 'trainee');
      const rows = integersOf(steps, 'rows').subarray(4, 8);
      const delta = floatsOf(steps, 'delta').subarray(4 * PIXELS, 8 * PIXELS);
      const options = optionsOf(facts.outer['1x0x1_eval']);
      const result = await session.outerGradient('cleanSubset', rows, delta, options);
      expectLosses(`${name} step 2`, result, facts.steps[name].steps[1]);
    },
  );
});
