import {Breather} from '../base/breather.js';
import {SauError} from '../base/errors.js';
import {
  kindOf,
  requireLength,
  requireMap,
  requireObject,
  requireType,
} from '../base/typed_array.js';

/** Element types of a tensor, named as in PyTorch. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool';

export const DTYPE_BYTES: Readonly<Record<DType, number>> = {
  float64: 8,
  int64: 8,
  float32: 4,
  int32: 4,
  float16: 2,
  bfloat16: 2,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** A dense tensor on the host: contiguous, row-major, little-endian bytes. */
export interface TensorData {
  /** Type of the elements. */
  readonly dtype: DType;
  /** Sizes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** The elements as bytes: the product of the shape times the size of an element. */
  readonly data: Uint8Array;
}

/** Named tensors in the order of the file, as in `model.state_dict()`. */
export type StateDict = ReadonlyMap<string, TensorData>;

/** Where the elements of an array lie; strides and offset count elements, not bytes. */
interface StridedLayout {
  readonly itemBytes: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

export function elementCount(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
}

/** Strides of a contiguous row-major array. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (const size of shape.toReversed()) {
    strides.unshift(step);
    step *= Math.max(size, 1);
  }
  return strides;
}

/** Strides of a Fortran-order array. */
export function columnMajorStrides(shape: readonly number[]): number[] {
  return rowMajorStrides(shape.toReversed()).toReversed();
}

/** True when the elements lie in row-major order without gaps (strides of dimensions of size 1 do not matter). */
export function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  if (elementCount(shape) === 0) return true;
  const wanted = rowMajorStrides(shape);
  return shape.every((size, i) => size === 1 || strides[i] === wanted[i]);
}

/** The smallest number of elements that the array's storage must have. */
export function reachOf({shape, strides, offset}: Omit<StridedLayout, 'itemBytes'>): number {
  if (elementCount(shape) === 0) return 0;
  return shape.reduce((last, size, i) => last + (size - 1) * (strides[i] ?? 0), offset) + 1;
}

/** A contiguous row-major copy of the elements. The caller must have checked that `source` holds them. */
export async function toRowMajor(source: Uint8Array, layout: StridedLayout): Promise<Uint8Array> {
  const {itemBytes, shape, strides} = layout;
  const count = elementCount(shape);
  const out = new Uint8Array(count * itemBytes);
  const index = shape.map(() => 0);
  const breather = new Breather();
  let from = layout.offset;
  for (let i = 0; i < count; i++) {
    for (let b = 0; b < itemBytes; b++) out[i * itemBytes + b] = source[from * itemBytes + b] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const position = (index[axis] ?? 0) + 1;
      from += strides[axis] ?? 0;
      if (position < (shape[axis] ?? 0)) {
        index[axis] = position;
        break;
      }
      from -= position * (strides[axis] ?? 0);
      index[axis] = 0;
    }
    if ((i & 0xfff) === 0 && breather.due) await breather.rest();
  }
  return out;
}

/** Element types of tensors and numpy arrays. */
export type NumericType = DType | 'uint16' | 'uint32' | 'uint64';

export const NUMERIC_BYTES: Readonly<Record<NumericType, number>> = {
  ...DTYPE_BYTES,
  uint16: 2,
  uint32: 4,
  uint64: 8,
};

type ReadNumber = (view: DataView, byteOffset: number) => number;

/** Reads one little-endian element. 64-bit integers beyond 2^53 lose their low bits. */
export const READ_NUMBER: Readonly<Record<NumericType, ReadNumber>> = {
  float64: (view, at) => view.getFloat64(at, true),
  float32: (view, at) => view.getFloat32(at, true),
  float16: (view, at) => float16ToNumber(view.getUint16(at, true)),
  bfloat16: (view, at) => bfloat16ToNumber(view.getUint16(at, true)),
  int64: (view, at) => view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true),
  uint64: (view, at) => view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true),
  int32: (view, at) => view.getInt32(at, true),
  uint32: (view, at) => view.getUint32(at, true),
  int16: (view, at) => view.getInt16(at, true),
  uint16: (view, at) => view.getUint16(at, true),
  int8: (view, at) => view.getInt8(at),
  uint8: (view, at) => view.getUint8(at),
  bool: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
};

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));

function bfloat16ToNumber(bits: number): number {
  scratch.setUint32(0, bits * 0x10000);
  return scratch.getFloat32(0);
}

type WriteNumber = (view: DataView, byteOffset: number, value: number) => void;

