import type {FileHandle} from 'node:fs/promises';
import {basename, extname} from 'node:path';
import {setImmediate} from 'node:timers/promises';
import {crc32} from 'node:zlib';
import {SauError} from '../base/errors.js';
import {writeWhole} from '../base/whole_file.js';
import {type PickleValue, pickle} from './pickle_writer.js';

/** PyTorch aligns the data of every entry to this, so that it can map storages from the file. */
const ALIGNMENT = 64;
const PIECE_BYTES = 1 << 20;
const LOCAL_HEADER_BYTES = 30;
const MAX_FILE_BYTES = 0xffff_ffff;
/** 1 January 1980, so that equal contents make equal files. */
const DOS_DATE = 0x21;
/** PyTorch's own extra field for padding. */
const PADDING_FIELD = 0x4246;

interface ZipEntry {
  readonly name: string;
  readonly pieces: readonly Uint8Array[];
}

interface WrittenEntry {
  readonly name: Buffer;
  readonly crc: number;
  readonly bytes: number;
  readonly headerAt: number;
}

/**
 * Writes a value as torch.save does: a ZIP of stored entries `<stem>/data.pkl`, `byteorder`, `data/<n>` and
 * `version` (specification C.3). The file appears whole or not at all; throws ERR_OUTPUT.
 */
export async function writeTorchFile(path: string, value: PickleValue): Promise<void> {
  const {pieces, storages} = await pickle(value);
  const entries: ZipEntry[] = [
    {name: 'data.pkl', pieces},
    {name: 'byteorder', pieces: [Buffer.from('little')]},
    ...storages.map((storage, n) => ({name: `data/${n}`, pieces: [storage]})),
    {name: 'version', pieces: [Buffer.from('3\n')]},
  ];
  const stem = basename(path, extname(path));
  const folder = /^[\w.-]{1,80}$/.test(stem) ? stem : 'archive';
  await writeWhole(path, async (handle) => {
    const writer = new ZipWriter(handle, path);
    for (const {name, pieces} of entries) await writer.entry(`${folder}/${name}`, pieces);
    await writer.end();
  });
}

/** Writes stored entries, each aligned as PyTorch aligns them. */
export class ZipWriter {
  #at = 0;
  readonly #written: WrittenEntry[] = [];

  constructor(
    private readonly handle: FileHandle,
    private readonly path: string,
  ) {}

  async entry(name: string, data: readonly Uint8Array[]): Promise<void> {
    const pieces = data.flatMap(cut);
    let crc = 0;
    let bytes = 0;
    for (const piece of pieces) {
      crc = crc32(piece, crc);
      bytes += piece.length;
      await setImmediate();
    }
    const entry = {name: Buffer.from(name, 'latin1'), crc, bytes, headerAt: this.#at};
    await this.#write(localHeader(entry));
    for (const piece of pieces) await this.#write(piece);
    this.#written.push(entry);
  }

  async end(): Promise<void> {
    const start = this.#at;
    await this.#write(Buffer.concat(this.#written.map(directoryEntry)));
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(this.#written.length, 8);
    end.writeUInt16LE(this.#written.length, 10);
    end.writeUInt32LE(this.#at - start, 12);
    end.writeUInt32LE(start, 16);
    await this.#write(end);
  }

  async #write(piece: Uint8Array): Promise<void> {
    if (this.#at + piece.length > MAX_FILE_BYTES || this.#written.length >= 0xffff) {
      throw new SauError(
        'ERR_OUTPUT',
        `Expected a checkpoint of less than 4 GiB and 65,535 tensors for ${this.path}: larger ones are not written`,
        {details: {path: this.path}},
      );
    }
    for (let done = 0; done < piece.length; ) {
      const {bytesWritten} = await this.handle.write(piece, done);
      done += bytesWritten;
    }
    this.#at += piece.length;
  }
}

function cut(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / PIECE_BYTES);
  return Array.from({length: count}, (_, i) =>
    bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES),
  );
}

function localHeader({name, crc, bytes, headerAt}: WrittenEntry): Buffer {
  const unpadded = headerAt + LOCAL_HEADER_BYTES + name.length + 4;
  const padding = (ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT;
  const header = Buffer.alloc(LOCAL_HEADER_BYTES + name.length + 4 + padding, 'Z');
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  writeCommonFields(header, 6, crc, bytes, name.length);
  header.writeUInt16LE(4 + padding, 28);
  name.copy(header, LOCAL_HEADER_BYTES);
  header.writeUInt16LE(PADDING_FIELD, LOCAL_HEADER_BYTES + name.length);
  header.writeUInt16LE(padding, LOCAL_HEADER_BYTES + name.length + 2);
  return header;
}

function directoryEntry({name, crc, bytes, headerAt}: WrittenEntry): Buffer {
  const entry = Buffer.alloc(46 + name.length);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(20, 4);
  entry.writeUInt16LE(20, 6);
  writeCommonFields(entry, 8, crc, bytes, name.length);
  entry.writeUInt32LE(headerAt, 42);
  name.copy(entry, 46);
  return entry;
}

/**
 * The part that both headers share: flags, method (stored), time, date, CRC, both sizes and the length of the name.
 */
function writeCommonFields(
  target: Buffer,
  at: number,
  crc: number,
  bytes: number,
  nameBytes: number,
): void {
  target.writeUInt32LE(0, at);
  target.writeUInt16LE(0, at + 4);
  target.writeUInt16LE(DOS_DATE, at + 6);
  target.writeUInt32LE(crc, at + 8);
  target.writeUInt32LE(bytes, at + 12);
  target.writeUInt32LE(bytes, at + 16);
  target.writeUInt16LE(nameBytes, at + 20);
}
