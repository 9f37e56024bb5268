// The two networks of the golden values of the defenses: their weights and images by formula.
import type {NativeCore} from '../../lib/native/contract.js';
import type {NativeTensors} from '../../lib/native/data_contract.js';
import type {NativeNetwork, NativeNode} from '../../lib/native/model_contract.js';
import type {
  NativeDefendInput,
  NativeMethod,
  NativePixelSet,
  NativeProgress,
} from '../../lib/native/run_contract.js';

/** Two convolutions, each with a norm and a ReLU, a mean and a linear layer. */
const T_NET: NativeNode[] = [
  {...{op: 'conv', key: 'conv1', x: 0, out: 4, kernel: 3}, stride: 1, groups: 1, bias: false},
  {op: 'batchNorm', key: 'bn1', x: 1},
  {op: 'relu', x: 2},
  {...{op: 'conv', key: 'conv2', x: 3, out: 6, kernel: 3}, stride: 2, groups: 1, bias: false},
  {op: 'batchNorm', key: 'bn2', x: 4},
  {op: 'relu', x: 5},
  {op: 'globalAverage', x: 6},
  {op: 'linear', key: 'linear', x: 7, out: 4},
];

/** Where the polarized network has its second convolution, the three layers of `conv2`. */
const POLARIZED_T_NET: NativeNode[] = [
  ...T_NET.slice(0, 3),
  {...{op: 'conv', key: 'conv2.0', x: 3, out: 4, kernel: 1}, stride: 1, groups: 1, bias: false},
  {op: 'batchNorm', key: 'conv2.1', x: 4},
  {...{op: 'conv', key: 'conv2.2', x: 5, out: 6, kernel: 3}, stride: 2, groups: 1, bias: false},
  {op: 'batchNorm', key: 'bn2', x: 6},
  {op: 'relu', x: 7},
  {op: 'globalAverage', x: 8},
  {op: 'linear', key: 'linear', x: 9, out: 4},
];