/** Writes one little-endian element, a float rounded to the nearest (ties to even) and an integer cut to its bits. */
const WRITE_NUMBER: Readonly<Record<DType, WriteNumber>> = {
  float64: (view, at, value) => view.setFloat64(at, value, true),
  float32: (view, at, value) => view.setFloat32(at, value, true),
  float16: (view, at, value) => view.setUint16(at, float16Bits(value), true),
  bfloat16: (view, at, value) => view.setUint16(at, bfloat16Bits(value), true),
  int64: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
  int32: (view, at, value) => view.setInt32(at, value, true),
  int16: (view, at, value) => view.setInt16(at, value, true),
  int8: (view, at, value) => view.setInt8(at, value),
  uint8: (view, at, value) => view.setUint8(at, value),
  bool: (view, at, value) => view.setUint8(at, value === 0 ? 0 : 1),
};

function float32Bits(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}

/** `bits` without its lowest `count` bits, rounded to the nearest, ties to even. */
function roundedShift(bits: number, count: number): number {
  const rest = bits & ((1 << count) - 1);
  const half = 1 << (count - 1);
  const kept = bits >>> count;
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

/** Of a float32. A value beyond the largest becomes infinite. */
function float16Bits(value: number): number {
  const bits = float32Bits(value);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const fraction = bits & 0x7fffff;
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent > 0) return sign | roundedShift((exponent << 23) | fraction, 13);
  return exponent < -10 ? sign : sign | roundedShift(fraction | 0x800000, 14 - exponent);
}

/** Of a float32. */
function bfloat16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  const bits = float32Bits(value);
  return ((bits & 0x80000000) >>> 16) | roundedShift(bits & 0x7fffffff, 16);
}

const FLOATS: ReadonlySet<DType> = new Set(['float64', 'float32', 'float16', 'bfloat16']);

/**
 * Whether a conversion is allowed on the way into a model: any floating-point type becomes float32 and any integer
 * int64; other types must be equal.
 */
export function convertible(from: DType, to: DType): boolean {
  if (from === to) return true;
  if (to === 'float32') return FLOATS.has(from);
  return to === 'int64' && !FLOATS.has(from);
}

/** The tensor's bytes converted to dtype `to`; not copied if the types are equal. Yields to the event loop. */
export async function convertTensor(tensor: TensorData, to: DType): Promise<Uint8Array> {
  if (tensor.dtype === to) return tensor.data;
  const count = elementCount(tensor.shape);
  const read = READ_NUMBER[tensor.dtype];
  const write = WRITE_NUMBER[to];
  const [itemBytes, outBytes] = [DTYPE_BYTES[tensor.dtype], DTYPE_BYTES[to]];
  const source = viewOf(tensor.data);
  const out = new Uint8Array(count * outBytes);
  const target = viewOf(out);
  const breather = new Breather();
  for (let i = 0; i < count; i++) {
    write(target, i * outBytes, read(source, i * itemBytes));
    if ((i & 0xffff) === 0xffff && breather.due) await breather.rest();
  }
  return out;
}

/** Throws ERR_CONFIG for what is no tensor under a name: programs without types may pass anything. */
function requireNamed(weight: unknown, tensor: TensorData): void {
  if (typeof weight !== 'string') {
    throw new SauError(
      'ERR_CONFIG',
      `Expected a text for the name of a tensor but received ${kindOf(weight)}.`,
    );
  }
  requireObject(tensor, `the tensor '${weight}'`);
  const {shape} = tensor;
  const isSize = (size: unknown): boolean => Number.isSafeInteger(size) && Number(size) >= 0;
  if (Array.isArray(shape) && shape.every(isSize)) return;
  throw new SauError(
    'ERR_CONFIG',
    `Expected a list of sizes for the shape of '${weight}' but received ${kindOf(shape)}.`,
  );
}

/**
 * Throws ERR_CHECKPOINT if the bytes of a tensor do not fit its shape and dtype, and ERR_CONFIG for a value that is
 * not a map of tensors.
 */
export function checkTensors(state: StateDict): void {
  requireMap(state, 'the state dict');
  for (const [weight, tensor] of state) {
    requireNamed(weight, tensor);
    const {dtype, shape, data} = tensor;
    const name = `the data of '${weight}'`;
    if (!Object.hasOwn(DTYPE_BYTES, dtype)) {
      throw new SauError(
        'ERR_CHECKPOINT',
        `Expected one of ${Object.keys(DTYPE_BYTES).join(', ')} for the dtype of '${weight}' but received ${String(dtype)}.`,
      );
    }
    requireType(data, name, 'Uint8Array');
    const length = elementCount(shape) * DTYPE_BYTES[dtype];
    requireLength(data, {
      name,
      length,
      of: `${dtype} [${shape.join(', ')}]`,
      code: 'ERR_CHECKPOINT',
    });
  }
}
