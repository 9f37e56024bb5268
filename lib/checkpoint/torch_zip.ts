import {crc32} from 'node:zlib';
import {type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile} from 'yauzl';
import {FormatError} from './checkpoint_error.js';
import {ForeignFile, foreignByEntries} from './foreign_file.js';
import type {RegularFile} from './regular_file.js';

/** The entries of a torch.save ZIP (specification C.3), read from the file on demand. */
export class TorchZip {
  private constructor(
    private readonly file: RegularFile,
    private readonly zip: ZipFile,
    private readonly prefix: string,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  /**
   * Reads the directory of an open file. Throws FormatError for a damaged, compressed, encrypted or big-endian one,
   * and for a ZIP of something else.
   */
  static async open(file: RegularFile): Promise<TorchZip> {
    const reader = new FileReader(file);
    const zip = await fromRandomAccessReaderPromise(reader, file.size, {autoClose: false});
    const entries = await readDirectory(zip, file.size);
    const opened = new TorchZip(file, zip, findPrefix([...entries.keys()]), entries);
    await opened.#checkByteOrder();
    return opened;
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
    const bytes = await this.file.bytes(fileDataStart, entry.uncompressedSize, (piece) => {
      crc = crc32(piece, crc);
    });
    if (crc !== entry.crc32) throw new FormatError(`the checksum of entry ${name} does not match`);
    return bytes;
  }

  async #checkByteOrder(): Promise<void> {
    const orderBytes = this.sizeOf('byteorder');
    if (orderBytes === null) return;
    if (orderBytes > 16 || (await this.read('byteorder')).toString('latin1') !== 'little') {
      throw new FormatError(
        'it was written on a big-endian machine',
        'save it again on a little-endian one',
      );
    }
  }
}

/** Keeps yauzl's positions within the range that fs accepts, because a damaged directory can name any position. */
class FileReader extends RandomAccessReader {
  constructor(private readonly file: RegularFile) {
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
    this.file.read(buffer, offset, length, position).then(
      (bytesRead) => callback(null, bytesRead),
      (error: Error) => callback(error),
    );
  }

  override close(callback: (error: Error | null) => void): void {
    callback(null);
  }
}

async function readDirectory(zip: ZipFile, fileBytes: number): Promise<Map<string, Entry>> {
  const all: Entry[] = [];
  for await (const entry of zip.eachEntry()) all.push(entry);
  const foreign = foreignByEntries(all.map(({fileName}) => fileName));
  if (foreign !== null) throw new ForeignFile(foreign);
  const entries = new Map<string, Entry>();
  let total = 0;
  for (const entry of all) {
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
  const [first = '', second] = names.filter((name) => /(^|\/)data\.pkl$/.test(name));
  if (second !== undefined) throw new FormatError(`it has both ${first} and ${second}`);
  return first.slice(0, -'data.pkl'.length);
}
