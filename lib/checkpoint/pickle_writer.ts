import {Breather} from '../base/breather.js';
import {OrderedDict, PyFloat, PyTuple} from './pickle_values.js';
import {elementCount, rowMajorStrides, type TensorData} from './tensor.js';
import {STORAGE_CLASS} from './torch_values.js';

const PIECE_BYTES = 64 * 1024;

/** Collects bytes of unknown total length: small writes are gathered, large ones kept as they are. */
class ByteSink {
  #pieces: Uint8Array[] = [];
  #piece = Buffer.allocUnsafe(PIECE_BYTES);
  #used = 0;

  /**
   * Room for `count` bytes, at most 64 KiB, which must be filled at once: the buffer, and where the room starts.
   */
  reserve(count: number): {buffer: Buffer; at: number} {
    if (this.#used + count > PIECE_BYTES) this.#flush();
    const at = this.#used;
    this.#used += count;
    return {buffer: this.#piece, at};
  }

  byte(value: number): void {
    const {buffer, at} = this.reserve(1);
    buffer[at] = value;
  }

  u32(value: number): void {
    const {buffer, at} = this.reserve(4);
    buffer.writeUInt32LE(value, at);
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length > PIECE_BYTES / 4) {
      this.#flush();
      this.#pieces.push(bytes);
      return;
    }
    const {buffer, at} = this.reserve(bytes.length);
    buffer.set(bytes, at);
  }

  /** Everything written, in order. */
  pieces(): Uint8Array[] {
    this.#flush();
    return this.#pieces;
  }

  #flush(): void {
    if (this.#used > 0) this.#pieces.push(this.#piece.subarray(0, this.#used));
    this.#piece = Buffer.allocUnsafe(PIECE_BYTES);
    this.#used = 0;
  }
}

/** For the writer: a tensor, whose bytes become one storage. */
export class PickledTensor {
  constructor(readonly tensor: TensorData) {}
}

/** For the writer: a numpy vector of int64 or float64. */
export class NumpyVector {
  constructor(readonly values: BigInt64Array | Float64Array) {}
}

/**
 * A Map becomes a dict, an OrderedDict an OrderedDict, an array a list, a whole number an int, any other number a
 * float.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PyFloat
  | PyTuple
  | PickledTensor
  | NumpyVector
  | readonly PickleValue[]
  | ReadonlyMap<string | number, PickleValue>;

interface Pickled {
  /** The pickle's bytes. */
  readonly pieces: readonly Uint8Array[];
  /** Storage n becomes the entry `data/<n>` of the file. */
  readonly storages: readonly Uint8Array[];
}

const CODEC_PIECE = 256 * 1024;

/** Writes one value as a pickle of protocol 2, as torch.save does (specification C.3). Yields to the event loop. */
export async function pickle(value: PickleValue): Promise<Pickled> {
  const writer = new PickleWriter();
  await writer.value(value);
  return writer.finish();
}

class PickleWriter {
  readonly #sink = new ByteSink();
  readonly #storages: Uint8Array[] = [];
  readonly #breather = new Breather();
  readonly #globals = new Map<string, number>();

  constructor() {
    this.#codes(0x80, 2);
  }

  finish(): Pickled {
    this.#op('.');
    return {pieces: this.#sink.pieces(), storages: this.#storages};
  }

  async value(value: PickleValue): Promise<void> {
    if (this.#breather.due) await this.#breather.rest();
    if (value === null) this.#op('N');
    else if (typeof value === 'boolean') this.#codes(value ? 0x88 : 0x89);
    else if (typeof value === 'string') this.#text(value);
    else if (typeof value === 'bigint') this.#integer(value);
    else if (typeof value === 'number') this.#number(value);
    else if (value instanceof PyFloat) this.#float(value.value);
    else if (value instanceof PickledTensor) this.#tensor(value.tensor);
    else if (value instanceof NumpyVector) await this.#vector(value.values);
    else if (value instanceof PyTuple) await this.#tuple(value.items as readonly PickleValue[]);
    else if (value instanceof Map) await this.#dict(value);
    else await this.#list(value as readonly PickleValue[]);
  }

  #op(code: string): void {
    this.#sink.byte(code.charCodeAt(0));
  }

  #codes(...codes: number[]): void {
    for (const code of codes) this.#sink.byte(code);
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#integer(BigInt(value));
    else this.#float(value);
  }

