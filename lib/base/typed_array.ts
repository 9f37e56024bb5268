import {SauError, type SauErrorCode} from './errors.js';

/**
 * Checks a typed array that a job is to read on another thread. Throws ERR_CONFIG for another type, and for memory
 * that can change or vanish during the job: detached, shared or resizable.
 */
export function requireType(
  value: unknown,
  name: string,
  type: 'Uint8Array' | 'Int32Array' | 'Float32Array',
): void {
  const article = type === 'Int32Array' ? 'an' : 'a';
  const expected = `Expected ${article} ${type} for ${name}`;
  // Compares tags, because an array of another realm, such as a test runner's, is not an instance of our class.
  if (tagOf(value) !== type) {
    throw new SauError('ERR_CONFIG', `${expected} but received ${kindOf(value)}.`);
  }
  const unfit = unfitMemory((value as Uint8Array | Int32Array | Float32Array).buffer);
  if (unfit === null) return;
  const remedy = unfit === 'detached' ? 'Pass it before it is transferred' : 'Pass a slice() of it';
  throw new SauError(
    'ERR_CONFIG',
    `${expected} in memory of its own but its buffer is ${unfit}. ${remedy}.`,
  );
}

/** Throws ERR_CONFIG for a value that is no object, such as null. */
export function requireObject(value: unknown, name: string): void {
  if (typeof value === 'object' && value !== null) return;
  throw new SauError('ERR_CONFIG', `Expected an object for ${name} but received ${kindOf(value)}.`);
}

/** Throws ERR_CONFIG for a value that is not a Map. */
export function requireMap(value: unknown, name: string): void {
  if (tagOf(value) === 'Map') return;
  const received = `but received ${kindOf(value)}`;
  throw new SauError('ERR_CONFIG', `Expected a Map of names to tensors for ${name} ${received}.`);
}

/** Throws `code` if an array has another length; `of` describes the elements. */
export function requireLength(
  array: ArrayLike<unknown>,
  {name, length, of, code}: {name: string; length: number; of: string; code: SauErrorCode},
): void {
  if (array.length === length) return;
  throw new SauError(
    code,
    `Expected ${length} elements for ${name} (${of}) but received ${array.length}.`,
    {details: {name, expected: length, received: array.length}},
  );
}

/** Throws `code` if a position is not in [0, count). */
export function requirePositions(
  positions: Int32Array,
  count: number,
  {name, code}: {name: string; code: SauErrorCode},
): void {
  const at = positions.findIndex((position) => position < 0 || position >= count);
  if (at < 0) return;
  throw new SauError(
    code,
    `Expected positions from 0 to ${count - 1} for ${name} but received ${positions[at]} at [${at}].`,
    {details: {name, at}},
  );
}

function unfitMemory(buffer: ArrayBufferLike): 'shared' | 'resizable' | 'detached' | null {
  if (tagOf(buffer) === 'SharedArrayBuffer') return 'shared';
  if ('resizable' in buffer && buffer.resizable === true) return 'resizable';
  try {
    new Uint8Array(buffer);
    return null;
  } catch {
    return 'detached';
  }
}

/** Such as "Int32Array" or "Array". */
function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** Such as "Int32Array" or "null". */
export function kindOf(value: unknown): string {
  return value === undefined || value === null ? String(value) : tagOf(value);
}
