import {open} from 'node:fs/promises';

/** The header of a 64-bit ELF file, in bytes. */
const HEADER = 64;

/**
 * The processor that a shared library is for, as ELF numbers them (`e_machine`). Null where the file is no whole ELF
 * file of 64 bits: its last part is the table of sections, so that a file that was cut off is noticed.
 */
export async function machineOf(path: string): Promise<number | null> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return null;
  try {
    const {buffer: header, bytesRead} = await file.read(Buffer.alloc(HEADER), 0, HEADER, 0);
    const isElf = bytesRead === HEADER && header.readUInt32BE(0) === 0x7f454c46;
    if (!isElf || header[4] !== 2 || header[5] !== 1) return null;
    const end =
      Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60);
    return end <= (await file.stat()).size ? header.readUInt16LE(18) : null;
  } finally {
    await file.close();
  }
}
