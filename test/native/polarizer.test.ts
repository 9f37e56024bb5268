import {beforeAll, describe, expect, it} from 'vitest';
import {modelOfWeights} from '../../lib/models/identify.js';
import {isModelName, MODEL_NAMES} from '../../lib/models/names.js';
import {keyWithoutPolarizer, polarizerPlace} from '../../lib/models/polarized.js';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import {createSession} from '../../lib/session/open_session.js';
import {bytesOf} from '../support/oracle.js';

let core: NativeCore;
beforeAll(async () => {
  ({core} = await loadCore());
});

describe('the place of a polarizer', () => {
  const placeIn = (model: string) => {
    const {layers} = core.describeModel(model, 10);
    return polarizerPlace(new Map(layers.map(({key, shape}) => [key, {shape}])));
  };

  it.each([
    ['preactresnet18', 'layer4.1.conv1'],
    ['preactresnet18_w16', 'layer4.1.conv1'],
    ['resnet18', 'layer4.1.conv1'],
    ['resnet50', 'layer4.2.conv1'],
    ['vgg19', 'features.34'],
    ['vgg19_bn', 'features.49'],
    ['densenet161', 'features.denseblock4.denselayer1.conv1'],
    ['mobilenet_v3_large', 'features.16.0'],
    ['efficientnet_b3', 'features.8.0'],
    ['convnext_tiny', 'features.7.2.block.0'],
  ])('is the first convolution of the last block: %s', (model, place) => {
    expect(placeIn(`${model}_polarized`)).toBe(place);
  });

  it('is none in any network as it was published', () => {
    expect(MODEL_NAMES.map(placeIn)).toEqual(MODEL_NAMES.map(() => null));
  });

  it('does not exist in a network whose only convolution takes the images', () => {
    expect(() => core.describeModel('vit_b_16_polarized', 10)).toThrow(
      /Expected a network with a convolution behind its first one/,
    );
  });

  it('has a layer of its own there, and all other weights as they were', () => {
    const plain = core.describeModel('vgg19', 10).layers;
    const layers = core.describeModel('vgg19_polarized', 10).layers;
    const own = layers.filter(({key}) => /^features\.34\.[01]\./.test(key));
    expect(own[0]).toMatchObject({key: 'features.34.0.weight', shape: [512, 512, 1, 1]});
    expect(own).toHaveLength(6);
    const others = layers.filter((layer) => !own.includes(layer));
    expect(
      others.map((layer) => ({...layer, key: layer.key.replace('features.34.2.', 'features.34.')})),
    ).toEqual(plain);
  });
});

describe('the weights of a polarized network', () => {
  const MODEL = 'preactresnet18_w8';
  const sessionOf = (model: string) =>
    createSession({
      ...{device: 'cpu', seed: 3, threads: 1, model, numClasses: 4},
      ...{mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]},
    });
  const freshOf = async (model: string) => {
    using session = await sessionOf(model);
    await session.initialize();
    return await session.exportStateDict();
  };

  it('are the identity and those of the network without it, as they are drawn', async () => {
    const state = await freshOf(`${MODEL}_polarized`);
    const mix = state.get('layer4.1.conv1.0.weight');
    const values = new Float32Array(Uint8Array.from(mix?.data ?? []).buffer);
    expect([...values]).toEqual(Array.from(values, (_, i) => (i % 65 === 0 ? 1 : 0)));
    const keys = [...state.keys()].flatMap(
      (key) => keyWithoutPolarizer(key, 'layer4.1.conv1') ?? [],
    );
    expect(keys).toEqual([...(await freshOf(MODEL)).keys()]);
  });

  it('tell the name of the network', async () => {
    const stateDict = await freshOf(`${MODEL}_polarized`);
    expect(modelOfWeights(core, {path: 'model.pt', stateDict})).toBe(`${MODEL}_polarized`);
    expect(isModelName(`${MODEL}_polarized`)).toBe(true);
    expect(isModelName(`${MODEL}_polarized_polarized`)).toBe(false);
  });

  it.each([MODEL, `${MODEL}_polarized`])(
    'go into a session of a %s, and out again',
    async (model) => {
      using session = await sessionOf(model);
      for (const name of [`${MODEL}_polarized`, MODEL]) {
        const state = await freshOf(name);
        await session.loadStateDict(state, 'reference');
        expect(bytesOf(await session.exportStateDict('reference'))).toEqual(bytesOf(state));
        await session.loadStateDict(state);
        expect(bytesOf(await session.exportStateDict())).toEqual(bytesOf(state));
      }
    },
  );
});
