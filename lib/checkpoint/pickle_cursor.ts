import {FormatError} from './checkpoint_error.js';
import {LongText} from './pickle_values.js';

const LONG_TEXT_BYTES = 64 * 1024;

/** Reads the arguments of pickle opcodes; throws FormatError at the end of the bytes. */
export class PickleCursor {
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
      throw new FormatError(
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

  /** A 64-bit length; what does not fit the file fails in take(). */
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
      throw new FormatError(`its pickle has no end of line after byte ${this.#position}`);
    }
    const text = this.#bytes.toString('latin1', this.#position, end);
    this.#position = end + 1;
    return text;
  }
}
