import {beforeAll, describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';

let core: NativeCore;
beforeAll(async () => {
  ({core} = await loadCore());
});

function tapsOf(model: string, side: number) {
  return core.functional.net.taps({model, numClasses: 10, height: side, width: side});
}

describe('what defenses look at in a network', () => {
  it.each<[string, number, number[][]]>([
    [
      'preactresnet18',
      32,
      [
        [64, 32, 32],
        [128, 16, 16],
        [256, 8, 8],
        [512, 4, 4],
      ],
    ],
    [
      'resnet18', // whose last stage is one pixel at this size
      32,
      [
        [64, 16, 16],
        [64, 8, 8],
        [128, 4, 4],
        [256, 2, 2],
      ],
    ],
    [
      'vgg11_bn', // the inputs of its pools; the average to 7x7 is no stage
      32,
      [
        [64, 32, 32],
        [128, 16, 16],
        [256, 8, 8],
        [512, 4, 4],
        [512, 2, 2],
      ],
    ],
    [
      'convnext_tiny',
      64,
      [
        [96, 16, 16],
        [192, 8, 8],
        [384, 4, 4],
        [768, 2, 2],
      ],
    ],
  ])('the stages of %s at %i pixels end with maps of each size', (model, side, shapes) => {
    expect(tapsOf(model, side).stages.map(({shape}) => shape)).toEqual(shapes);
  });

  it.each(['densenet121', 'mobilenet_v2', 'efficientnet_b0', 'shufflenet_v2_x1_0', 'resnet50'])(
    '%s has stages that become smaller',
    (model) => {
      const sides = tapsOf(model, 64).stages.map(({shape}) => shape[1] ?? 0);
      expect(sides.length).toBeGreaterThan(1);
      expect(sides).toEqual([...sides].sort((a, b) => b - a));
    },
  );

  it('the norms are in the order of the state dict, not of execution', () => {
    const {norms} = tapsOf('preactresnet18', 32);
    expect(norms).toHaveLength(16);
    expect(norms.slice(0, 5)).toEqual([
      ...['layer1.0.bn1', 'layer1.0.bn2', 'layer1.1.bn1', 'layer1.1.bn2', 'layer2.0.bn1'],
    ]);
    expect(tapsOf('convnext_tiny', 64).norms).toHaveLength(23); // layer norms
  });

  it.each([
    ['preactresnet18', 'linear.weight'],
    ['resnet18', 'fc.weight'],
    ['vgg19_bn', 'classifier.0.weight'],
    ['densenet161', 'classifier.weight'],
    ['mobilenet_v3_large', 'classifier.0.weight'],
    ['efficientnet_b3', 'classifier.1.weight'],
    ['convnext_tiny', 'classifier.2.weight'],
    ['vit_b_16', '1.heads.head.weight'],
  ])('the features of %s are what %s takes', (model, key) => {
    expect(tapsOf(model, 64).featureLayer).toBe(key);
  });
});
