import {crc32, inflateSync} from 'node:zlib';
import type {RgbImage} from './rgb_image.js';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Inflating a larger image would block the event loop for too long. */
const MAX_SIDE = 128;
/** Bytes per pixel of 8-bit RGB. */
const BPP = 3;

interface PngParts {
  readonly header: Buffer;
  readonly compressed: Buffer;
}

/** IHDR and the joined IDATs; null if a chunk is damaged or may change how pixels are read. */
function readChunks(file: Buffer): PngParts | null {
  if (!file.subarray(0, 8).equals(SIGNATURE)) return null;
  const idat: Buffer[] = [];
  let header: Buffer | null = null;
  let at = 8;
  while (at + 12 <= file.length) {
    const length = file.readUInt32BE(at);
    const end = at + 8 + length;
    if (end + 4 > file.length) return null;
    if (crc32(file.subarray(at + 4, end)) !== file.readUInt32BE(end)) return null;
    const type = file.toString('latin1', at + 4, at + 8);
    const body = file.subarray(at + 8, end);
    if (type === 'IHDR') header = body;
    else if (type === 'IDAT') idat.push(body);
    else if (type === 'tRNS' || type === 'PLTE') return null;
    else if (type === 'IEND') return header && {header, compressed: Buffer.concat(idat)};
    at = end + 4;
  }
  return null;
}

/** The Paeth predictor: whichever of left, up and up-left is nearest to left + up - upLeft. */
function paeth(left: number, up: number, upLeft: number): number {
  const byLeft = Math.abs(up - upLeft);
  const byUp = Math.abs(left - upLeft);
  const byUpLeft = Math.abs(left + up - 2 * upLeft);
  if (byLeft <= byUp && byLeft <= byUpLeft) return left;
  return byUp <= byUpLeft ? up : upLeft;
}

/** Undoes the row filters: [H, 1 + 3W] filtered bytes to [H, 3W]; null for an unknown filter. */
function unfilter(rows: Buffer, height: number, rowBytes: number): Uint8Array | null {
  const out = new Uint8Array(height * rowBytes);
  let above = new Uint8Array(rowBytes);
  for (let y = 0; y < height; y++) {
    const from = y * (rowBytes + 1);
    const row = out.subarray(y * rowBytes, (y + 1) * rowBytes);
    row.set(rows.subarray(from + 1, from + 1 + rowBytes));
    const undo = UNDO[rows[from] ?? 0];
    if (undo === undefined) return null;
    undo(row, above);
    above = row;
  }
  return out;
}

/** Adds to each byte of a row what its filter had taken away. The row above the first is 0. */
type UndoFilter = (row: Uint8Array, above: Uint8Array) => void;

/** By the number of the filter: none, sub, up, average and Paeth. One loop each: it runs once a byte. */
const UNDO: readonly UndoFilter[] = [
  () => undefined,
  (row) => {
    for (let x = BPP; x < row.length; x++) row[x] = (row[x] ?? 0) + (row[x - BPP] ?? 0);
  },
  (row, above) => {
    for (let x = 0; x < row.length; x++) row[x] = (row[x] ?? 0) + (above[x] ?? 0);
  },
  (row, above) => {
    for (let x = 0; x < row.length; x++) {
      const left = x >= BPP ? (row[x - BPP] ?? 0) : 0;
      row[x] = (row[x] ?? 0) + ((left + (above[x] ?? 0)) >> 1);
    }
  },
  (row, above) => {
    for (let x = 0; x < row.length; x++) {
      const left = x >= BPP ? (row[x - BPP] ?? 0) : 0;
      const upLeft = x >= BPP ? (above[x - BPP] ?? 0) : 0;
      row[x] = (row[x] ?? 0) + paeth(left, above[x] ?? 0, upLeft);
    }
  },
];

/**
 * Decodes a small PNG of plain 8-bit RGB, as all poisoned images of a record are. This takes a fraction of the time
 * in which a general decoder starts. Gives null for every other file; the general decoder then decides.
 */
export function decodeSmallPng(file: Buffer): RgbImage | null {
  const parts = readChunks(file);
  if (parts === null || parts.header.length !== 13) return null;
  const width = parts.header.readUInt32BE(0);
  const height = parts.header.readUInt32BE(4);
  const isPlainRgb = parts.header.subarray(8).equals(Buffer.from([8, 2, 0, 0, 0]));
  if (!isPlainRgb || width < 1 || height < 1 || Math.max(width, height) > MAX_SIDE) return null;
  const expected = height * (1 + BPP * width);
  let rows: Buffer;
  try {
    rows = inflateSync(parts.compressed, {maxOutputLength: expected});
  } catch {
    return null;
  }
  if (rows.length !== expected) return null;
  const data = unfilter(rows, height, BPP * width);
  return data && {data, height, width};
}
