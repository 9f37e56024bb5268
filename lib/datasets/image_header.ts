import {readPpmHeader} from './ppm.js';
import type {ImageSize} from './transform.js';

/** What the first bytes of an image file say, before anything is decoded. */
export interface ImageHeader extends ImageSize {
  /** Samples of a pixel in the file, such as 4 of CMYK. */
  readonly channels: number;
  readonly bitsPerSample: number;
  /** Whether the samples are inks. */
  readonly isCmyk: boolean;
}

/** The formats that are decoded. */
export type ImageFormat = 'png' | 'jpeg' | 'webp' | 'tiff' | 'ppm';

/** A format that is decoded, or what else a file is, as a noun. */
export type FileKind =
  | {readonly format: ImageFormat}
  | {readonly format: null; readonly noun: string};

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

const SIGNATURES: readonly (readonly [ImageFormat, Buffer])[] = [
  ['png', ascii('\x89PNG\r\n\x1a\n')],
  ['jpeg', ascii('\xff\xd8\xff')],
  ['ppm', ascii('P6')],
  ['tiff', ascii('II*\0')],
  ['tiff', ascii('MM\0*')],
  ['tiff', ascii('II+\0')],
  ['tiff', ascii('MM\0+')],
];

/** Other contents that come under the name of an image. */
const OTHERS: readonly (readonly [string, Buffer])[] = [
  ['a GIF', ascii('GIF8')],
  ['a BMP', ascii('BM')],
  ['a PDF', ascii('%PDF')],
  ['a ZIP archive', ascii('PK\x03\x04')],
  ['compressed with gzip', ascii('\x1f\x8b')],
  ['a Git LFS pointer', ascii('version https://git-lfs')],
  ['a JPEG 2000', ascii('\0\0\0\x0cjP')],
];

const startsWith = (file: Buffer, bytes: Buffer): boolean =>
  file.subarray(0, bytes.length).equals(bytes);

/** What a file is by its content, whatever its name. */
export function kindOf(file: Buffer): FileKind {
  const known = SIGNATURES.find(([, bytes]) => startsWith(file, bytes));
  if (known !== undefined) return {format: known[0]};
  const box = file.toString('latin1', 4, 8);
  const brand = file.toString('latin1', 8, 12);
  if (startsWith(file, ascii('RIFF')) && brand === 'WEBP') return {format: 'webp'};
  if (file.length === 0) return {format: null, noun: 'empty'};
  const other = OTHERS.find(([, bytes]) => startsWith(file, bytes));
  if (other !== undefined) return {format: null, noun: other[0]};
  if (box === 'ftyp') return {format: null, noun: brand === 'avif' ? 'an AVIF' : 'a HEIF or video'};
  return {format: null, noun: textKind(file)};
}

/**
 * A markup without its comments. Within a larger pattern they could end in as many ways as there are comments behind,
 * and a matcher would try them all.
 */
function withoutComments(text: string): string {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf('<!--', at);
    const end = start < 0 ? -1 : text.indexOf('-->', start + 4);
    if (end < 0) break;
    parts.push(text.slice(at, start));
    at = end + 3;
  }
  return [...parts, text.slice(at)].join('').trimStart();
}

function textKind(file: Buffer): string {
  const head = withoutComments(file.toString('latin1', 0, 1024)).toLowerCase();
  if (/^(<\?xml[^>]*>\s*|<!doctype svg[^>]*>\s*)*<svg[\s>]/.test(head)) return 'an SVG drawing';
  if (/^<(!doctype html|html|head|body)[\s>]/.test(head)) return 'an HTML page';
  if (head.startsWith('<')) return 'an XML file';
  return 'none of these';
}

/**
 * The size that the header of a PNG, JPEG or PPM file names; null for another format, and where there is none: the
 * decoder then says what is wrong. Throws an Error that says what is wrong with a PPM, which no other decoder reads.
 */
export function readHeader(file: Buffer, format: ImageFormat): ImageHeader | null {
  switch (format) {
    case 'png':
      return pngHeader(file);
    case 'jpeg':
      return jpegHeader(file);
    case 'ppm':
      return {...readPpmHeader(file), channels: 3, bitsPerSample: 8, isCmyk: false};
    default:
      return null;
  }
}

/** By PNG's color type: gray, RGB, palette, gray with alpha, RGBA. */
const PNG_CHANNELS: Readonly<Record<number, number>> = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4};

function pngHeader(file: Buffer): ImageHeader | null {
  const channels = PNG_CHANNELS[file[25] ?? -1];
  if (file.length < 33 || channels === undefined || file.toString('latin1', 12, 16) !== 'IHDR') {
    return null;
  }
  return {
    width: file.readUInt32BE(16),
    height: file.readUInt32BE(20),
    channels,
    bitsPerSample: file[24] ?? 8,
    isCmyk: false,
  };
}

/** A frame's marker is C0 to CF, except for those of tables and of arithmetic coding's conditions. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

function jpegHeader(file: Buffer): ImageHeader | null {
  let at = 2;
  while (at + 9 < file.length && file[at] === 0xff) {
    const marker = file[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1; // filler
      continue;
    }
    if (isFrame(marker)) {
      const channels = file[at + 9] ?? 0;
      return {
        height: file.readUInt16BE(at + 5),
        width: file.readUInt16BE(at + 7),
        channels,
        bitsPerSample: file[at + 4] ?? 8,
        isCmyk: channels === 4,
      };
    }
    const hasNoLength = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += 2 + (hasNoLength ? 0 : file.readUInt16BE(at + 2));
  }
  return null;
}
