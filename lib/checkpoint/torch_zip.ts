import type {FileHandle} from 'node:fs/promises';
import {crc32} from 'node:zlib';
import {type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile} from 'yauzl';
import {SauError} from '../base/errors.js';
import {FormatError} from './checkpoint_error.js';
import {readBytes} from './regular_file.js';
import {unpickle} from './unpickle.js';
import {VOCABULARY} from './vocabulary.js';

const ZIP_MAGIC = 0x04034b50;

/** The entries of a torch.save ZIP (specification C.3), read from the file on demand. */
export class TorchZip {
  private constructor(
    readonly path: string,
    readonly fileBytes: number,
    private readonly handle: FileHandle,
    private readonly zip: ZipFile,
    private readonly prefix: string,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  /**
   * Reads the directory of an open file, of which `head` are the first bytes. Throws FormatError for a damaged,
   * compressed or encrypted one, ERR_CHECKPOINT for another format and a big-endian one, and ERR_UNSAFE_PICKLE for a
   * bare pickle that names code.
   */
  static async open(path: string, handle: FileHandle, head: Buffer): Promise<TorchZip> {
    const {size} = await handle.stat();
    if (head.length < 4 || head.readUInt32LE(0) !== ZIP_MAGIC) {
      await refuseForeignFile(path, handle, head);
    }
    const reader = new HandleReader(handle);
    const zip = await fromRandomAccessReaderPromise(reader, size, {autoClose: false});
    const entries = await readDirectory(zip, size);
    const prefix = findPrefix([...entries.keys()]);
    const file = new TorchZip(path, size, handle, zip, prefix, entries);
    await file.#checkKind();
    return file;
  }

  /** The size of an entry such as `data/0` in bytes; null if there is none. */
  sizeOf(name: string): number | null {
    return this.entries.get(this.prefix + name)?.uncompressedSize ?? null;
  }

  /** A copy of the bytes of an entry such as `data.pkl`, checked against their CRC. Throws FormatError. */
  async read(name: string): Promise<Buffer> {
    const entry = this.entries.get(this.prefix + name);
    if (entry === undefined) throw new FormatError(`it has no entry ${name}`);
    const {fileDataStart} = await this.zip.readLocalFileHeaderPromise(entry, {minimal: true});
    let crc = 0;
    const bytes = await readBytes(this.handle, fileDataStart, entry.uncompressedSize, (piece) => {
      crc = crc32(piece, crc);
    });
    if (crc !== entry.crc32) throw new FormatError(`the checksum of entry ${name} does not match`);
    return bytes;
  }

  async #checkKind(): Promise<void> {
    if (this.sizeOf('constants.pkl') !== null) {
      throw new SauError(
        'ERR_CHECKPOINT',
        `Expected a file of torch.save at ${this.path} but it is a TorchScript module: save model.state_dict() with torch.save instead`,
        {details: {path: this.path}},
      );
    }
    const orderBytes = this.sizeOf('byteorder');
    if (orderBytes === null) return;
    if (orderBytes > 16 || (await this.read('byteorder')).toString('latin1') !== 'little') {
      throw new SauError(
        'ERR_CHECKPOINT',
        `Expected little-endian tensors at ${this.path} but the file was written on a big-endian machine: save it again on a little-endian one`,
        {details: {path: this.path}},
      );
    }
  }
}

/** Keeps yauzl's positions within the range that fs accepts, because a damaged directory can name any position. */
class HandleReader extends RandomAccessReader {
  constructor(private readonly handle: FileHandle) {
    super();
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    if (!Number.isSafeInteger(position)) {
      callback(new FormatError('its directory lies outside the file'));
      return;
    }
    this.handle.read(buffer, offset, length, position).then(
      ({bytesRead}) => callback(null, bytesRead),
      (error: Error) => callback(error),
    );
  }

  override close(callback: (error: Error | null) => void): void {
    callback(null);
  }
}

async function readDirectory(zip: ZipFile, fileBytes: number): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  let total = 0;
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName;
    if (entry.isEncrypted()) throw new FormatError(`its entry ${name} is encrypted`);
    if (entry.compressionMethod !== 0) {
      throw new FormatError(
        `its entry ${name} is compressed, which torch.save never does`,
        'unpack it if it is an archive of a checkpoint, or save it again with torch.save',
      );
    }
    if (entries.has(name)) throw new FormatError(`it has two entries ${name}`);
    total += entry.uncompressedSize;
    if (total > fileBytes) throw new FormatError('its entries are larger than the file');
    entries.set(name, entry);
  }
  return entries;
}

/** Everything before `data.pkl`: `archive/`, or the stem of the file's first name. */
function findPrefix(names: readonly string[]): string {
  const pickles = names.filter((name) => /(^|\/)data\.pkl$/.test(name));
  const [first, second] = pickles;
  if (first === undefined) {
    throw new FormatError(
      'it is a ZIP without an entry data.pkl',
      'unpack it if it is an archive of a checkpoint',
    );
  }
  if (second !== undefined) throw new FormatError(`it has both ${first} and ${second}`);
  return first.slice(0, -'data.pkl'.length);
}

/** The first bytes of torch.save before PyTorch 1.6: a pickle of the magic number 0x1950a86a20f9469cfc6c. */
const LEGACY_MAGIC = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
const PROTO = 0x80;
const MAX_BARE_PICKLE_BYTES = 64 << 20;

/**
 * Says what a file is that is not a ZIP. The restricted reader reads a bare pickle first, so a pickle that names
 * code throws ERR_UNSAFE_PICKLE. Everything else throws ERR_CHECKPOINT.
 */
async function refuseForeignFile(path: string, handle: FileHandle, head: Buffer): Promise<never> {
  const refuse = (what: string, advice: string): never => {
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected a ZIP file of torch.save at ${path} but it is ${what}: ${advice}`,
      {details: {path}},
    );
  };
  if (head.length === 0) refuse('empty', 'copy or download it again');
  if (head.subarray(0, LEGACY_MAGIC.length).equals(LEGACY_MAGIC)) {
    refuse(
      "in PyTorch's format from before version 1.6",
      'load it in a newer PyTorch and save it again with torch.save',
    );
  }
  if (head[0] === PROTO && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5) {
    const {size} = await handle.stat();
    if (size <= MAX_BARE_PICKLE_BYTES) await refuseUnsafe(path, handle, size);
    refuse('a bare pickle', 'save it with torch.save');
  }
  throw new FormatError(
    `it starts with bytes ${head.subarray(0, 8).toString('hex')}, not with PK`,
    'name a .pt or .pth file of PyTorch 1.6 or newer; if it is one, it is damaged: copy or download it again',
  );
}

async function refuseUnsafe(path: string, handle: FileHandle, size: number): Promise<void> {
  const bytes = Buffer.alloc(size);
  await handle.read(bytes, 0, size, 0);
  try {
    await unpickle(bytes, {source: path, vocabulary: VOCABULARY});
  } catch (error) {
    if (error instanceof SauError && error.code === 'ERR_UNSAFE_PICKLE') throw error;
  }
}
