import {FormatError} from './checkpoint_error.js';
import {describeKey} from './describe_value.js';
import {ForeignFile, foreignByEntries} from './foreign_file.js';
import type {RegularFile} from './regular_file.js';
import {StoredZip} from './stored_zip.js';

/** The entries of a torch.save ZIP (specification C.3), read from the file on demand. */
export class TorchZip {
  private constructor(
    private readonly zip: StoredZip,
    private readonly prefix: string,
  ) {}

  /**
   * Reads the directory of an open file. Throws FormatError for a damaged, compressed, encrypted or big-endian one,
   * and for a ZIP of something else.
   */
  static async open(file: RegularFile): Promise<TorchZip> {
    const zip = await StoredZip.open(file, refuseForeign);
    const opened = new TorchZip(zip, findPrefix(zip.names));
    await opened.#checkByteOrder();
    return opened;
  }

  /** The size of an entry such as `data/0` in bytes; null if there is none. */
  sizeOf(name: string): number | null {
    return this.zip.sizeOf(this.prefix + name);
  }

  /** A copy of the bytes of an entry such as `data.pkl`, checked against their CRC. Throws FormatError. */
  async read(name: string): Promise<Buffer> {
    return this.zip.read(this.prefix + name);
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

function refuseForeign(names: readonly string[]): void {
  const foreign = foreignByEntries(names);
  if (foreign !== null) throw new ForeignFile(foreign);
}

/**
 * What stands before `data.pkl`: `archive/`, or the stem of the file's first name. PyTorch takes the folder of the
 * first entry for it; a file where that is another one would be read otherwise there.
 */
function findPrefix(names: readonly string[]): string {
  const [first = '', second] = names.filter((name) => /(^|\/)data\.pkl$/i.test(name));
  if (second !== undefined) {
    throw new FormatError(`it has both ${describeKey(first)} and ${describeKey(second)}`);
  }
  const prefix = first.slice(0, -'data.pkl'.length);
  const [folder] = /^[^/]+\//.exec(names[0] ?? '') ?? [''];
  if (prefix === '' || prefix.toLowerCase() !== folder.toLowerCase()) {
    throw new FormatError(
      `its entries are not in one folder: data.pkl is ${describeKey(first)}, the first is ${describeKey(names[0])}`,
      'save it again with torch.save',
    );
  }
  return prefix;
}
