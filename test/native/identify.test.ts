import {beforeAll, describe, expect, it} from 'vitest';
import type {StateDict, TensorData} from '../../lib/checkpoint/tensor.js';
import {
  checkModelName,
  checkModelSize,
  classesOfHead,
  modelOfWeights,
} from '../../lib/models/identify.js';
import {MODEL_NAMES} from '../../lib/models/names.js';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import {errorOf} from '../support/error_of.js';
import {tensorsOf} from '../support/oracle.js';

let core: NativeCore;
let tiny: StateDict;
beforeAll(async () => {
  ({core} = await loadCore());
  tiny = await tensorsOf('tiny_trainee.pt');
});

const data = new Uint8Array(0);
/** Weights without their elements. */
const state = (entries: Iterable<readonly [string, readonly number[]]>) => ({
  path: 'model.pt',
  stateDict: new Map<string, TensorData>(
    [...entries].map(([key, shape]) => [key, {dtype: 'float32', shape: [...shape], data}]),
  ),
});
const layersOf = (model: string, numClasses: number) =>
  core.describeModel(model, numClasses).layers.map(({key, shape}) => [key, shape] as const);

describe('weights without the name of their model', () => {
  it('tell it, with its width and its classes', () => {
    const weights = {path: 'tiny.pt', stateDict: tiny};
    expect(modelOfWeights(core, weights)).toBe('preactresnet18_w2');
    expect(classesOfHead(core, 'preactresnet18_w2', weights)).toBe(5);
    const full = state(layersOf('preactresnet18', 43));
    expect(modelOfWeights(core, full)).toBe('preactresnet18');
    expect(classesOfHead(core, 'preactresnet18', full)).toBe(43);
  });

  it.each(MODEL_NAMES)('tell that they are those of a %s', (name) => {
    const weights = state(layersOf(name, 43));
    expect(modelOfWeights(core, weights)).toBe(name);
    expect(classesOfHead(core, name, weights)).toBe(43);
  });

  it.each(['resnet18_w8', 'vgg19_bn_w16', 'densenet161_w12', 'convnext_tiny_w24', 'vit_b_16_w64'])(
    'tell that they are those of a narrow %s',
    (name) => {
      expect(modelOfWeights(core, state(layersOf(name, 10)))).toBe(name);
    },
  );

  it("tell a ViT by torchvision's own names, old and new", () => {
    const own = layersOf('vit_b_16', 10).map(([key, shape]) => [key.slice(2), shape] as const);
    const old = own.map(
      ([key, shape]) =>
        [key.replace('mlp.0', 'mlp.linear_1').replace('mlp.3', 'mlp.linear_2'), shape] as const,
    );
    for (const weights of [state(own), state(old)]) {
      expect(modelOfWeights(core, weights)).toBe('vit_b_16');
      expect(classesOfHead(core, 'vit_b_16', weights)).toBe(10);
    }
  });

  it('tell the classes by the head, whatever matrix comes last', () => {
    const weights = state([...layersOf('preactresnet18', 10), ['extra.weight', [3, 3]]]);
    expect(classesOfHead(core, 'preactresnet18', weights)).toBe(10);
  });

  it('tell it even where some are missing, so that loading can list those', () => {
    const layers = layersOf('preactresnet18_w8', 10);
    const some = layers.filter(([key]) => !key.startsWith('layer3') && !key.startsWith('linear'));
    expect(modelOfWeights(core, state(some))).toBe('preactresnet18_w8');
    expect(classesOfHead(core, 'preactresnet18_w8', state(some))).toBeNull();
  });

  it('are refused where no model has them', async () => {
    const strange = state([
      ['features.0.weight', [64, 3, 3, 3]],
      ['conv1.weight', [64, 3, 7, 7]],
      ['linear.weight', [10, 512]],
    ]);
    const {message} = await errorOf((async () => modelOfWeights(core, strange))(), 'ERR_CONFIG');
    expect(message).toMatch(
      /first: features\.0\.weight, conv1\.weight, linear\.weight.*Give model/,
    );
  });
});

describe('a model', () => {
  const check = async (...[shape, model, classes]: [number[], string, number]) => {
    const weights = state([['a', shape]]);
    checkModelName(model, weights);
    checkModelSize(core, model, classes, weights);
  };

  it('may have weights of any shape where building it costs little', async () => {
    await check([1], 'preactresnet18', 10);
    await check([1], 'preactresnet18_w340', 10);
    await check([1], 'preactresnet18_w2', 4_000_000);
  });

  it('that is far larger than its weights is refused before it is built', async () => {
    for (const [name, classes] of [
      ['preactresnet18_w9999', 10],
      ['preactresnet18_w2', 1e9],
    ] as const) {
      const {message} = await errorOf(check([16, 16], name, classes), 'ERR_CHECKPOINT');
      expect(message).toMatch(/the largest there has 256\. Check model and numClasses/);
    }
    await check([2728, 2728, 9], 'preactresnet18_w341', 10); // as large as it should be
  });

  it('that is not known is refused by name', async () => {
    const {message} = await errorOf(check([1], 'vgg99', 10), 'ERR_CONFIG');
    expect(message).toMatch(/for model\.pt but received 'vgg99'\. Give model if/);
  });
});
