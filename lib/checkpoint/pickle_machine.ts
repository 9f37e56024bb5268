import {SauError} from '../base/errors.js';
import {FormatError, ShortFile} from './checkpoint_error.js';
import {describeValue} from './describe_value.js';
import {costOf, PickleBudget} from './pickle_budget.js';
import {
  dictKey,
  InertObject,
  isBuildable,
  LongText,
  PickleGlobal,
  PyTuple,
  SET_STATE,
  type Vocabulary,
} from './pickle_values.js';

const LONG_TEXT_BYTES = 64 * 1024;
/** Of a list, a set or a dict, which keep room for more. */
const BYTES_PER_ITEM = 16;
/** Of a module's or a class's name. */
const MAX_NAME = 500;

function isName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= MAX_NAME;
}

/** Reads the arguments of pickle opcodes; throws FormatError at the end of the bytes. */
class PickleCursor {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#position;
  }

  #advance(count: number): number {
    const start = this.#position;
    if (count > this.#bytes.length - start) {
      throw new ShortFile(
        `its pickle ends early: expected ${count} more bytes at ${start}, received ${this.#bytes.length - start}`,
      );
    }
    this.#position = start + count;
    return start;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#advance(2));
  }

  i32(): number {
    return this.#bytes.readInt32LE(this.#advance(4));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#advance(4));
  }

  /** A 64-bit length. A length beyond the file fails in take(). */
  u64(): number {
    return Number(this.#bytes.readBigUInt64LE(this.#advance(8)));
  }

  /** A Python float: 8 bytes, big-endian. */
  f64(): number {
    return this.#bytes.readDoubleBE(this.#advance(8));
  }

  /** A view, not a copy. */
  take(count: number): Uint8Array {
    const start = this.#advance(count);
    return this.#bytes.subarray(start, start + count);
  }

  latin1(count: number): string {
    const start = this.#advance(count);
    return this.#bytes.toString('latin1', start, start + count);
  }

  utf8(count: number): string | LongText {
    if (count > LONG_TEXT_BYTES) return new LongText(this.take(count));
    const start = this.#advance(count);
    return this.#bytes.toString('utf8', start, start + count);
  }

  /** The text up to the next newline, which is consumed; bytes above 127 as latin1. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0) {
      throw new ShortFile(`its pickle has no end of line after byte ${this.#position}`);
    }
    const text = this.#bytes.toString('latin1', this.#position, end);
    this.#position = end + 1;
    return text;
  }
}

/** Values by number. Python gives the numbers in turn, so that an array holds them; others are in a map. */
class Memo {
  readonly #dense: unknown[] = [];
  readonly #sparse = new Map<number, unknown>();

  get size(): number {
    return this.#dense.length + this.#sparse.size;
  }

  get(index: number): unknown {
    return index < this.#dense.length ? this.#dense[index] : this.#sparse.get(index);
  }

  set(index: number, value: unknown): void {
    if (index <= this.#dense.length) this.#dense[index] = value;
    else this.#sparse.set(index, value);
  }
}

export interface UnpickleOptions {
  /** The file, for messages. */
  readonly source: string;
  readonly vocabulary: Vocabulary;
  /** What a name outside the vocabulary becomes; null: it is refused. Without this function all are. */
  readonly outside?: (name: string) => PickleGlobal | null;
  /** What the pickle may take at most, if less than others may. */
  readonly mostBytes?: number;
  /** Resolves a persistent id, such as a tensor's storage. Without this function such ids are refused. */
  readonly persistentLoad?: (id: unknown) => unknown;
}

/**
 * The stack, marks and memo of a pickle in progress. What its opcodes take is counted and bounded: see PickleBudget.
 */
export class PickleMachine {
  readonly cursor: PickleCursor;
  readonly budget: PickleBudget;
  readonly #memo = new Memo();
  readonly #found = new Map<string, PickleGlobal>();
  protocol = 0;
  stopped = false;
  #stack: unknown[] = [];
  #marks: number[] = [];

  constructor(
    bytes: Uint8Array,
    private readonly options: UnpickleOptions,
  ) {
    this.cursor = new PickleCursor(bytes);
    this.budget = new PickleBudget(bytes.length, options.mostBytes);
  }

  /** The names of globals that were used. */
  get globals(): string[] {
    return [...this.#found.keys()];
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.#underflow();
    return this.#stack.pop();
  }

  top(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.#underflow();
    return this.#stack.at(-1);
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** The values above the last mark; both are removed. */
  popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#underflow();
    return this.#stack.splice(mark);
  }

  /** POP removes a value, or a mark if that is on top. */
  discard(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  memoGet(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw new FormatError(`its pickle recalls unknown memo ${index}`);
    this.push(value);
  }

  /** Keeps the topmost value under a number, by default the next. */
  memoPut(index = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  tuple(count: number): void {
    const start = this.#stack.length - count;
    if (start < (this.#marks.at(-1) ?? 0)) throw this.#underflow();
    this.push(new PyTuple(this.#stack.splice(start)));
  }

  /** GLOBAL and STACK_GLOBAL: the name must be in the vocabulary, or one that becomes a placeholder. */
  find(module: unknown, name: unknown): PickleGlobal {
    if (!isName(module) || !isName(name)) {
      throw new FormatError(`its pickle names a global by ${describeValue(name)}`);
    }
    const full = `${module}.${name}`;
    const known = this.#found.get(full);
    if (known !== undefined) return known;
    const {vocabulary, outside} = this.options;
    const found = vocabulary.get(full) ?? outside?.(full) ?? null;
    if (found === null) throw this.unsafe(full);
    this.#found.set(full, found);
    return found;
  }

  /** REDUCE, NEWOBJ, OBJ and INST: only a constructor of the vocabulary is called. */
  call(callable: unknown, args: unknown): void {
    if (!(callable instanceof PickleGlobal) || callable.call === null) {
      throw this.unsafe(`a call of ${describeValue(callable)}`);
    }
    if (!(args instanceof PyTuple)) {
      throw new FormatError(`its pickle calls ${callable.name} with ${describeValue(args)}`);
    }
    this.budget.spend(costOf(args.items));
    this.push(callable.call(args.items));
  }

  build(): void {
    const state = this.pop();
    const target = this.top();
    if (!isBuildable(target)) throw this.unsafe(`BUILD of ${describeValue(target)}`);
    this.budget.spend(costOf(state instanceof PyTuple ? state.items : [state]));
    target[SET_STATE](state);
  }

  append(items: readonly unknown[]): void {
    const target = this.top();
    if (target instanceof InertObject) return;
    if (!Array.isArray(target)) {
      throw new FormatError(`its pickle appends to ${describeValue(target)}, not to a list`);
    }
    this.budget.spend(BYTES_PER_ITEM * items.length);
    for (const item of items) target.push(item);
  }

  setItems(items: readonly unknown[]): void {
    const target = this.top();
    if (target instanceof InertObject) return;
    if (!(target instanceof Map) || items.length % 2 !== 0) {
      throw new FormatError(`its pickle sets items of ${describeValue(target)}, not of a dict`);
    }
    this.budget.spend(BYTES_PER_ITEM * items.length);
    for (let i = 0; i < items.length; i += 2) target.set(dictKey(items[i]), items[i + 1]);
  }

  addItems(items: readonly unknown[]): void {
    const target = this.top();
    if (target instanceof InertObject) return;
    if (!(target instanceof Set)) {
      throw new FormatError(`its pickle adds to ${describeValue(target)}, not to a set`);
    }
    this.budget.spend(BYTES_PER_ITEM * items.length);
    for (const item of items) target.add(dictKey(item));
  }

  persistent(id: unknown): void {
    const {persistentLoad} = this.options;
    if (persistentLoad === undefined) {
      throw new FormatError(`its pickle refers to outside data (${describeValue(id)})`);
    }
    this.push(persistentLoad(id));
  }

  unsafe(name: string): SauError {
    const {source} = this.options;
    const advice = name.startsWith('PIL.')
      ? 'this record keeps its poisoned images in memory: run the attack again so that it saves them as PNG files'
      : 'if you trust the file, open it in Python and save model.state_dict() instead';
    return new SauError(
      'ERR_UNSAFE_PICKLE',
      `Expected only tensors, arrays, numbers, text and containers in ${source} but its pickle asks for ${name}; nothing was executed: ${advice}`,
      {details: {path: source, global: name}},
    );
  }

  #underflow(): FormatError {
    return new FormatError(
      `its pickle takes more values than it gave, at byte ${this.cursor.position}`,
    );
  }
}
