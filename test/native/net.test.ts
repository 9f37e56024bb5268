import {createHash} from 'node:crypto';
import {beforeAll, describe, expect, it} from 'vitest';
import {MODEL_NAMES} from '../../lib/models/names.js';
import {loadCore, toSauError} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import type {NativeNode} from '../../lib/native/model_contract.js';
import {expectBelow, largestDifference, relativeL2} from '../support/closeness.js';
import {errorOf} from '../support/error_of.js';
import {facts} from '../support/oracle.js';

let core: NativeCore;
beforeAll(async () => {
  ({core} = await loadCore());
});

describe('the architectures', () => {
  it('are those that TypeScript knows', () => {
    expect(core.models()).toEqual([...MODEL_NAMES]);
  });

  it('are described as a session lays them out', async () => {
    const {model, num_classes: numClasses, mean, std} = facts;
    const native = new core.Session({
      ...{device: 'cpu', seed: 0, threads: 1, model, numClasses, mean, std, precision: 'fp32'},
      ...{evalPrecision: 'fp32', deterministic: false},
      tuning: {execution: 'auto', chunkSize: 0, cacheMib: 0},
    });
    const {layers} = core.describeModel(model, numClasses);
    expect(layers.map(({key, shape, dtype}) => ({name: key, dtype, shape}))).toEqual(
      await native.layout(false),
    );
    native.dispose();
  });

  // Counts and multiply-accumulates, computed by hand from the layers.
  it.each([
    [10, 11_171_146],
    [43, 11_188_075],
    [100, 11_217_316],
    [200, 11_268_616],
  ])('count the parameters of a preactresnet18 of %i classes', (classes, parameters) => {
    const model = core.describeModel('preactresnet18', classes);
    expect(model).toMatchObject({name: 'preactresnet18', inputSize: 32, parameters});
    expect(model.head).toEqual({weight: 'linear.weight', bias: 'linear.bias'});
    expect(model.layers.filter(({kind}) => kind === 'buffer')).toHaveLength(48);
  });

  it('have the keys and shapes of the official preactresnet18, in its order', () => {
    const {layers} = core.describeModel('preactresnet18', 10);
    const lines = layers.map(({key, shape}) => `${key} ${shape.join('x')}\n`).join('');
    expect(createHash('md5').update(lines).digest('hex').slice(0, 8)).toBe('f0b8b501');
  });

  it('know what an image of any size costs', () => {
    const cost = (size: number) => core.functional.net.cost('preactresnet18', 10, size, size);
    expect(core.describeModel('preactresnet18', 10).macs).toBe(555_422_720);
    expect(cost(32).macs).toBe(555_422_720);
    expect(cost(64).macs).toBe(2_221_675_520);
    // A block holds its input, the activated input or the hidden value, and what it computes.
    expect(cost(32).peakElements).toBe(3 * 64 * 32 * 32);
    expect(cost(224).peakElements).toBe(3 * 64 * 224 * 224);
  });

  it('take as many images a pass as memory allows: at 32 pixels the 1000 of an evaluation, at 224 few', () => {
    const images = (name: string, size: number) =>
      core.functional.net.cost(name, 10, size, size).imagesWithinMemory;
    expect(images('preactresnet18', 32)).toBeGreaterThan(1000);
    expect(images('preactresnet18', 224)).toBe(27); // a value of 64 maps takes 12.8 MB an image
    expect(images('preactresnet18_w2', 224)).toBe(891);
    expect(images('preactresnet18', 4096)).toBe(1);
  });

  it('attack as many images at a time as their values leave room for: at 32 pixels a whole chunk, at 224 few', () => {
    const images = (name: string, size: number) =>
      core.functional.net.cost(name, 10, size, size).imagesWithGradients;
    expect(images('preactresnet18', 32)).toBeGreaterThan(64);
    expect(images('resnet18', 224)).toBe(16);
    expect(images('vit_b_16', 224)).toBe(3);
    expect(images('preactresnet18', 4096)).toBe(1);
  });

  it('are refused where their name is unknown', async () => {
    for (const name of ['resnet20', 'preactresnet18_w0', 'preactresnet18_w', '']) {
      const {message} = await errorOf(
        (async () => core.describeModel(name, 10))().catch((e: unknown) => {
          throw toSauError(e);
        }),
        'ERR_CONFIG',
      );
      expect(message).toContain(`but received '${name}'`);
    }
  });
});

