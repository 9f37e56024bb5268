import {beforeAll, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import {expectBelow, relativeL2} from '../support/closeness.js';
import {formulaImages, formulaWeights} from '../support/formula.js';

let core: NativeCore;
beforeAll(async () => {
  ({core} = await loadCore());
});

/** A narrow network of each family. */
const NETWORKS = [
  ...['preactresnet18_w8', 'resnet18_w8', 'resnet50_w8', 'vgg11_bn_w2', 'densenet121_w8'],
  ...['mobilenet_v2_w8', 'mobilenet_v3_large_w8', 'mnasnet1_0_w8', 'shufflenet_v2_x1_0'],
  ...['efficientnet_b0_w8', 'convnext_tiny_w8', 'vit_b_32_w64'],
] as const;

it.each(NETWORKS)('%s gives nearly the same logits and gradients in bfloat16', (model) => {
  const numClasses = 10;
  const [count, side] = [2, 32];
  const tensors = formulaWeights(core.describeModel(model, numClasses).layers, 4);
  const images = formulaImages(count, side);
  const input = {model, numClasses, tensors, images, count, height: side, width: side};
  const exact = core.functional.net.run({...input, view: 'module', dtype: 'float32'});
  for (const view of ['module', 'frozen'] as const) {
    const low = core.functional.net.run({...input, view, dtype: 'bfloat16'});
    expectBelow(`logits, ${view}`, relativeL2(low.logits, exact.logits), 0.1);
    expectBelow(`gradient, ${view}`, relativeL2(low.gradient, exact.gradient), 0.5);
    expect(low.logits, view).not.toEqual(exact.logits);
  }
});
