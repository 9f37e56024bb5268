import {readFile} from 'node:fs/promises';
import {crc32} from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  readonly data?: string | Buffer;
  /** Of Unix, with the type of file; 0: made elsewhere. */
  readonly mode?: number;
  /** Where it is to be wrong. */
  readonly crc?: number;
}

/** A zip of stored entries, such as no library would write where a test needs it. */
export function makeZip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const {name, data = '', mode = 0o100644, crc} of entries) {
    const content = Buffer.from(data);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc ?? crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(at, 10);
    const file = Buffer.from(name, 'latin1');
    parts.push(Buffer.concat([Buffer.from('PK\x03\x04'), common, file, content]));
    directory.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, tail, file);
    at += parts.at(-1)?.length ?? 0;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}

/** The stored entries of a zip in the order of its directory, by their local headers. */
export async function readZip(path: string): Promise<Map<string, Buffer>> {
  const zip = await readFile(path);
  const entries = new Map<string, Buffer>();
  let at = zip.readUInt32LE(zip.length - 22 + 16);
  while (zip.readUInt32LE(at) === 0x02014b50) {
    const nameBytes = zip.readUInt16LE(at + 28);
    const header = zip.readUInt32LE(at + 42);
    const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
    const data = zip.subarray(start, start + zip.readUInt32LE(at + 24));
    entries.set(zip.toString('latin1', at + 46, at + 46 + nameBytes), data);
    at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}

/** The bytes of a stored entry. */
export async function readZipEntry(path: string, name: string): Promise<Buffer> {
  const entry = (await readZip(path)).get(name);
  if (entry === undefined) throw new Error(`${path} has no entry ${name}`);
  return entry;
}
