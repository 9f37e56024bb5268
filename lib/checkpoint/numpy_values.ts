import {Breather} from '../base/breather.js';
import {FormatError} from './checkpoint_error.js';
import {describeValue} from './describe_value.js';
import {type Buildable, integer, LongText, PyTuple, SET_STATE} from './pickle_values.js';
import {
  columnMajorStrides,
  elementCount,
  NUMERIC_BYTES,
  type NumericType,
  READ_NUMBER,
  toRowMajor,
  viewOf,
} from './tensor.js';
import {sizes} from './torch_values.js';

const NUMPY_TYPES: ReadonlyMap<unknown, NumericType> = new Map([
  ['b1', 'bool'],
  ['i1', 'int8'],
  ['i2', 'int16'],
  ['i4', 'int32'],
  ['i8', 'int64'],
  ['u1', 'uint8'],
  ['u2', 'uint16'],
  ['u4', 'uint32'],
  ['u8', 'uint64'],
  ['f2', 'float16'],
  ['f4', 'float32'],
  ['f8', 'float64'],
]);

/** numpy.dtype: a number type, little-endian. */
export class NumpyDtype implements Buildable {
  constructor(readonly type: NumericType) {}

  /** State (version, byte order, ...). */
  [SET_STATE](state: unknown): void {
    const order = state instanceof PyTuple ? state.items[1] : undefined;
    if (typeof order !== 'string' || (order === '>' && NUMERIC_BYTES[this.type] > 1)) {
      throw new FormatError('it has a numpy array that is not little-endian');
    }
  }
}

/** numpy.dtype('i8', align, copy). */
export function makeDtype([code]: readonly unknown[]): NumpyDtype {
  const type = NUMPY_TYPES.get(typeof code === 'string' ? code.replace(/^[<|=]/, '') : code);
  if (type === undefined) {
    throw new FormatError(`it has a numpy array of ${describeValue(code)}, not of plain numbers`);
  }
  return new NumpyDtype(type);
}

type ArrayBytes = Uint8Array | LongText;

/** A numpy array of numbers, whose bytes are decoded on demand. */
export class NumpyArray implements Buildable {
  type: NumericType = 'uint8';
  shape: readonly number[] = [0];
  #fortran = false;
  #data: ArrayBytes = new Uint8Array(0);

  /** State ([version,] shape, dtype, Fortran order, bytes). */
  [SET_STATE](state: unknown): void {
    const items = state instanceof PyTuple ? state.items : [];
    const [shape, dtype, fortran, data] = items.slice(-4);
    this.set(shape, dtype, fortran === true || fortran === 1, data);
  }

