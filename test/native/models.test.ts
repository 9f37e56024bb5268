import {describe, expect, it} from 'vitest';
import {KNOWN} from '../../lib/datasets/known.js';
import {MODEL_NAMES} from '../../lib/models/names.js';
import {models} from '../../lib/models.js';

describe('the list of models', () => {
  it('has each architecture with its size, cost and data sets', async () => {
    const list = await models();
    expect(list.map(({name}) => name)).toEqual(MODEL_NAMES);
    expect(list.find(({name}) => name === 'vgg19_bn')).toEqual({
      name: 'vgg19_bn',
      title: 'VGG19-BN',
      benchmark: true,
      inputSize: 224,
      width: 64,
      parameters: 139_622_218,
      entries: 118,
      macs: {32: 517_709_824, 64: 1_712_103_424, 224: 19_628_007_424},
      datasets: Object.keys(KNOWN),
    });
  });

  it('marks the eight that BackdoorBench publishes results of', async () => {
    const published = (await models()).filter(({benchmark}) => benchmark);
    expect(published.map(({name}) => name).sort()).toEqual([
      ...['convnext_tiny', 'densenet161', 'efficientnet_b3', 'mobilenet_v3_large'],
      ...['preactresnet18', 'vgg19', 'vgg19_bn', 'vit_b_16'],
    ]);
  });

  it('has one cost for a ViT whatever the size of the images, which it resizes', async () => {
    const vit = (await models()).find(({name}) => name === 'vit_b_16');
    expect(new Set(Object.values(vit?.macs ?? {}))).toEqual(new Set([17_563_067_904]));
  });
});
