import {constants, readFileSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import sharp from 'sharp';
import {Breather} from '../base/breather.js';
import {messageOf, SauError} from '../base/errors.js';
import {QuickReads} from '../base/quick_reads.js';
import {named} from '../options/named.js';
import type {ImageSet} from './image_set.js';
import {decodePpm} from './ppm.js';
import {type RgbImage, resizeBilinear, writePlanes} from './rgb_image.js';
import {decodeSmallPng} from './small_png.js';

/** Enough to keep libuv's four threads busy while JavaScript packs the previous images. */
const CONCURRENCY = 8;

export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/** With this flag a pipe in place of an image is empty and does not block forever. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

/** Options of everything that reads or writes many images. */
export interface LoadOptions {
  /** Aborting makes the call reject with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Images read or written so far, of `total`. */
  readonly onImages?: ((done: number, total: number) => void) | undefined;
}

/** The type lacks numbers, which Node.js takes. */
const READ_OPTIONS = {flag: READ as unknown as string};

/**
 * Decodes a JPEG, PNG, WebP, TIFF or PPM file to 8-bit RGB at its own size. Gray becomes RGB. Alpha, color profiles and
 * the EXIF orientation are ignored, as in Pillow's `convert('RGB')`.
 */
async function decodeFile(file: string, reads: QuickReads): Promise<RgbImage> {
  let bytes: Buffer;
  try {
    bytes = await reads.read(
      () => readFileSync(file, READ_OPTIONS),
      () => readFile(file, READ_OPTIONS),
    );
  } catch (cause) {
    throw new SauError(
      'ERR_DATASET',
      `Expected an image at ${file} but it cannot be read: ${messageOf(cause)}. Check the path and its permissions`,
      {cause, details: {file}},
    );
  }
  const small = decodeSmallPng(bytes);
  if (small !== null) return small;
  try {
    const ppm = decodePpm(bytes);
    if (ppm !== null) return ppm;
    const {data, info} = await sharp(bytes, {failOn: 'error', ignoreIcc: true})
      .toColourspace('srgb')
      .removeAlpha()
      .raw({depth: 'uchar'})
      .toBuffer({resolveWithObject: true});
    if (info.channels !== 3) throw new Error(`it decodes to ${info.channels} channels`);
    return {data, height: info.height, width: info.width};
  } catch (cause) {
    throw new SauError(
      'ERR_DATASET',
      `Expected a JPEG, PNG, WebP, TIFF or PPM image but ${file} cannot be decoded: ${messageOf(cause)}. Get it again, save it anew or remove it`,
      {cause, details: {file}},
    );
  }
}

/**
 * Decodes files, in their order, to one uint8 array [N,3,H,W]. An image of another size is resized bilinearly
 * (antialiased).
 * @throws SauError ERR_DATASET naming the first file that is missing or corrupt, ERR_OUT_OF_MEMORY
 */
export async function decodeAll(
  files: readonly string[],
  size: ImageSize,
  {signal, onImages}: LoadOptions = {},
): Promise<Uint8Array> {
  const {height, width} = size;
  const bytes = 3 * height * width;
  const images = roomFor(files.length, size);
  const waiting = files.entries();
  const breather = new Breather();
  const reads = new QuickReads();
  let done = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    for (const [slot, file] of waiting) {
      if (failed) return;
      signal?.throwIfAborted();
      const image = await resizeBilinear(await decodeFile(file, reads), height, width, breather);
      writePlanes(image, images, slot * bytes);
      done += 1;
      onImages?.(done, files.length);
    }
  };
  try {
    await Promise.all(Array.from({length: CONCURRENCY}, work));
  } finally {
    failed = true; // the other workers stop after their current file
  }
  return images;
}

/** uint8 [count,3,H,W]. Throws ERR_OUT_OF_MEMORY. */
function roomFor(count: number, {height, width}: ImageSize): Uint8Array {
  const bytes = count * 3 * height * width;
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new SauError(
      'ERR_OUT_OF_MEMORY',
      `Expected memory for ${count} images of ${height}x${width}, ${(bytes / 2 ** 30).toFixed(1)} GiB, but there is too little.`,
      {
        cause,
        remedy: `Lower ${named('imageSize')}, or use fewer images, such as with ${named('testLimit')}.`,
        details: {count, height, width, bytes},
      },
    );
  }
}

/** One image as planes: uint8 [3,H,W]. Throws as {@link decodeAll}. */
export async function decodeImage(file: string, size: ImageSize): Promise<Uint8Array> {
  return decodeAll([file], size);
}

/** One poisoned image of a record, found on disk. */
export interface PoisonedPng {
  /** Absolute path. */
  readonly path: string;
  /** The label that the attack wants. */
  readonly attackLabel: number;
  readonly originalLabel: number;
  /** Position in the split that the image comes from. */
  readonly originalIndex: number;
}

/**
 * Loads poisoned images in the given order: labels are the attack labels, trueLabels the original ones.
 * @throws SauError ERR_DATASET naming the first file that is missing or corrupt
 */
export async function loadPoisonedPngs(
  entries: readonly PoisonedPng[],
  size: ImageSize,
  options?: LoadOptions,
): Promise<ImageSet> {
  const images = await decodeAll(
    entries.map((entry) => entry.path),
    size,
    options,
  );
  return {
    images,
    labels: Int32Array.from(entries, (entry) => entry.attackLabel),
    trueLabels: Int32Array.from(entries, (entry) => entry.originalLabel),
    originalIndices: Int32Array.from(entries, (entry) => entry.originalIndex),
    count: entries.length,
    height: size.height,
    width: size.width,
  };
}
