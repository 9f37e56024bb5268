import {closeSync, constants, fstatSync, openSync, readFileSync, type Stats} from 'node:fs';
import {open} from 'node:fs/promises';
import sharp, {type Sharp} from 'sharp';
import {Breather} from '../base/breather.js';
import {messageOf, SauError} from '../base/errors.js';
import type {QuickReads} from '../base/quick_reads.js';
import {type ImageFormat, type ImageHeader, kindOf, readHeader} from './image_header.js';
import {decodePpm} from './ppm.js';
import type {RgbImage} from './rgb_image.js';
import {decodeSmallPng} from './small_png.js';
import {checkTiff} from './tiff.js';

/** An image file in memory, of which only the header was looked at. */
export interface ImageFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly format: ImageFormat;
  readonly header: ImageHeader;
}

/** With this flag a pipe in place of an image is empty and does not block forever. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;
/** No image of up to MOST_PIXELS takes so many bytes in a file. */
const MOST_BYTES = 2 ** 30;
/** Where Pillow refuses an image as a decompression bomb. */
const MOST_PIXELS = 178_956_970;

/**
 * Reads an image file and its header. The content says what it is, not the name: SVG and HTML are never rendered.
 * Throws ERR_DATASET, which names the file.
 */
export async function readImageFile(path: string, reads: QuickReads): Promise<ImageFile> {
  const bytes = await readBytes(path, reads);
  const kind = kindOf(bytes);
  if (kind.format === null) throw undecodable(path, `its content is ${kind.noun}`);
  const header = await headerOf(path, bytes, kind.format);
  if (header.width * header.height > MOST_PIXELS) {
    throw new SauError(
      'ERR_DATASET',
      `Expected at most ${MOST_PIXELS} pixels in ${path} but its header names ${header.width} x ${header.height}. Scale it down or remove it`,
      {details: {file: path, width: header.width, height: header.height}},
    );
  }
  return {path, bytes, format: kind.format, header};
}

/** About the memory that decoding takes: the samples as they are in the file, and RGB. */
export function decodedBytes({
  header: {width, height, channels, bitsPerSample},
}: ImageFile): number {
  return width * height * (3 + channels * Math.ceil(bitsPerSample / 8));
}

/**
 * Decodes to 8-bit RGB at the image's own size as Pillow's `convert('RGB')`: gray becomes RGB; alpha, color
 * profiles and the EXIF orientation are ignored, but not a TIFF's orientation; of several frames the first is taken.
 * Throws ERR_DATASET, which names the file.
 */
export async function decodeImageFile({path, bytes, format, header}: ImageFile): Promise<RgbImage> {
  const small = decodeSmallPng(bytes);
  if (small !== null) return small;
  try {
    return format === 'ppm' ? decodePpm(bytes) : await decodeBytes(bytes, format, header);
  } catch (cause) {
    throw undecodable(path, messageOf(cause), cause);
  }
}

async function decodeBytes(
  bytes: Buffer,
  format: ImageFormat,
  header: ImageHeader,
): Promise<RgbImage> {
  const pixels = header.width * header.height;
  const stored = sharp(bytes, {failOn: 'error', ignoreIcc: true, limitInputPixels: pixels});
  const image = format === 'tiff' ? stored.autoOrient() : stored;
  if (header.isCmyk) return fromCmyk(image);
  if (header.channels === 1 && header.bitsPerSample === 16) return fromGray16(image);
  const {data, info} = await image
    .toColourspace('srgb')
    .removeAlpha()
    .raw({depth: 'uchar'})
    .toBuffer({resolveWithObject: true});
  if (info.channels !== 3) throw new Error(`it decodes to ${info.channels} channels`);
  return {data, height: info.height, width: info.width};
}

