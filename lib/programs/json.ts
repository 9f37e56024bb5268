import {parse} from 'lossless-json';
import {ProgramFault} from './program_error.js';

const MAX_BYTES = 64 << 20;
const MAX_DEPTH = 64;
/** Brackets and commas, which bound the number of values. A program of 20,000 nodes has about three million. */
const MAX_MARKS = 5_000_000;
/** Of an integer; those of 64 bits have 19, and longer ones would take long to convert. */
const MAX_DIGITS = 20;

/** Reads a JSON document whose integers keep all of their bits. Throws a ProgramFault. */
export function readJson(bytes: Buffer, name: string): Json {
  if (bytes.length > MAX_BYTES) throw new ProgramFault(`its ${name} is larger than 64 MiB`);
  checkStructure(bytes, name);
  try {
    return new Json(parse(bytes.toString('utf8'), null, {parseNumber: exactNumber}), name);
  } catch (error) {
    if (error instanceof ProgramFault) throw error;
    throw new ProgramFault(`its ${name} is not JSON`);
  }
}

/** Bounds depth and number of values, before anything is allocated for them. */
function checkStructure(bytes: Buffer, name: string): void {
  let depth = 0;
  let marks = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
      continue;
    }
    if (byte === QUOTE) inString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
      marks++;
      if (depth > MAX_DEPTH)
        throw new ProgramFault(`its ${name} is nested deeper than ${MAX_DEPTH}`);
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    else if (byte === COMMA) marks++;
    if (marks > MAX_MARKS) throw new ProgramFault(`its ${name} has too many values`);
  }
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

function exactNumber(text: string): number | bigint {
  if (!/^-?\d+$/.test(text)) return Number(text);
  if (text.length > MAX_DIGITS) throw new ProgramFault('it has a number of more than 64 bits');
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** A value of the document; everything that is asked of it throws a ProgramFault where it is something else. */
export class Json {
  constructor(
    readonly value: unknown,
    /** Where it is, for messages. */
    readonly place: string,
  ) {}

  get isNull(): boolean {
    return this.value === null;
  }

  /** The field of an object. */
  get(name: string): Json {
    return this.find(name) ?? this.#refuse(`a field ${name}`);
  }

  /** The field of an object, or null where it has none. */
  find(name: string): Json | null {
    const object = this.#object();
    return Object.hasOwn(object, name) ? new Json(object[name], `${this.place}.${name}`) : null;
  }

  /** The fields of an object in the order of the document. */
  fields(): (readonly [string, Json])[] {
    return Object.entries(this.#object()).map(([name, value]) => [
      name,
      new Json(value, `${this.place}.${name}`),
    ]);
  }

  /** The field of an object that has one alone. */
  only(): readonly [string, Json] {
    const [first, ...others] = this.fields();
    return first === undefined || others.length > 0 ? this.#refuse('exactly one field') : first;
  }

  items(): Json[] {
    if (!Array.isArray(this.value)) return this.#refuse('a list');
    return this.value.map((item: unknown, i) => new Json(item, `${this.place}[${i}]`));
  }

  text(): string {
    return typeof this.value === 'string' ? this.value : this.#refuse('a text');
  }

  truth(): boolean {
    return typeof this.value === 'boolean' ? this.value : this.#refuse('true or false');
  }

  /** An integer of 64 bits. */
  integer(): number | bigint {
    const {value} = this;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    if (typeof value === 'bigint' && value >= MIN_INT64 && value <= MAX_INT64) return value;
    return this.#refuse('an integer of 64 bits');
  }

  /** An integer from 0 to 2^53. */
  size(): number {
    const {value} = this;
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? value
      : this.#refuse('an integer >= 0');
  }

  /** A number; those that are not finite are texts in the document. */
  number(): number {
    const {value} = this;
    if (typeof value === 'number') return value;
    if (typeof value === 'bigint') return Number(value);
    if (value === 'Infinity' || value === '-Infinity' || value === 'NaN') return Number(value);
    return this.#refuse('a number');
  }

  #object(): Readonly<Record<string, unknown>> {
    const {value} = this;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : this.#refuse('an object');
  }

  #refuse(expected: string): never {
    throw new ProgramFault(`it has not ${expected} at ${this.place}`);
  }
}
