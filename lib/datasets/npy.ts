import {type FileHandle, open} from 'node:fs/promises';
import {messageOf, SauError} from '../base/errors.js';

const READERS = {
  '|u1': {dtype: 'uint8', array: Uint8Array},
  '<f4': {dtype: 'float32', array: Float32Array},
  '<f8': {dtype: 'float64', array: Float64Array},
} as const;

/** Real headers have about 120 bytes. */
const MAX_HEADER_BYTES = 65536;
/** Bytes per read, between which an abort is noticed. */
const PIECE_BYTES = 16 * 2 ** 20;

export interface NpyHeader {
  readonly dtype: 'uint8' | 'float32' | 'float64';
  readonly shape: readonly number[];
}

export interface NpyArray extends NpyHeader {
  /** All values in C order, in the file's type. */
  readonly data: Uint8Array | Float32Array | Float64Array;
}

export interface NpyOptions {
  /** Called with the header before the values are read; may throw. */
  readonly check?: (header: NpyHeader) => void;
  /** Aborting makes the call reject with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a NumPy array file (.npy, format 1 to 3) of little-endian uint8, float32 or float64 in C order.
 * Nothing in the file is executed: arrays of objects are refused.
 * @throws SauError ERR_DATASET for any other file, or if the file's size does not fit its array
 */
export async function readNpy(file: string, options: NpyOptions = {}): Promise<NpyArray> {
  const {check, signal} = options;
  let handle: FileHandle;
  try {
    handle = await open(file);
  } catch (cause) {
    throw refused(file, `it cannot be read: ${messageOf(cause)}`, cause);
  }
  try {
    const {dtype, shape, array, start} = await readHeader(handle, file);
    check?.({dtype, shape});
    const bytes = new Uint8Array(elements(shape) * array.BYTES_PER_ELEMENT);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      signal?.throwIfAborted();
      await readFully(handle, bytes.subarray(at, at + PIECE_BYTES), start + at, file);
    }
    return {dtype, shape, data: new array(bytes.buffer)};
  } finally {
    await handle.close();
  }
}

async function readHeader(handle: FileHandle, file: string) {
  const head = await readFully(handle, Buffer.alloc(12), 0, file);
  if (head.toString('latin1', 0, 6) !== '\x93NUMPY')
    throw refused(file, 'it does not begin as one');
  const version = head[6] ?? 0;
  if (version < 1 || version > 3) throw refused(file, `its format version is ${version}`);
  const prefix = version === 1 ? 10 : 12;
  const length = version === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8);
  if (length > MAX_HEADER_BYTES) throw refused(file, `its header has ${length} bytes`);
  const text = await readFully(handle, Buffer.alloc(length), prefix, file);
  const {descr, shape} = parseHeader(text.toString('utf8'), file);
  const reader = Object.entries(READERS).find(([name]) => name === descr)?.[1];
  if (reader === undefined) {
    const known = 'little-endian uint8, float32 or float64';
    throw refused(file, `its type is ${descr} and not ${known}; convert it with astype`);
  }
  const start = prefix + length;
  const expected = start + elements(shape) * reader.array.BYTES_PER_ELEMENT;
  const {size} = await handle.stat();
  if (size !== expected) {
    const array = `an array of ${showShape(shape)} ${reader.dtype}`;
    throw refused(file, `${array} takes ${expected} bytes and the file has ${size}; get it again`);
  }
  return {...reader, shape, start};
}

/** The header is a python dict literal with exactly these three entries, in any order. */
function parseHeader(text: string, file: string) {
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sides = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || sides === undefined) {
    throw refused(file, 'its header names no plain type, order and shape');
  }
  if (order === 'True') {
    throw refused(file, 'it is in Fortran order; save it again after np.ascontiguousarray');
  }
  const shape = sides.split(',').flatMap((side) => (side.trim() === '' ? [] : [Number(side)]));
  if (!Number.isSafeInteger(elements(shape) * 8)) throw refused(file, `its shape is (${sides})`);
  return {descr, shape};
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

async function readFully<T extends Uint8Array>(
  handle: FileHandle,
  bytes: T,
  position: number,
  file: string,
): Promise<T> {
  let filled = 0;
  while (filled < bytes.length) {
    const {bytesRead} = await handle
      .read(bytes, filled, bytes.length - filled, position + filled)
      .catch((cause: unknown) => {
        throw refused(file, `it cannot be read: ${messageOf(cause)}`, cause);
      });
    if (bytesRead === 0) throw refused(file, 'it is cut short; get it again');
    filled += bytesRead;
  }
  return bytes;
}

/** Such as (50000, 32, 32, 3). */
export function showShape(shape: readonly number[]): string {
  return `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
}

function refused(file: string, why: string, cause?: unknown): SauError {
  return new SauError('ERR_DATASET', `Expected a NumPy array file (.npy) at ${file} but ${why}`, {
    cause,
    details: {file},
  });
}