  #float(value: number): void {
    this.#op('G');
    const {buffer, at} = this.#sink.reserve(8);
    buffer.writeDoubleBE(value, at);
  }

  #integer(value: bigint): void {
    if (value >= 0n && value < 0x100n) {
      this.#op('K');
      this.#sink.byte(Number(value));
    } else if (BigInt.asIntN(32, value) === value) {
      this.#op('J');
      this.#sink.u32(Number(BigInt.asUintN(32, value)));
    } else {
      this.#longInteger(value);
    }
  }

  #longInteger(value: bigint): void {
    let bytes = 5;
    while (BigInt.asIntN(bytes * 8, value) !== value) bytes++;
    if (bytes > 255) throw new RangeError('integers of more than 255 bytes are not written');
    const hex = BigInt.asUintN(bytes * 8, value)
      .toString(16)
      .padStart(bytes * 2, '0');
    this.#codes(0x8a, bytes);
    this.#sink.bytes(Buffer.from(hex, 'hex').reverse());
  }

  #text(text: string): void {
    const utf8 = Buffer.from(text, 'utf8');
    this.#op('X');
    this.#sink.u32(utf8.length);
    this.#sink.bytes(utf8);
  }

  /** Writes a name of the vocabulary. From the second time on it is a short reference to the memo. */
  #global(module: string, name: string): void {
    const full = `${module}.${name}`;
    const known = this.#globals.get(full);
    if (known !== undefined) {
      this.#op('h');
      this.#sink.byte(known);
      return;
    }
    this.#op('c');
    this.#sink.bytes(Buffer.from(`${module}\n${name}\n`, 'latin1'));
    this.#op('q');
    this.#sink.byte(this.#globals.size);
    this.#globals.set(full, this.#globals.size);
  }

  async #tuple(items: readonly PickleValue[]): Promise<void> {
    this.#op('(');
    for (const item of items) await this.value(item);
    this.#op('t');
  }

  async #list(items: readonly PickleValue[]): Promise<void> {
    this.#op(']');
    this.#op('(');
    for (const item of items) await this.value(item);
    this.#op('e');
  }

  async #dict(dict: ReadonlyMap<string | number, PickleValue>): Promise<void> {
    if (dict instanceof OrderedDict) this.#emptyOrderedDict();
    else this.#op('}');
    this.#op('(');
    for (const [key, value] of dict) {
      await this.value(key);
      await this.value(value);
    }
    this.#op('u');
    if (dict instanceof OrderedDict && dict.attributes.size > 0) {
      await this.#dict(dict.attributes as ReadonlyMap<string, PickleValue>);
      this.#op('b');
    }
  }

  #emptyOrderedDict(): void {
    this.#global('collections', 'OrderedDict');
    this.#op(')');
    this.#op('R');
  }

  /** _rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()) */
  #tensor({dtype, shape, data}: TensorData): void {
    this.#global('torch._utils', '_rebuild_tensor_v2');
    this.#op('(');
    this.#op('(');
    this.#text('storage');
    this.#global('torch', STORAGE_CLASS[dtype]);
    this.#text(String(this.#storages.push(data) - 1));
    this.#text('cpu');
    this.#integer(BigInt(elementCount(shape)));
    this.#op('t');
    this.#op('Q');
    this.#integer(0n);
    this.#sizes(shape);
    this.#sizes(rowMajorStrides(shape));
    this.#codes(0x89);
    this.#emptyOrderedDict();
    this.#op('t');
    this.#op('R');
  }

  #sizes(sizes: readonly number[]): void {
    this.#op('(');
    for (const size of sizes) this.#integer(BigInt(size));
    this.#op('t');
  }

  /** _reconstruct(ndarray, (0,), b'b') with the state (1, shape, dtype, False, bytes). */
  async #vector(values: BigInt64Array | Float64Array): Promise<void> {
    this.#global('numpy.core.multiarray', '_reconstruct');
    this.#op('(');
    this.#global('numpy', 'ndarray');
    this.#sizes([0]);
    await this.#latin1(Buffer.from('b'));
    this.#op('t');
    this.#op('R');
    this.#op('(');
    this.#integer(1n);
    this.#sizes([values.length]);
    this.#dtype(values instanceof Float64Array ? 'f8' : 'i8');
    this.#codes(0x89);
    await this.#latin1(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    this.#op('t');
    this.#op('b');
  }

  /** dtype(code, False, True) with the state (3, '<', None, None, None, -1, -1, 0). */
  #dtype(code: 'f8' | 'i8'): void {
    this.#global('numpy', 'dtype');
    this.#text(code);
    this.#codes(0x89, 0x88, 0x87);
    this.#op('R');
    this.#op('(');
    this.#integer(3n);
    this.#text('<');
    for (let i = 0; i < 3; i++) this.#op('N');
    this.#integer(-1n);
    this.#integer(-1n);
    this.#integer(0n);
    this.#op('t');
    this.#op('b');
  }

  /** Writes bytes, which protocol 2 spells _codecs.encode(text, 'latin1'). */
  async #latin1(bytes: Buffer): Promise<void> {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += CODEC_PIECE) {
      pieces.push(Buffer.from(bytes.toString('latin1', at, at + CODEC_PIECE), 'utf8'));
      if (this.#breather.due) await this.#breather.rest();
    }
    this.#global('_codecs', 'encode');
    this.#op('(');
    this.#op('X');
    this.#sink.u32(pieces.reduce((total, piece) => total + piece.length, 0));
    for (const piece of pieces) this.#sink.bytes(piece);
    this.#text('latin1');
    this.#op('t');
    this.#op('R');
  }
}
