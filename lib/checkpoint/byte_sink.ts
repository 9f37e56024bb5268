const PIECE_BYTES = 64 * 1024;

/** Collects bytes of unknown total length: small writes are gathered, large ones kept as they are. */
export class ByteSink {
  #pieces: Uint8Array[] = [];
  #piece = Buffer.allocUnsafe(PIECE_BYTES);
  #used = 0;

  /** Room for `count` bytes, at most 64 KiB, to be filled at once: the buffer and where they start. */
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
