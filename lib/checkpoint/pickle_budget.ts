import {getHeapStatistics} from 'node:v8';
import {FormatError} from './checkpoint_error.js';
import {PyTuple} from './pickle_values.js';

// A byte of a pickle can ask for an empty dict, of two hundred bytes, or for a copy of a list made before. What a
// pickle asks for is counted in bytes of memory, and bounded by its size and absolutely; work is counted with it,
// so that neither grows faster than the file.

/** Weights are not in a pickle; what else is, such as the paths of a record's images, is shorter. */
export const MAX_PICKLE_BYTES = 2 ** 30;

/** Throws FormatError for a pickle that is too long to be read. */
export function requirePickleSize(bytes: number): void {
  if (bytes > MAX_PICKLE_BYTES) {
    throw new FormatError(`its pickle has ${bytes} bytes, more than ${MAX_PICKLE_BYTES}`);
  }
}

/** On any pickle, however short. */
const BASE_BYTES = 64 << 20;
/** On each byte of a pickle. Records of thirty thousand images take about 8. */
const BYTES_EACH = 64;
/** On the longest pickle; less where the process may have less. */
const MOST_BYTES = 1 << 30;
/** Of the memory that the process may have. */
const SHARE = 0.5;

/** What an opcode takes where it makes no object: a place on the stack, with the room that the stack keeps. */
const PLAIN = 24;

/** By opcode: the objects that it makes. */
const COSTS: Readonly<Record<string, number>> = {
  ...{'}': 224, d: 224, '\x8f': 224, '\x91': 224},
  ...{']': 72, l: 72, ')': 72, t: 72, '\x85': 72, '\x86': 80, '\x87': 88},
  // A view of bytes.
  ...{B: 160, C: 160, T: 160, '\x8e': 160, '\x96': 160},
  ...{X: 48, U: 48, S: 48, V: 48, '\x8c': 48, '\x8d': 160},
  ...{R: 224, '\x81': 224, '\x92': 224, i: 224, o: 224, b: 96, Q: 96, P: 96},
  // A number beside the dense memo.
  ...{p: 72, r: 72},
  // A key and a value, or an item.
  ...{s: 72, a: 32},
};

/** What each opcode costs in bytes. */
export const OPCODE_BYTES: Uint16Array = Uint16Array.from(
  {length: 256},
  (_, code) => COSTS[String.fromCharCode(code)] ?? PLAIN,
);

/** The memory that a pickle may take. */
export class PickleBudget {
  readonly #most: number;
  #left: number;

  constructor(pickleBytes: number, absolute = MOST_BYTES) {
    const share = SHARE * getHeapStatistics().heap_size_limit;
    this.#most = Math.min(absolute, share, BASE_BYTES + BYTES_EACH * pickleBytes);
    this.#left = this.#most;
  }

  /** Throws FormatError where nothing is left. */
  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    throw new FormatError(
      `its pickle asks for more memory than a pickle of its size may have, ${Math.floor(this.#most / 2 ** 20)} MiB`,
      'save model.state_dict() alone; if you do not know who made the file, do not use it',
    );
  }
}

/** How many values are looked at: no function of the vocabulary goes through more of its arguments. */
const LOOKED_AT = 8;

/** What a call with these arguments may cost: copies of texts and lists among them. */
export function costOf(args: readonly unknown[]): number {
  let cost = 0;
  // The state of an array has its facts at the end.
  for (const value of args.length > LOOKED_AT ? args.slice(-LOOKED_AT) : args) {
    if (typeof value === 'string') cost += value.length;
    else if (Array.isArray(value)) cost += 64 * value.length;
    else if (value instanceof PyTuple) cost += 8 * value.items.length;
  }
  return cost;
}
