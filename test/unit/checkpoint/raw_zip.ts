import {readFile, writeFile} from 'node:fs/promises';
import {crc32} from 'node:zlib';

/** Writes a ZIP of stored entries, with whatever contents. */
export async function writeRawZip(
  path: string,
  entries: readonly (readonly [string, Buffer])[],
): Promise<void> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, data] of entries) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    const file = Buffer.from(name, 'latin1');
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, file, data]);
    directory.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, tail, file);
    parts.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  await writeFile(path, Buffer.concat([...parts, central, end]));
}

/** The bytes of a stored entry, by its local header. */
export async function readZipEntry(path: string, name: string): Promise<Buffer> {
  const zip = await readFile(path);
  let at = zip.readUInt32LE(zip.length - 22 + 16);
  while (zip.readUInt32LE(at) === 0x02014b50) {
    const nameBytes = zip.readUInt16LE(at + 28);
    if (zip.toString('latin1', at + 46, at + 46 + nameBytes) === name) {
      const header = zip.readUInt32LE(at + 42);
      const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
      return zip.subarray(start, start + zip.readUInt32LE(at + 24));
    }
    at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`${path} has no entry ${name}`);
}
