// The nets by formula of the golden values of defenses (defenses H1 and H8), with their images and labels.
import type {NativeCore} from '../../lib/native/contract.js';
import type {NativeLayout, NativeTensor, NativeTensors} from '../../lib/native/data_contract.js';
import type {NativeNetInput, NativeNode} from '../../lib/native/model_contract.js';

/** A net of two convolutions, and images of 8x8 in 4 classes. */
const T_NODES: readonly NativeNode[] = [
  {op: 'conv', key: 'conv1', x: 0, out: 4, kernel: 3, stride: 1, groups: 1, bias: false},
  {op: 'batchNorm', key: 'bn1', x: 1},
  {op: 'relu', x: 2},
  {op: 'conv', key: 'conv2', x: 3, out: 6, kernel: 3, stride: 2, groups: 1, bias: false},
  {op: 'batchNorm', key: 'bn2', x: 4},
  {op: 'relu', x: 5},
  {op: 'globalAverage', x: 6},
  {op: 'linear', key: 'linear', x: 7, out: 4},
];

/** [a, b, t, c]: element i is c + a sin(b i + t). */
const T_WEIGHTS: Readonly<Record<string, readonly [number, number, number, number]>> = {
  'conv1.weight': [0.4, 0.37, 1, 0],
  'bn1.weight': [0.3, 0.9, 2, 1],
  'bn1.bias': [0.2, 0.8, 3, 0],
  'bn1.running_mean': [0.2, 0.7, 9, 0],
  'bn1.running_var': [0.3, 0.7, 10, 0.8],
  'conv2.weight': [0.5, 0.37, 4, 0],
  'bn2.weight': [0.3, 0.9, 5, 1],
  'bn2.bias': [0.2, 0.8, 6, 0],
  'bn2.running_mean': [0.2, 0.7, 11, 0],
  'bn2.running_var': [0.3, 0.7, 12, 0.8],
  'linear.weight': [2, 0.61, 6, 0],
  'linear.bias': [2, 0.5, 12, 0],
};

const IMAGES = 8;
export const GOLDEN_LABELS = Int32Array.from({length: IMAGES}, (_, n) => n % 4);

type Layer = NativeLayout[number];

function tensorOf({name, dtype, shape}: Layer, elementOf: (index: number) => number): NativeTensor {
  if (dtype === 'int64') return {name, dtype, shape, data: new Uint8Array(8)};
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({length: count}, (_, i) => elementOf(i));
  return {name, dtype, shape, data: new Uint8Array(values.buffer)};
}

function imagesOf(side: number, pixelOf: (index: number, image: number) => number): Float32Array {
  const size = 3 * side * side;
  return Float32Array.from({length: IMAGES * size}, (_, i) =>
    pixelOf(i % size, Math.floor(i / size)),
  );
}

export function tNet(core: NativeCore): NativeNetInput {
  const tensors = core.functional.net.layout(T_NODES).map((layer) => {
    const [a, b, t, c] = T_WEIGHTS[layer.name] ?? [0, 0, 0, 0];
    return tensorOf(layer, (i) => c + a * Math.sin(b * i + t));
  });
  const images = imagesOf(8, (i, n) => 0.5 + 0.5 * Math.sin((0.2 + 0.13 * n) * i + 0.3));
  return {nodes: T_NODES, tensors, images, count: IMAGES, height: 8, width: 8};
}

/** In [-1, 1). */
function h(i: number, k: number): number {
  const value = Math.sin(12.9898 * i + 78.233 * k + 1) * 43758.5453;
  return 2 * (value - Math.floor(value)) - 1;
}

/** Of the preactresnet18 of 4 base channels: [scale, offset] of h. */
function rangeOf({name, shape}: Layer): readonly [number, number] {
  if (shape.length > 1) {
    const [outputs = 1, ...rest] = shape;
    const elements = rest.reduce((product, size) => product * size, outputs);
    return [Math.sqrt((6 * outputs) / elements), 0];
  }
  if (name.endsWith('running_var')) return [0.3, 0.8];
  return name.endsWith('weight') ? [0.3, 1] : [0.2, 0];
}

/** The preactresnet18 of 4 base channels, and images of 16x16 in 4 classes. */
export function w4(core: NativeCore): NativeNetInput {
  const model = 'preactresnet18_w4';
  const {layers} = core.describeModel(model, 4);
  const tensors = layers.map(({key, shape, dtype}, k) => {
    const layer = {name: key, shape, dtype};
    const [scale, offset] = rangeOf(layer);
    return tensorOf(layer, (i) => offset + scale * h(i, k));
  });
  const images = imagesOf(16, (i, n) => 0.5 + 0.5 * h(i, 1000 + n));
  return {model, numClasses: 4, tensors, images, count: IMAGES, height: 16, width: 16};
}

/** The float elements of a tensor. */
export function elementsOf(tensors: NativeTensors, name: string): Float32Array {
  const found = tensors.find((tensor) => tensor.name === name);
  if (found === undefined) throw new Error(`There is no ${name}`);
  return new Float32Array(Uint8Array.from(found.data).buffer);
}

/** The L2 norm of all elements of tensors of floats. */
export function normOf(tensors: NativeTensors): number {
  const squares = tensors
    .filter(({dtype}) => dtype === 'float32')
    .flatMap(({name}) => [...elementsOf(tensors, name)].map((value) => value * value));
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
}

/** Of a net's parameters alone, of those tensors that are not running statistics. */
export function parameterNormOf(tensors: NativeTensors): number {
  return normOf(tensors.filter(({name}) => !name.includes('running_')));
}