/** Element i is c + a sin(b i + t): a, b, t, c. */
const WAVES: Readonly<Record<string, readonly [number, number, number, number]>> = {
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

/** A network with its weights and images, as `functional.defend` takes them. */
export interface GoldenNet {
  readonly network: NativeNetwork;
  readonly tensors: NativeTensors;
  images(count: number): NativePixelSet;
}

type Layout = readonly {name: string; dtype: 'int64' | string; shape: number[]}[];

function filled(
  layout: Layout,
  element: (name: string, i: number, position: number, shape: readonly number[]) => number,
): NativeTensors {
  return layout.map(({name, shape}, position) => {
    if (name.endsWith('num_batches_tracked')) {
      return {name, dtype: 'int64', shape, data: new Uint8Array(8)};
    }
    const count = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({length: count}, (_, i) => element(name, i, position, shape));
    return {name, dtype: 'float32', shape, data: new Uint8Array(values.buffer)};
  });
}

function pixelSet(
  count: number,
  side: number,
  pixel: (image: number, i: number) => number,
): NativePixelSet {
  const values = 3 * side * side;
  return {
    images: Float32Array.from({length: count * values}, (_, i) =>
      pixel(Math.floor(i / values), i % values),
    ),
    labels: Int32Array.from({length: count}, (_, image) => image % 4),
    ...{count, height: side, width: side},
  };
}

function wave(name: string, i: number): number {
  const [a, b, t, c] = WAVES[name] ?? [0, 0, 0, 0];
  return c + a * Math.sin(b * i + t);
}

/** The small network. */
export function tNet(core: NativeCore): GoldenNet {
  return {
    network: {nodes: T_NET},
    tensors: filled(core.functional.net.layout(T_NET), wave),
    images: (count) =>
      pixelSet(count, 8, (n, i) => 0.5 + 0.5 * Math.sin((0.2 + 0.13 * n) * i + 0.3)),
  };
}

/** The small network with a polarizer that is nearly the identity, and its norm fresh. */
export function polarizedTNet(core: NativeCore): GoldenNet {
  const element = (name: string, i: number): number => {
    if (name === 'conv2.0.weight') return (i % 5 === 0 ? 1 : 0) + 0.05 * Math.sin(0.9 * i + 40);
    if (name === 'conv2.1.weight' || name === 'conv2.1.running_var') return 1;
    return name.startsWith('conv2.1.') ? 0 : wave(name.replace('conv2.2.', 'conv2.'), i);
  };
  return {
    ...tNet(core),
    network: {nodes: POLARIZED_T_NET},
    tensors: filled(core.functional.net.layout(POLARIZED_T_NET), element),
  };
}

/** A number in [-1,1) of tensor k. */
function hashed(i: number, k: number): number {
  const v = Math.sin(12.9898 * i + 78.233 * k + 1) * 43758.5453;
  return 2 * (v - Math.floor(v)) - 1;
}

/** The narrow preactresnet18. */
export function w4(core: NativeCore): GoldenNet {
  const layers = core.describeModel('preactresnet18_w4', 4).layers;
  const layout = layers.map(({key, dtype, shape}) => ({name: key, dtype, shape}));
  const element = (name: string, i: number, k: number, shape: readonly number[]): number => {
    const h = hashed(i, k);
    if (shape.length >= 2) {
      return Math.sqrt(6 / (shape.reduce((a, b) => a * b, 1) / (shape[0] ?? 1))) * h;
    }
    if (name.endsWith('running_var')) return 0.8 + 0.3 * h;
    return name.endsWith('weight') ? 1 + 0.3 * h : 0.2 * h;
  };
  return {
    network: {model: 'preactresnet18_w4', numClasses: 4},
    tensors: filled(layout, element),
    images: (count) => pixelSet(count, 16, (n, i) => 0.5 + 0.5 * hashed(i, 1000 + n)),
  };
}

export interface Told {
  readonly events: readonly NativeProgress[];
  readonly tensors: NativeTensors;
}

type Row = Extract<NativeProgress, {kind: 'row'}>;

/** A defense of one round of a network, measured where there are test images. */
export function defended(
  core: NativeCore,
  {network, tensors}: GoldenNet,
  method: NativeMethod,
  given: Partial<NativeDefendInput> & {rounds?: number; evalEvery?: number},
): Told {
  const {rounds = 1, evalEvery = 0, ...input} = given;
  return core.functional.defend({
    ...network,
    tensors,
    ...{mean: [0, 0, 0], std: [1, 1, 1], seed: 0, sets: {}},
    ...input,
    defend: {
      ...method,
      rounds,
      evalEvery,
      evalBatchSize: 256,
      patience: 0,
      seconds: 0,
      saveEvery: 0,
    },
  });
}

export function rowsOf({events}: Told, table: string): Row[] {
  return events.filter((event): event is Row => event.kind === 'row' && event.table === table);
}

/** The cells of a table's column. */
export function column(told: Told, table: string, name: string): number[] {
  return rowsOf(told, table).map(({cells}) => Number(cells[name]));
}

/** A channel's column of a table, by layer and channel. */
export function ofChannels(told: Told, table: string, layer: string, name: string): number[] {
  return rowsOf(told, table)
    .filter(({cells}) => cells.layer === layer)
    .sort((a, b) => Number(a.cells.channel) - Number(b.cells.channel))
    .map(({cells}) => Number(cells[name]));
}

/** Channels of a layer that were cut. */
export function cutOf(told: Told, layer: string): number[] {
  return ofChannels(told, 'scores', layer, 'cut').flatMap((cut, channel) =>
    cut === 1 ? [channel] : [],
  );
}

export function tensorNamed({tensors}: Told, name: string): Float32Array {
  const tensor = tensors.find((candidate) => candidate.name === name);
  if (tensor === undefined) throw new Error(`There is no ${name}`);
  const {buffer, byteOffset, byteLength} = tensor.data;
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}
