// Checks of one architecture, for the quick and for the extended tests.
import {createHash} from 'node:crypto';
import {expect} from 'vitest';
import {elementCount} from '../../lib/checkpoint/tensor.js';
import type {NativeCore} from '../../lib/native/contract.js';
import {expectBelow, relative} from './closeness.js';
import {
  answerOf,
  factsOf,
  type NetworkCase,
  type TrainingCase,
  trainingAnswerOf,
  weightsOf,
} from './networks.js';

/** Shares by which our figures may differ: of the largest logit, and of the gradient's norm. */
interface Tolerance {
  readonly logits: number;
  readonly gradient: number;
}

const TOLERANCES = {
  float64: {logits: 1e-9, gradient: 1e-9},
  // A ReLU whose input is near 0 may be on or off: in vgg19_bn PyTorch's own layouts differ by 7e-4, and one such ReLU
  // of vgg11, which other rounding of the pixels turns, makes 1.5e-3 of the norm.
  float32: {logits: 1e-5, gradient: 5e-3},
} as const satisfies Record<string, Tolerance>;

const VIEWS = ['module', 'frozen'] as const;

/** The network, and the attacker's view of it, say what torchvision's says, in either precision. */
export function expectAnswers(core: NativeCore, model: string, expected: NetworkCase): void {
  const {classes, side} = expected;
  const tensors = weightsOf(core, model, classes);
  for (const view of VIEWS) {
    for (const dtype of ['float64', 'float32'] as const) {
      const found = answerOf(core, {model, classes, side, tensors, view, dtype});
      expectAnswer(`${model} at ${side}, ${view}, ${dtype}`, found, expected, TOLERANCES[dtype]);
    }
  }
}

/** A pass in training mode says what torchvision's says, and leaves equal statistics. */
export function expectTrainingAnswer(
  core: NativeCore,
  model: string,
  expected: TrainingCase,
): void {
  const found = trainingAnswerOf(core, model, expected);
  expectAnswer(`${model} in training`, found, expected, TOLERANCES.float64);
  for (const name of ['statistics_norm', 'statistics_sum'] as const) {
    const difference = Math.abs(found[name] - expected[name]);
    expectBelow(`${name} of ${model}`, difference, 1e-9 * Math.abs(expected[name]));
  }
}

function expectAnswer(
  what: string,
  found: NetworkCase,
  expected: NetworkCase,
  {logits, gradient}: Tolerance,
): void {
  const differences = expected.logits.flatMap((row, i) =>
    row.map((value, k) => Math.abs(value - (found.logits[i]?.[k] ?? Number.NaN))),
  );
  expectBelow(`logits of ${what}`, Math.max(...differences), logits * expected.largest_logit);
  expectBelow(`loss of ${what}`, relative(found.loss, expected.loss), logits);
  const norm = relative(found.gradient_norm, expected.gradient_norm);
  expectBelow(`gradient's norm of ${what}`, norm, gradient);
  const product = Math.abs(found.gradient_by_images - expected.gradient_by_images);
  // Of two images: 6 side² numbers with a mean square of 1/3.
  const length = expected.side * Math.SQRT2;
  expectBelow(`gradient of ${what}`, product, gradient * expected.gradient_norm * length);
}

/** Keys, shapes and counts are those of torchvision's network. */
export function expectCounts(core: NativeCore, model: string): void {
  const expected = factsOf(model);
  for (const [classes, parameters] of Object.entries(expected.parameters)) {
    expect(core.describeModel(model, Number(classes)).parameters, classes).toBe(parameters);
  }
  const {layers} = core.describeModel(model, 10);
  const buffers = layers.filter(({kind}) => kind === 'buffer');
  const lines = layers.map(({key, shape}) => `${key} ${shape.join('x')}\n`).join('');
  const macs = (side: number) => core.functional.net.cost(model, 10, side, side).macs;
  expect({
    fingerprint: createHash('md5').update(lines).digest('hex').slice(0, 8),
    entries: layers.length,
    parameter_entries: layers.length - buffers.length,
    buffer_elements: buffers.reduce((sum, {shape}) => sum + elementCount(shape), 0),
    macs: {32: macs(32), 64: macs(64)},
  }).toEqual({
    fingerprint: expected.fingerprint,
    entries: expected.entries,
    parameter_entries: expected.parameter_entries,
    buffer_elements: expected.buffer_elements,
    macs: expected.macs,
  });
}
