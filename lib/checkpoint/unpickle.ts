import {Breather} from '../base/breather.js';
import {damagedFile, FormatError} from './checkpoint_error.js';
import {OPCODE_BYTES, requirePickleSize} from './pickle_budget.js';
import {PickleMachine, type UnpickleOptions} from './pickle_machine.js';
import {dictKey, InertClass, integer, PyTuple} from './pickle_values.js';

type Opcode = (machine: PickleMachine) => void;

const MAX_INTEGER_BYTES = 1024;
/** A Python 2 byte string above this length is data and not text. */
const MAX_TEXT_STRING_BYTES = 255;

const PROTOCOL_0_AND_1: Readonly<Record<string, Opcode>> = {
  '(': (m) => m.mark(),
  '.': (m) => {
    m.stopped = true;
  },
  '0': (m) => m.discard(),
  '1': (m) => void m.popMark(),
  '2': (m) => m.push(m.top()),
  F: (m) => m.push(decimal(m.cursor.line())),
  I: (m) => m.push(textInteger(m.cursor.line())),
  L: (m) => m.push(bigInteger(m.cursor.line().replace(/L$/, ''))),
  J: (m) => m.push(m.cursor.i32()),
  K: (m) => m.push(m.cursor.u8()),
  M: (m) => m.push(m.cursor.u16()),
  N: (m) => m.push(null),
  P: (m) => m.persistent(m.cursor.line()),
  Q: (m) => m.persistent(m.pop()),
  R: (m) => {
    const args = m.pop();
    m.call(m.pop(), args);
  },
  S: (m) => m.push(quoted(m.cursor.line())),
  T: (m) => m.push(byteString(m, m.cursor.u32())),
  U: (m) => m.push(byteString(m, m.cursor.u8())),
  V: (m) => m.push(unescaped(m.cursor.line())),
  X: (m) => m.push(m.cursor.utf8(m.cursor.u32())),
  a: (m) => {
    const item = m.pop();
    m.append([item]);
  },
  b: (m) => m.build(),
  c: (m) => m.push(m.find(m.cursor.line(), m.cursor.line())),
  d: (m) => {
    const items = m.popMark();
    m.push(new Map());
    m.setItems(items);
  },
  '}': (m) => m.push(new Map()),
  e: (m) => m.append(m.popMark()),
  g: (m) => m.memoGet(Number(m.cursor.line())),
  h: (m) => m.memoGet(m.cursor.u8()),
  j: (m) => m.memoGet(m.cursor.u32()),
  i: (m) => {
    const target = m.find(m.cursor.line(), m.cursor.line());
    m.call(target, new PyTuple(m.popMark()));
  },
  o: (m) => {
    const [target, ...args] = m.popMark();
    m.call(target, new PyTuple(args));
  },
  l: (m) => m.push(m.popMark()),
  ']': (m) => m.push([]),
  p: (m) => m.memoPut(Number(m.cursor.line())),
  q: (m) => m.memoPut(m.cursor.u8()),
  r: (m) => m.memoPut(m.cursor.u32()),
  s: (m) => {
    const value = m.pop();
    m.setItems([m.pop(), value]);
  },
  t: (m) => m.push(new PyTuple(m.popMark())),
  ')': (m) => m.push(new PyTuple([])),
  u: (m) => m.setItems(m.popMark()),
  G: (m) => m.push(m.cursor.f64()),
  B: (m) => m.push(m.cursor.take(m.cursor.u32())),
  C: (m) => m.push(m.cursor.take(m.cursor.u8())),
};

const PROTOCOL_2_TO_5: Readonly<Record<number, Opcode>> = {
  128: (m) => {
    m.protocol = m.cursor.u8();
    if (m.protocol > 5) throw new FormatError(`its pickle has protocol ${m.protocol}, not 0 to 5`);
  },
  // NEWOBJ
  129: (m) => {
    const args = m.pop();
    m.call(m.pop(), args);
  },
  // EXT1, EXT2, EXT4
  130: (m) => extension(m, m.cursor.u8()),
  131: (m) => extension(m, m.cursor.u16()),
  132: (m) => extension(m, m.cursor.i32()),
  133: (m) => m.tuple(1),
  134: (m) => m.tuple(2),
  135: (m) => m.tuple(3),
  136: (m) => m.push(true),
  137: (m) => m.push(false),
  // LONG1, LONG4
  138: (m) => m.push(littleEndianInteger(m.cursor.take(m.cursor.u8()))),
  139: (m) => m.push(littleEndianInteger(m.cursor.take(m.cursor.u32()))),
  // SHORT_BINUNICODE, BINUNICODE8, BINBYTES8
  140: (m) => m.push(m.cursor.utf8(m.cursor.u8())),
  141: (m) => m.push(m.cursor.utf8(m.cursor.u64())),
  142: (m) => m.push(m.cursor.take(m.cursor.u64())),
  // EMPTY_SET, ADDITEMS, FROZENSET
  143: (m) => m.push(new Set()),
  144: (m) => m.addItems(m.popMark()),
  145: (m) => m.push(new Set(m.popMark().map(dictKey))),
  // NEWOBJ_EX
  146: (m) => {
    const keywords = m.pop();
    const args = m.pop();
    const target = m.pop();
    if (!(target instanceof InertClass) && !(keywords instanceof Map && keywords.size === 0)) {
      throw new FormatError('its pickle makes an object from keyword arguments');
    }
    m.call(target, args);
  },
  // STACK_GLOBAL
  147: (m) => {
    const name = m.pop();
    m.push(m.find(m.pop(), name));
  },
  // MEMOIZE, FRAME, BYTEARRAY8
  148: (m) => m.memoPut(),
  149: (m) => void m.cursor.u64(),
  150: (m) => m.push(m.cursor.take(m.cursor.u64())),
};

