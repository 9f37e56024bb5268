import {readSync} from 'node:fs';
import {type FileHandle, open, stat} from 'node:fs/promises';
import {QuickReads} from '../base/quick_reads.js';
import {FormatError, unreadableFile} from './checkpoint_error.js';

/** How many bytes are read at a time, so that no step blocks the thread for long. */
const PIECE_BYTES = 1 << 20;

/** An open file, read piece by piece. */
export class RegularFile {
  readonly #handle: FileHandle;
  readonly #reads = new QuickReads();

  private constructor(
    handle: FileHandle,
    readonly size: number,
  ) {
    this.#handle = handle;
  }

  /** Opens a file for reading. Throws ERR_CHECKPOINT for one that is missing, no file or not readable. */
  static async open(path: string): Promise<RegularFile> {
    const unreadable = (error: unknown): never => {
      throw unreadableFile(path, error);
    };
    // Must come before open(), which would wait forever on a named pipe.
    if (!(await stat(path).catch(unreadable)).isFile()) unreadable(new Error('not a regular file'));
    const handle = await open(path, 'r').catch(unreadable);
    try {
      return new RegularFile(handle, (await handle.stat()).size);
    } catch (error) {
      await handle.close();
      return unreadable(error);
    }
  }

  /** Reads into a part of `bytes`; returns how many bytes were read, 0 at the end of the file. */
  read(bytes: Buffer, offset: number, length: number, position: number): Promise<number> {
    return this.#reads.read(
      () => readSync(this.#handle.fd, bytes, offset, length, position),
      async () => (await this.#handle.read(bytes, offset, length, position)).bytesRead,
    );
  }

  /** Bytes of the file, handed to `seen` piece by piece. Throws FormatError where the file ends early. */
  async bytes(
    start: number,
    length: number,
    seen: (piece: Uint8Array) => void = () => undefined,
  ): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let at = 0; at < length; ) {
      const count = await this.read(bytes, at, Math.min(PIECE_BYTES, length - at), start + at);
      if (count === 0) {
        throw new FormatError(`it ends at byte ${start + at}, not at ${start + length} or later`);
      }
      seen(bytes.subarray(at, at + count));
      at += count;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
