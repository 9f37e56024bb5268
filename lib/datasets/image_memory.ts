import {constants} from 'node:buffer';
import {statfs} from 'node:fs/promises';
import {constants as system, tmpdir} from 'node:os';
import {messageOf, SauError} from '../base/errors.js';
import {imageTools} from '../native/image_tools.js';
import {named} from '../options/named.js';
import type {ImageSize} from './transform.js';

/** Buffers over files. Their arrays need not be copied to be kept: the system moves their contents out. */
const mapped = new WeakSet<ArrayBufferLike>();

/** Whether an array lies in a file that is mapped into memory. */
export function isMapped(images: Uint8Array): boolean {
  return mapped.has(images.buffer);
}

/** A file is worth its cost for more than so many bytes. */
const SMALL = 2 ** 20;

/** The share of the available memory that images take by default: a run keeps two or three copies of some. */
const SHARE = 1 / 4;

/** Bytes of {@link SHARE}; the memory is that of the control group where it has a limit. */
export function defaultDataMemory(): number {
  return process.availableMemory() * SHARE;
}

/**
 * Where the arrays of image sets live: in memory until a budget is used up, and beyond it in temporary files that
 * are mapped into memory. Such a file has no name, so that it is gone with the array, or with the process. Small
 * arrays beside large ones stay in memory.
 */
export class ImageMemory {
  #left: number;

  /** @param budget In bytes */
  constructor(budget = defaultDataMemory()) {
    this.#left = budget;
  }

  /** uint8 [count,3,height,width]. Throws ERR_OUTPUT for a file without room, ERR_OUT_OF_MEMORY. */
  async allocate(count: number, size: ImageSize): Promise<Uint8Array> {
    const bytes = count * 3 * size.height * size.width;
    if (bytes > this.#left && bytes > SMALL) return mapBytes(count, size, bytes);
    const images = inMemory(count, size, bytes);
    this.#left -= bytes;
    return images;
  }
}

/** uint8 [count,3,H,W] for a copy of images of a set, which lives where the set does. Throws as `allocate`. */
export async function allocateLike(
  {images, height, width}: {readonly images: Uint8Array} & ImageSize,
  count: number,
): Promise<Uint8Array> {
  return new ImageMemory(isMapped(images) ? 0 : Number.POSITIVE_INFINITY).allocate(count, {
    height,
    width,
  });
}

function inMemory(count: number, {height, width}: ImageSize, bytes: number): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw tooLarge(count, {height, width}, bytes, cause);
  }
}

async function mapBytes(count: number, size: ImageSize, bytes: number): Promise<Uint8Array> {
  if (bytes > constants.MAX_LENGTH) throw tooLarge(count, size, bytes);
  const tools = imageTools();
  const folder = await spillFolder();
  let buffer: ArrayBuffer;
  try {
    buffer = await tools.mapMemory(folder, bytes);
  } catch (cause) {
    throw unmappable(folder, bytes, cause);
  }
  mapped.add(buffer);
  return new Uint8Array(buffer);
}

function tooLarge(count: number, size: ImageSize, bytes: number, cause?: unknown): SauError {
  const {height, width} = size;
  const isLong = bytes > constants.MAX_LENGTH;
  const why = isLong ? 'an array of this Node.js has no more than' : 'there is too little';
  return new SauError(
    'ERR_OUT_OF_MEMORY',
    `Expected memory for ${count} images of ${height}x${width}, ${gib(bytes)}, but ${why}${isLong ? ` ${gib(constants.MAX_LENGTH)}` : ''}.`,
    {
      cause,
      remedy: `Lower ${named('imageSize')}, or use fewer images, such as with ${named('testLimit')}${isLong ? ', or Node.js 22.3 or later' : ''}.`,
      details: {count, height, width, bytes},
    },
  );
}

/** The magic numbers of file systems whose files are in memory: tmpfs and ramfs. */
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];

/** The folder for temporary files: that of TMPDIR, else the first that is on a disk. Throws ERR_OUTPUT. */
export async function spillFolder(): Promise<string> {
  const given = process.env.TMPDIR;
  if (given !== undefined && given !== '') return given;
  for (const folder of [tmpdir(), '/var/tmp']) {
    const {type} = await statfs(folder).catch(() => ({type: null}));
    if (type !== null && !IN_MEMORY.includes(type)) return folder;
  }
  throw new SauError(
    'ERR_OUTPUT',
    `Expected a temporary folder on a disk for images beyond ${named('dataMemory')} but ${tmpdir()} and /var/tmp are missing or in memory.`,
    {
      remedy: `Name a folder with the environment variable TMPDIR, or raise ${named('dataMemory')}.`,
    },
  );
}

const WHY: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file system has no files of that size',
  ENOENT: 'the folder does not exist',
  ENOTDIR: 'it is no folder',
  EACCES: 'the folder may not be written',
  EROFS: 'the file system is read-only',
  ENOMEM: 'the address space of the process is limited',
};

function unmappable(folder: string, bytes: number, cause: unknown): SauError {
  const errno = Number((cause as {errno?: unknown} | null)?.errno ?? 0);
  if (errno === 0) {
    return new SauError(
      'ERR_NATIVE',
      `Expected memory over a temporary file for images beyond ${named('dataMemory')} but this runtime has none: ${messageOf(cause)}.`,
      {cause, remedy: `Raise ${named('dataMemory')}, or use Node.js and not Electron.`},
    );
  }
  const name = errnoName(errno);
  return new SauError(
    'ERR_OUTPUT',
    `Expected room for ${gib(bytes)} of images in a temporary file in ${folder} but ${WHY[name] ?? messageOf(cause)}.`,
    {
      cause,
      remedy: `Free space, name another folder with the environment variable TMPDIR, or raise ${named('dataMemory')}.`,
      details: {folder, bytes, errno: name},
    },
  );
}

/** Of the C library's number; libuv has numbers of its own on Windows. */
function errnoName(errno: number): string {
  const found = Object.entries(system.errno).find(([, number]) => number === errno);
  return found?.[0] ?? `errno ${errno}`;
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