/** Pillow's arithmetic for inks, which knows no profiles. */
async function fromCmyk(image: Sharp): Promise<RgbImage> {
  const {data: inks, info} = await image
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw({depth: 'uchar'})
    .toBuffer({resolveWithObject: true});
  const {height, width} = info;
  const data = new Uint8Array(height * width * 3);
  const breather = new Breather();
  for (let pixel = 0; pixel < height * width; pixel++) {
    const light = 255 - (inks[4 * pixel + 3] ?? 0);
    for (let c = 0; c < 3; c++) {
      const product = (inks[4 * pixel + c] ?? 0) * light + 128;
      data[3 * pixel + c] = light - (((product >> 8) + product) >> 8);
    }
    if ((pixel & 0xffff) === 0xffff && breather.due) await breather.rest();
  }
  return {data, height, width};
}

/** Gray of 16 bits: Pillow keeps the values up to 255 and takes those above for white. */
async function fromGray16(image: Sharp): Promise<RgbImage> {
  const {data: bytes, info} = await image
    .toColourspace('grey16')
    .raw({depth: 'ushort'})
    .toBuffer({resolveWithObject: true});
  const {height, width, channels} = info;
  const data = new Uint8Array(height * width * 3);
  const breather = new Breather();
  for (let pixel = 0; pixel < height * width; pixel++) {
    data.fill(Math.min(255, bytes.readUInt16LE(2 * channels * pixel)), 3 * pixel, 3 * pixel + 3);
    if ((pixel & 0xffff) === 0xffff && breather.due) await breather.rest();
  }
  return {data, height, width};
}

/** Where the first bytes do not tell, the decoder does. */
async function headerOf(path: string, bytes: Buffer, format: ImageFormat): Promise<ImageHeader> {
  try {
    const read = readHeader(bytes, format);
    if (read !== null) return read;
    if (format === 'tiff') checkTiff(bytes);
    const found = await sharp(bytes, {limitInputPixels: false}).metadata();
    return {
      ...{height: found.height, width: found.width, channels: found.channels},
      bitsPerSample: BITS[found.depth] ?? 64,
      isCmyk: found.space === 'cmyk',
    };
  } catch (cause) {
    throw undecodable(path, messageOf(cause), cause);
  }
}

const BITS: Readonly<Record<string, number>> = {
  ...{uchar: 8, char: 8, ushort: 16, short: 16, uint: 32, int: 32, float: 32},
};

async function readBytes(path: string, reads: QuickReads): Promise<Buffer> {
  try {
    return await reads.read(
      () => readAtOnce(path),
      () => readBeside(path),
    );
  } catch (cause) {
    if (cause instanceof SauError) throw cause;
    throw new SauError(
      'ERR_DATASET',
      `Expected an image at ${path} but it cannot be read: ${messageOf(cause)}. Check the path and its permissions`,
      {cause, details: {file: path}},
    );
  }
}

function readAtOnce(path: string): Buffer {
  const file = openSync(path, READ);
  try {
    checkFile(path, fstatSync(file));
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

async function readBeside(path: string): Promise<Buffer> {
  const file = await open(path, READ);
  try {
    checkFile(path, await file.stat());
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Throws ERR_DATASET for what is no file, such as a device that never ends, and for a file that is too large. */
function checkFile(path: string, stats: Stats): void {
  if (stats.isFile() && stats.size <= MOST_BYTES) return;
  const what = stats.isFile()
    ? `it has ${(stats.size / 2 ** 30).toFixed(1)} GiB`
    : stats.isDirectory()
      ? 'it is a folder'
      : 'it is a pipe, a socket or a device';
  throw new SauError('ERR_DATASET', `Expected an image file at ${path} but ${what}; remove it`, {
    details: {file: path},
  });
}

function undecodable(path: string, why: string, cause?: unknown): SauError {
  return new SauError(
    'ERR_DATASET',
    `Expected a JPEG, PNG, WebP, TIFF or PPM image but ${path} cannot be decoded: ${why}. Get it again, save it anew or remove it`,
    {cause, details: {file: path}},
  );
}
