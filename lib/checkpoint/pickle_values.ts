/**
 * What pickled Python values become: dict -> Map, list -> Array, tuple -> PyTuple, set -> Set, str -> string,
 * bytes -> Uint8Array, int -> number (bigint beyond 2^53), None -> null.
 */

/** A Python tuple, kept apart from a list. */
export class PyTuple {
  constructor(readonly items: readonly unknown[]) {}
}

/** For the writer: a number that is written as a Python float even if it is whole. */
export class PyFloat {
  constructor(readonly value: number) {}
}

/** Text of more than 64 KiB, not yet decoded: in practice the bytes of a numpy array stored as latin1 text. */
export class LongText {
  constructor(readonly utf8: Uint8Array) {}
}

/** The method by which an object takes the state of a BUILD instruction. */
export const SET_STATE = Symbol('setState');

export interface Buildable {
  [SET_STATE](state: unknown): void;
}

export function isBuildable(value: unknown): value is Buildable {
  return typeof value === 'object' && value !== null && SET_STATE in value;
}

/**
 * collections.OrderedDict. A state dict has the attribute `_metadata`, which holds no weights: it is dropped where a
 * file is read.
 */
export class OrderedDict extends Map<unknown, unknown> implements Buildable {
  /** For the writer: the attributes of the Python object, none if empty. */
  attributes: ReadonlyMap<string, unknown> = new Map();

  [SET_STATE](): void {}
}

/** A name of the vocabulary. `call` makes the value; it is null if the name is only used as an argument. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    readonly call: ((args: readonly unknown[]) => unknown) | null = null,
  ) {}
}

/**
 * What stands for an object of a class that is not in the vocabulary: nothing but its class's name and its state,
 * which are looked at and never used.
 */
export class InertObject implements Buildable {
  state: unknown = null;

  constructor(readonly className: string) {}

  [SET_STATE](state: unknown): void {
    this.state = state;
  }
}

/** The name of a class that is not in the vocabulary. */
export class InertClass extends PickleGlobal {
  constructor(name: string) {
    super(name, () => this.make());
  }

  make(): InertObject {
    return new InertObject(this.name);
  }
}

/** The closed set of names a pickle may use, by `module.name`. */
export type Vocabulary = ReadonlyMap<string, PickleGlobal>;

const MAX_KEY_BYTES = 4096;

/**
 * The Map key for a Python dict key. Bytes become text and bigints become numbers where that is exact; other keys
 * stay.
 */
export function dictKey(key: unknown): unknown {
  if (key instanceof Uint8Array && key.length <= MAX_KEY_BYTES) {
    return Buffer.from(key).toString('latin1');
  }
  if (typeof key === 'bigint') return integer(key);
  return key;
}

/** The number if that is exact, else the bigint. */
export function integer(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
