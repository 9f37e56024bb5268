import {closeSync, constants, fstatSync, openSync, readSync, type Stats} from 'node:fs';
import {open} from 'node:fs/promises';
import sharp from 'sharp';
import {messageOf} from '../base/errors.js';
import {QuickReads} from '../base/quick_reads.js';
import type {ImageSize, LoadOptions} from './decode.js';
import {type ImageFormat, kindOf, readHeader} from './image_header.js';
import {readPpmHeader} from './ppm.js';

/** Images of one size. */
export interface SizeCount extends ImageSize {
  /** How many. */
  readonly images: number;
}

/** An image file that cannot be read. */
export interface UnreadableImage {
  /** Its path. */
  readonly file: string;
  /** As a sentence has it: "its content is an HTML page". */
  readonly because: string;
}

/** A size with an image that has it. */
export interface SizeExample extends ImageSize {
  /** null where images lie many in a file. */
  readonly file: string | null;
}

/** The sizes of many images. */
export interface ImageSizes {
  /** How many there are. */
  readonly different: number;
  /** The ten most frequent ones, the first before the others. */
  readonly frequent: readonly SizeCount[];
  /** By area; null where there is no image. */
  readonly smallest: SizeExample | null;
  /** By area; null where there is no image. */
  readonly largest: SizeExample | null;
}

/** What the headers of image files say. */
export interface ImageHeaders {
  readonly sizes: ImageSizes;
  /** In the order of the files. */
  readonly unreadable: readonly UnreadableImage[];
}

/** Enough to keep libuv's four threads busy. */
const CONCURRENCY = 8;
/** With this flag a pipe in place of an image is empty and does not block forever. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;
/** Holds the header of nearly every file, a JPEG's with a thumbnail in it too. */
const HEAD_BYTES = 1 << 16;

/** So many sizes are listed. */
const MOST_LISTED = 10;

/** Counts sizes as they come. */
class SizeCounter {
  readonly #counts = new Map<string, SizeCount>();
  #smallest: SizeExample | null = null;
  #largest: SizeExample | null = null;

  add({height, width}: ImageSize, file: string): void {
    const key = `${height}x${width}`;
    this.#counts.set(key, {height, width, images: (this.#counts.get(key)?.images ?? 0) + 1});
    const example = {height, width, file};
    if (this.#smallest === null || areaOf(example) < areaOf(this.#smallest)) {
      this.#smallest = example;
    }
    if (this.#largest === null || areaOf(example) > areaOf(this.#largest)) this.#largest = example;
  }

  result(): ImageSizes {
    const counts = [...this.#counts.values()].sort((a, b) => b.images - a.images);
    return {
      ...{different: counts.length, frequent: counts.slice(0, MOST_LISTED)},
      ...{smallest: this.#smallest, largest: this.#largest},
    };
  }
}

function areaOf({height, width}: ImageSize): number {
  return height * width;
}

/** Reads the headers of image files and decodes nothing. Rejects with `signal.reason` when aborted. */
export async function readImageHeaders(
  files: readonly string[],
  {signal, onImages}: LoadOptions = {},
): Promise<ImageHeaders> {
  const sizes = new SizeCounter();
  const unreadable = new Map<number, UnreadableImage>();
  const reads = new QuickReads();
  const waiting = files.entries();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const [i, file] of waiting) {
      signal?.throwIfAborted();
      try {
        sizes.add(await sizeOfImage(file, reads), file);
      } catch (error) {
        // The decoder's reasons have several lines.
        unreadable.set(i, {file, because: messageOf(error).split('\n', 1)[0] ?? ''});
      }
      done += 1;
      onImages?.(done, files.length);
    }
  };
  await Promise.all(Array.from({length: CONCURRENCY}, work));
  return {
    sizes: sizes.result(),
    unreadable: [...unreadable].sort(([a], [b]) => a - b).map(([, image]) => image),
  };
}

/** Throws an Error that says why there is none. */
async function sizeOfImage(path: string, reads: QuickReads): Promise<ImageSize> {
  const {bytes, size} = await reads.read(
    () => headAtOnce(path),
    () => headBeside(path),
  );
  const kind = kindOf(bytes);
  if (kind.format === null) throw new Error(`its content is ${kind.noun}`);
  if (kind.format === 'ppm') {
    const {width, height, start} = readPpmHeader(bytes);
    const needed = start + 3 * width * height;
    if (size < needed) throw new Error(`it ends after ${size} of ${needed} bytes`);
    return {width, height};
  }
  const found = readHeader(bytes, kind.format) ?? (await turnedSize(path, kind.format));
  if (found.width > 0 && found.height > 0) return found;
  throw new Error(`its header names ${found.width} x ${found.height} pixels`);
}

/** By the decoder. A TIFF is turned as its orientation says, as it is where it is decoded. */
async function turnedSize(path: string, format: ImageFormat): Promise<ImageSize> {
  const metadata = await sharp(path).metadata();
  return format === 'tiff' ? metadata.autoOrient : metadata;
}

interface Head {
  readonly bytes: Buffer;
  /** Of the whole file. */
  readonly size: number;
}

function headAtOnce(path: string): Head {
  const file = openSync(path, READ);
  try {
    const size = sizeOfFile(fstatSync(file));
    const buffer = Buffer.allocUnsafe(Math.min(size, HEAD_BYTES));
    return {bytes: buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0)), size};
  } finally {
    closeSync(file);
  }
}

async function headBeside(path: string): Promise<Head> {
  const file = await open(path, READ);
  try {
    const size = sizeOfFile(await file.stat());
    const buffer = Buffer.allocUnsafe(Math.min(size, HEAD_BYTES));
    const {bytesRead} = await file.read(buffer, 0, buffer.length, 0);
    return {bytes: buffer.subarray(0, bytesRead), size};
  } finally {
    await file.close();
  }
}

/** Throws for what is no file, such as a device that never ends. */
function sizeOfFile(stats: Stats): number {
  if (stats.isFile()) return stats.size;
  throw new Error(stats.isDirectory() ? 'it is a folder' : 'it is a pipe, a socket or a device');
}