/** A batch norm after a sum, after a convolution that is used twice, and folded into one with a bias and groups. */
const EVERY_NODE: NativeNode[] = [
  {...{op: 'conv', key: 'stem', x: 0, out: 6, kernel: 3}, stride: 1, groups: 1, bias: false},
  {op: 'batchNorm', key: 'early', x: 1}, // the stem is also used raw: cannot be folded
  {...{op: 'conv', key: 'wide', x: 2, out: 6, kernel: 5}, stride: 1, groups: 3, bias: true},
  {op: 'batchNorm', key: 'folded', x: 3},
  {op: 'relu', x: 4},
  {op: 'add', x: 5, y: 1},
  {op: 'batchNorm', key: 'late', x: 6}, // follows a sum: a scale and a shift with its ReLU
  {op: 'relu', x: 7},
  {...{op: 'conv', key: 'short', x: 8, out: 8, kernel: 1}, stride: 2, groups: 1, bias: true},
  {op: 'relu', x: 9},
  {op: 'relu', x: 9}, // twice of one value: neither may overwrite it
  {op: 'add', x: 10, y: 11},
  {...{op: 'conv', key: 'point', x: 12, out: 8, kernel: 1}, stride: 1, groups: 1, bias: true},
  {op: 'relu', x: 13},
  {op: 'globalAverage', x: 14},
  {op: 'linear', key: 'hidden', x: 15, out: 7},
  {op: 'relu', x: 16},
  {op: 'linear', key: 'head', x: 17, out: 4},
];

/** Numbers in [-1, 1) that are the same in every run. */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({length: count}, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Weights of a network whose batch norms do something: no mean is 0 and no variance 1. */
function tensorsFor(nodes: readonly NativeNode[]) {
  return core.functional.net.layout(nodes).map(({name, dtype, shape}, i) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const values = numbers(count, i + 1);
    const positive = /running_var|(early|folded|late)\.weight/.test(name);
    const data = positive ? values.map((v) => 1 + v / 2) : values;
    const bytes = new Uint8Array(dtype === 'int64' ? new BigInt64Array(1).buffer : data.buffer);
    return {name, dtype, shape, data: bytes};
  });
}

function run(view: 'module' | 'frozen', dtype: 'float32' | 'bfloat16' = 'float32') {
  const [count, height, width] = [3, 9, 8];
  const images = numbers(count * 3 * height * width, 99);
  const tensors = tensorsFor(EVERY_NODE);
  const input = {nodes: EVERY_NODE, tensors, images, count, height, width, view, dtype} as const;
  return core.functional.net.run(input);
}

describe("the attacker's view of a network with every kind of node", () => {
  it('gives the logits and the gradient by the pixels of the network in evaluation mode', () => {
    const module = run('module');
    const frozen = run('frozen');
    expect(Math.max(...module.logits.map(Math.abs))).toBeGreaterThan(0.1);
    expectBelow('logits', relativeL2(frozen.logits, module.logits), 1e-5);
    expectBelow('gradient', relativeL2(frozen.gradient, module.gradient), 1e-4);
  });

  it('gives nearly the same in bfloat16', () => {
    const module = run('module', 'bfloat16');
    const frozen = run('frozen', 'bfloat16');
    expectBelow('logits', relativeL2(frozen.logits, run('module').logits), 0.05);
    expectBelow('view against network', relativeL2(frozen.logits, module.logits), 0.05);
    expect(largestDifference(frozen.logits, run('frozen').logits)).toBeGreaterThan(0);
  });
});

describe('a network', () => {
  const conv = {op: 'conv', key: 'a', x: 0, out: 4, kernel: 3, stride: 1, groups: 1} as const;
  const pool = {op: 'globalAverage', x: 1} as const;
  const head = {op: 'linear', key: 'head', x: 2, out: 2} as const;
  const plain = {...conv, bias: false};

  it.each<[string, NativeNode[], RegExp]>([
    ['two layers of one key', [plain, pool, {...head, key: 'a'}], /keys that differ .* a\.weight/],
    ['a convolution of vectors', [plain, pool, {...plain, key: 'b', x: 2}, head], /a map of 4/],
    ['a linear layer on maps', [plain, {...head, x: 1}], /expected a channels-last value of 4/],
    [
      'a sum of unlike values',
      [plain, {op: 'add', x: 0, y: 1}, {...pool, x: 2}, {...head, x: 3}],
      /sum of two alike/,
    ],
    [
      'groups that do not divide',
      [{...plain, groups: 2}, pool, head],
      /whole groups for the layer a/,
    ],
    [
      'a value that nobody uses',
      [plain, {op: 'relu', x: 1}, pool, {...head, x: 3}],
      /every value to be used .* node 2/,
    ],
  ])('with %s is refused', (_, nodes, message) => {
    expect(() => core.functional.net.layout(nodes)).toThrow(message);
  });

  it('lays out its weights in the order of their declaration', () => {
    const names = core.functional.net.layout([plain, pool, head]).map(({name}) => name);
    expect(names).toEqual(['a.weight', 'head.weight', 'head.bias']);
  });
});
