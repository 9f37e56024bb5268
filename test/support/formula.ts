// Weights and images by formula, so that no weights need to be stored; scripts/oracle/formula.py computes the same
// numbers, bit for bit.
import type {NativeTensor, NativeTensors} from '../../lib/native/data_contract.js';
import type {NativeModel} from '../../lib/native/model_contract.js';

/** The position of the images among the tensors. */
const IMAGES = 65_535;

/** Number `index` of the tensor at a position: a hash of both in [0,1), in uint32 arithmetic that wraps. */
export function uniform(position: number, index: number): number {
  let x = (Math.imul(index, 0x9e3779b1) + Math.imul(position, 0x85ebca77)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  x ^= x >>> 16;
  return (x >>> 8) / 2 ** 24;
}

type Entry = NativeModel['layers'][number];

/** The tensor at a position of a state dict. gain: by how much the family's weights are enlarged. */
function formulaTensor({key, shape}: Entry, position: number, gain: number): NativeTensor {
  const name = key.slice(key.lastIndexOf('.') + 1);
  if (name === 'num_batches_tracked') {
    return {name: key, dtype: 'int64', shape, data: new Uint8Array(8)};
  }
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const elementOf = rangeOf(name, shape, Math.sqrt(gain / (values.length / (shape[0] ?? 1))));
  for (let i = 0; i < values.length; i++) values[i] = elementOf(uniform(position, i));
  return {name: key, dtype: 'float32', shape, data: new Uint8Array(values.buffer)};
}

/** How a number in [0,1) becomes an element; the elements of a kernel or a matrix are within `bound`. */
function rangeOf(name: string, shape: readonly number[], bound: number): (u: number) => number {
  const isVector = shape.length === 1;
  if (name === 'running_var' || name === 'layer_scale' || (isVector && name === 'weight')) {
    return (u) => 0.5 + u;
  }
  if (isVector || name === 'class_token' || name === 'pos_embedding') return (u) => 0.2 * u - 0.1;
  return (u) => (2 * u - 1) * bound;
}

/** Weights for all of a network's state dict; another `first` position gives other weights. */
export function formulaWeights(layers: readonly Entry[], gain: number, first = 0): NativeTensors {
  return layers.map((layer, i) => formulaTensor(layer, first + i, gain));
}

/** Normalized images [count,3,side,side] in [-1,1). */
export function formulaImages(count: number, side: number): Float32Array {
  return Float32Array.from({length: count * 3 * side * side}, (_, i) => 2 * uniform(IMAGES, i) - 1);
}
