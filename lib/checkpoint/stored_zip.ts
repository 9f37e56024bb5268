import {crc32} from 'node:zlib';
import {type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile} from 'yauzl';
import {FormatError} from './checkpoint_error.js';
import {describeKey} from './describe_value.js';
import type {RegularFile} from './regular_file.js';

/** Throws where the names of the entries are those of another kind of file. */
export type Recognize = (names: readonly string[]) => void;

/**
 * A ZIP of stored entries, as PyTorch writes all of its files; they are read on demand. As PyTorch's reader does, it
 * takes names of different case for one name, and the name of the directory alone, without the field of Unicode names.
 */
export class StoredZip {
  private constructor(
    private readonly file: RegularFile,
    private readonly zip: ZipFile,
    /** By the name in small letters. */
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  /**
   * Reads the directory of an open file. `recognize` sees the names before anything else of the entries is
   * checked. Throws FormatError for a damaged, compressed or encrypted one.
   */
  static async open(file: RegularFile, recognize: Recognize): Promise<StoredZip> {
    const reader = new FileReader(file);
    const zip = await fromRandomAccessReaderPromise(reader, file.size, {autoClose: false});
    return new StoredZip(file, zip, await readDirectory(zip, file.size, recognize));
  }

  get fileBytes(): number {
    return this.file.size;
  }

  /** The names of all entries, in the order of the directory. */
  get names(): readonly string[] {
    return [...this.entries.values()].map(nameOf);
  }

  /** The size of an entry in bytes; null if there is none. */
  sizeOf(name: string): number | null {
    return this.entries.get(keyOf(name))?.uncompressedSize ?? null;
  }

  /** A copy of the bytes of an entry, checked against their CRC. Throws FormatError. */
  async read(name: string): Promise<Buffer> {
    const entry = this.entries.get(keyOf(name));
    if (entry === undefined) throw new FormatError(`it has no entry ${describeKey(name)}`);
    const {fileDataStart} = await this.zip.readLocalFileHeaderPromise(entry, {minimal: true});
    let crc = 0;
    const bytes = await this.file.bytes(fileDataStart, entry.uncompressedSize, (piece) => {
      crc = crc32(piece, crc);
    });
    if (crc !== entry.crc32)
      throw new FormatError(`the checksum of entry ${describeKey(name)} does not match`);
    return bytes;
  }
}

function nameOf({fileNameRaw}: Entry): string {
  return fileNameRaw.toString('utf8');
}

/** PyTorch's reader compares the letters of ASCII without their case. */
function keyOf(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
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

async function readDirectory(
  zip: ZipFile,
  fileBytes: number,
  recognize: Recognize,
): Promise<Map<string, Entry>> {
  const all: Entry[] = [];
  for await (const entry of zip.eachEntry()) all.push(entry);
  recognize(all.map(nameOf));
  const entries = new Map<string, Entry>();
  let total = 0;
  for (const entry of all) {
    const name = nameOf(entry);
    const shown = describeKey(name);
    if (entry.isEncrypted()) throw new FormatError(`its entry ${shown} is encrypted`);
    if (entry.compressionMethod !== 0) {
      throw new FormatError(
        `its entry ${shown} is compressed, which torch.save never does`,
        'unpack it if it is an archive of a checkpoint, or save it again with torch.save',
      );
    }
    if (entries.has(keyOf(name))) throw new FormatError(`it has two entries ${shown}`);
    total += entry.uncompressedSize;
    if (total > fileBytes) throw new FormatError('its entries are larger than the file');
    entries.set(keyOf(name), entry);
  }
  return entries;
}