  set(shape: unknown, dtype: unknown, fortran: boolean, data: unknown): void {
    if (!(dtype instanceof NumpyDtype)) {
      throw new FormatError(`it has a numpy array of ${describeValue(dtype)}`);
    }
    this.type = dtype.type;
    this.shape = sizes(shape);
    this.#fortran = fortran;
    this.#data = arrayBytes(data);
    if (!(this.#data instanceof LongText)) this.#checkSize(this.#data);
  }

  /** The elements' little-endian bytes in row-major order. */
  async bytes(): Promise<Uint8Array> {
    const data = this.#data instanceof LongText ? await latin1Bytes(this.#data) : this.#data;
    this.#checkSize(data);
    if (!this.#fortran || this.shape.length < 2) return data;
    const {shape} = this;
    const strides = columnMajorStrides(shape);
    return toRowMajor(data, {itemBytes: NUMERIC_BYTES[this.type], shape, strides, offset: 0});
  }

  /** The elements in row-major order as numbers. */
  async numbers(): Promise<Float64Array> {
    const view = viewOf(await this.bytes());
    const read = READ_NUMBER[this.type];
    const itemBytes = NUMERIC_BYTES[this.type];
    const out = new Float64Array(elementCount(this.shape));
    const breather = new Breather();
    for (let i = 0; i < out.length; i++) {
      out[i] = read(view, i * itemBytes);
      if ((i & 0xffff) === 0xffff && breather.due) await breather.rest();
    }
    return out;
  }

  #checkSize(data: Uint8Array): void {
    const wanted = elementCount(this.shape) * NUMERIC_BYTES[this.type];
    if (data.length !== wanted) {
      throw new FormatError(
        `it has a numpy array of shape [${this.shape}] and ${this.type} with ${data.length} bytes, not ${wanted}`,
      );
    }
  }
}

/** One number at a time: a record has tens of thousands, and a view of each costs more than the number. */
const scratch = new Uint8Array(8);
const scratchView = viewOf(scratch);

/** multiarray.scalar(dtype, bytes): a number, a boolean, or a bigint beyond 2^53. */
export function makeScalar([dtype, data]: readonly unknown[]): number | boolean | bigint {
  const bytes = arrayBytes(data);
  if (
    !(dtype instanceof NumpyDtype) ||
    bytes instanceof LongText ||
    bytes.length !== NUMERIC_BYTES[dtype.type]
  ) {
    throw new FormatError(`it has a numpy number of ${describeValue(data)}`);
  }
  scratch.set(bytes);
  if (dtype.type === 'bool') return scratch[0] !== 0;
  const value = READ_NUMBER[dtype.type](scratchView, 0);
  if (Number.isSafeInteger(value)) return value;
  if (dtype.type === 'int64') return integer(scratchView.getBigInt64(0, true));
  if (dtype.type === 'uint64') return integer(scratchView.getBigUint64(0, true));
  return value;
}

/** numeric._frombuffer(bytes, dtype, shape, order): how protocol 5 writes arrays. */
export function arrayFromBuffer([data, dtype, shape, order]: readonly unknown[]): NumpyArray {
  const array = new NumpyArray();
  array.set(shape, dtype, order === 'F', data);
  return array;
}

/** _codecs.encode(text, 'latin1'): how protocol 2 writes bytes. Long text is decoded only when it is needed. */
export function encodeLatin1([text, encoding]: readonly unknown[]): ArrayBytes {
  if (encoding !== 'latin1' && encoding !== 'latin-1') {
    throw new FormatError(`it has bytes in encoding ${describeValue(encoding)}, not latin1`);
  }
  return arrayBytes(text);
}

/** bytes(): how protocol 2 writes empty bytes. */
export function emptyBytes(args: readonly unknown[]): Uint8Array {
  if (args.length > 0) throw new FormatError(`it makes bytes of ${describeValue(args[0])}`);
  return new Uint8Array(0);
}

/** Bytes, or the latin1 text that older pickles have instead. */
function arrayBytes(data: unknown): ArrayBytes {
  if (data instanceof Uint8Array || data instanceof LongText) return data;
  if (typeof data !== 'string' || /[^\0-\xff]/.test(data)) {
    throw new FormatError(`it has ${describeValue(data)} where bytes were expected`);
  }
  return data.length > SHORT ? Buffer.from(data, 'latin1') : shortBytes(data);
}

/** Up to this length, bytes without a pool cost less. */
const SHORT = 32;

function shortBytes(latin1: string): Uint8Array {
  const bytes = new Uint8Array(latin1.length);
  for (let i = 0; i < latin1.length; i++) bytes[i] = latin1.charCodeAt(i);
  return bytes;
}

/** How much text is decoded at a time, so that no step blocks the thread for long. */
const TEXT_PIECE_BYTES = 256 * 1024;

async function latin1Bytes({utf8}: LongText): Promise<Uint8Array> {
  const bytes = Buffer.from(utf8.buffer, utf8.byteOffset, utf8.byteLength);
  const pieces: Buffer[] = [];
  const breather = new Breather();
  for (let at = 0; at < bytes.length; ) {
    let end = Math.min(at + TEXT_PIECE_BYTES, bytes.length);
    // Not between the bytes of a character, of which latin1 has two at most.
    if (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end += 1;
    const text = bytes.toString('utf8', at, end);
    if (/[^\0-\xff]/.test(text)) {
      throw new FormatError('it has a numpy array whose bytes are not latin1 text');
    }
    pieces.push(Buffer.from(text, 'latin1'));
    at = end;
    if (breather.due) await breather.rest();
  }
  return Buffer.concat(pieces);
}
