// What a TIFF's first directory says of its colors: https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf

const COMPRESSION = 259;
const PHOTOMETRIC = 262;
const YCBCR = 6;
const JPEG = 7;
/** CIELAB in three forms. */
const LAB: ReadonlySet<number | undefined> = new Set([8, 9, 10]);

/** Throws an Error for colors that the decoder takes for others, or does not know; not for a damaged file. */
export function checkTiff(file: Buffer): void {
  const photometric = shortTag(file, PHOTOMETRIC);
  if (LAB.has(photometric)) throw new Error('its colors are CIELAB, not RGB');
  if (photometric === YCBCR && shortTag(file, COMPRESSION) !== JPEG) {
    throw new Error('its colors are YCbCr without JPEG, not RGB');
  }
}

const ENTRY_BYTES = 12;

/** A number of the first directory of a classic TIFF; undefined where there is none. */
function shortTag(file: Buffer, wanted: number): number | undefined {
  const isLittle = file[0] === 0x49;
  const u16 = (at: number): number => (isLittle ? file.readUInt16LE(at) : file.readUInt16BE(at));
  if (file.length < 8 || u16(2) !== 42) return undefined;
  const start = isLittle ? file.readUInt32LE(4) : file.readUInt32BE(4);
  if (start + 2 > file.length) return undefined;
  const end = Math.min(start + 2 + ENTRY_BYTES * u16(start), file.length - ENTRY_BYTES + 1);
  for (let at = start + 2; at < end; at += ENTRY_BYTES) {
    if (u16(at) === wanted) return u16(at + 8);
  }
  return undefined;
}
