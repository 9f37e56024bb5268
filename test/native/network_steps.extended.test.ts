import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {expectBelow} from '../support/closeness.js';
import {type Difference, RUNS, stepsOf} from '../support/network_steps.js';

const PYTHON = process.env.SAU_TEST_PYTHON ?? '';
const MINUTES = 60_000;

/** Every family, most of them narrow, so that double precision takes seconds. */
const MODELS = [
  ...['preactresnet18_w8', 'resnet18_w16', 'resnet50_w16', 'vgg11_w8', 'vgg11_bn_w8'],
  ...['densenet121_w8', 'mobilenet_v3_large_w8', 'mobilenet_v2'],
  ...['shufflenet_v2_x1_0_w12', 'efficientnet_b0_w16', 'convnext_tiny_w16', 'vit_b_32_w64'],
];

/**
 * Adam's first steps are as long for a gradient that is all rounding as for any other: where the sum of a weight's
 * gradient is exactly 0, Winograd's method may leave 1e-9. Of vgg11 1.1e-2 with it, 2e-4 or less without it
 * (ATEN_CPU_CAPABILITY=default), and 1e-5 in either case with SGD.
 */
const LEAST_UPDATE = {adam: 3e-2, sgd: 1e-2, training: 1e-2};

/**
 * Ours may be as far from PyTorch in float32 as this is from PyTorch in float64, some times over: either rounds
 * otherwise, and a network that was not trained makes much of it, above all in training mode where maps have one
 * pixel. `least` leaves room for a ReLU whose input is so near 0 that it is on here and off there.
 * architectures.test.ts compares a pass in training mode in double precision, which is exact.
 */
function expectClose(what: string, {ours, yardstick}: Difference, least: number): void {
  expectBelow(
    `${what} (PyTorch itself ${yardstick.toExponential(1)})`,
    ours,
    least + 10 * yardstick,
  );
}

describe.skipIf(PYTHON === '')('the procedure beside PyTorch (SAU_TEST_PYTHON)', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sau-network-steps-'));
  });
  afterAll(() => rmSync(folder, {recursive: true, force: true}));

  it.each(MODELS)(
    '%s is attacked, purified and trained as there, and its weights load there strictly',
    async (model) => {
      // At the images of 0 a ReLU6 is on here and off in PyTorch, and Adam makes much of it.
      const draw = model === 'mobilenet_v2' ? 7 : 0;
      const request = {model, images: 16, batch_size: 8, pgd_steps: 3, draw};
      const steps = await stepsOf(PYTHON, join(folder, model), request);
      expectClose('elements of one step that differ', steps.step, 1e-3);
      expectClose('elements of the perturbation that differ', steps.delta, 1e-3);
      expectClose('gradient of the outer step', steps.gradient, 1e-2);
      expect(steps.suspects.ours).toEqual(steps.suspects.oracle);
      expect(steps.suspects.oracle).toContain(true);
      expectClose('losses of the outer step', steps.losses.outer, 1e-4);
      // Evaluation mode: what rounding alone makes is small, or this would show nothing.
      for (const {yardstick} of [steps.step, steps.gradient, steps.runs.adam.update]) {
        expectBelow("PyTorch's own rounding", yardstick, 0.1);
      }
      for (const name of RUNS) {
        const {update, statistics, predictions} = steps.runs[name];
        expectClose(`update of ${name}`, update, LEAST_UPDATE[name]);
        expectClose(`statistics of ${name}`, statistics, 1e-4);
        expectClose(`loss of ${name}`, steps.losses[name], 1e-4);
        expect(steps.predictions[name]).toEqual(predictions);
      }
    },
    10 * MINUTES,
  );
});