/**
 * What each opcode byte does; undefined if there is no such opcode or it is refused, as out-of-band buffers are.
 */
const OPCODES: readonly (Opcode | undefined)[] = Array.from(
  {length: 256},
  (_, code) => PROTOCOL_2_TO_5[code] ?? PROTOCOL_0_AND_1[String.fromCharCode(code)],
);

function extension(machine: PickleMachine, code: number): never {
  throw machine.unsafe(`extension code ${code}`);
}

function byteString(machine: PickleMachine, length: number): string | Uint8Array {
  return length > MAX_TEXT_STRING_BYTES
    ? machine.cursor.take(length)
    : machine.cursor.latin1(length);
}

function littleEndianInteger(bytes: Uint8Array): number | bigint {
  if (bytes.length > MAX_INTEGER_BYTES) {
    throw new FormatError(`its pickle has an integer of ${bytes.length} bytes`);
  }
  if (bytes.length === 0) return 0;
  const hex = Buffer.from(bytes).reverse().toString('hex');
  return integer(BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`)));
}

/** Protocol 0 writes the booleans as I00 and I01. */
function textInteger(text: string): number | bigint | boolean {
  if (text === '00') return false;
  if (text === '01') return true;
  return bigInteger(text);
}

function bigInteger(text: string): number | bigint {
  if (!/^-?\d{1,2400}$/.test(text))
    throw new FormatError('its pickle has an integer without digits');
  return integer(BigInt(text));
}

function decimal(text: string): number {
  if (text === 'nan') return Number.NaN;
  if (/^[+-]?inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  const value = Number(text);
  if (text === '' || Number.isNaN(value))
    throw new FormatError('its pickle has a float without digits');
  return value;
}

/** Text of protocol 0: latin1 with \\uXXXX and \\UXXXXXXXX for the rest. */
function unescaped(text: string): string {
  return text.replace(
    /\\u([0-9a-fA-F]{4})|\\U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})/g,
    (_, short, long) => String.fromCodePoint(Number.parseInt(short ?? long, 16)),
  );
}

/** A Python 2 string literal; the escapes that `repr` makes of bytes. */
function quoted(literal: string): string {
  const match = /^(['"])(.*)\1$/s.exec(literal.trim());
  if (match?.[2] === undefined) throw new FormatError('its pickle has a string without quotes');
  const simple: Readonly<Record<string, string>> = {n: '\n', r: '\r', t: '\t'};
  return match[2].replace(/\\(?:x([0-9a-fA-F]{2})|(.))/gs, (_, hex?: string, char = '') =>
    hex === undefined ? (simple[char] ?? char) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

export interface Unpickled {
  readonly value: unknown;
  /** The protocol; 0 if the pickle does not say. */
  readonly protocol: number;
  /** The names that the pickle used, as `module.name`. */
  readonly globals: readonly string[];
  /** How many bytes the pickle has. */
  readonly bytes: number;
}

/** How many opcodes run between two checks of the clock. */
const SLICE = 128;

/**
 * Reads one pickle of protocol 0 to 5 with a closed vocabulary (specification C.3). Executes nothing: a name
 * outside the vocabulary throws ERR_UNSAFE_PICKLE, damaged bytes ERR_CHECKPOINT. Yields to the event loop.
 */
export async function unpickle(bytes: Uint8Array, options: UnpickleOptions): Promise<Unpickled> {
  try {
    requirePickleSize(bytes.length);
    const machine = new PickleMachine(bytes, options);
    const breather = new Breather();
    while (!machine.stopped) {
      for (let i = 0; i < SLICE && !machine.stopped; i++) step(machine);
      if (breather.due) await breather.rest();
    }
    return {
      value: machine.pop(),
      protocol: machine.protocol,
      globals: machine.globals.sort(),
      bytes: machine.cursor.position,
    };
  } catch (error) {
    throw damagedFile(options.source, error);
  }
}

function step(machine: PickleMachine): void {
  const code = machine.cursor.u8();
  machine.budget.spend(OPCODE_BYTES[code] ?? 0);
  const opcode = OPCODES[code];
  if (opcode === undefined) {
    throw new FormatError(
      `its pickle has unknown opcode ${code} at byte ${machine.cursor.position - 1}`,
    );
  }
  opcode(machine);
}
