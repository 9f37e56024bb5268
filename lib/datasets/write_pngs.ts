import {mkdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import sharp, {type Sharp} from 'sharp';
import {messageOf, SauError} from '../base/errors.js';
import {unwritableFile, writeWholeFile} from '../base/whole_file.js';
import type {ImageSize, LoadOptions} from './decode.js';
import type {ImageSet} from './image_set.js';

/** How many files are written at a time. */
const CONCURRENCY = 8;

/** Planes [3,H,W] -> interleaved pixels [H,W,3]. */
export function interleave(planes: Uint8Array): Uint8Array {
  const area = planes.length / 3;
  const pixels = new Uint8Array(planes.length);
  for (let i = 0; i < area; i++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[3 * i + channel] = planes[channel * area + i] ?? 0;
    }
  }
  return pixels;
}

function encodePng(planes: Uint8Array, {height, width}: ImageSize): Sharp {
  return sharp(interleave(planes), {raw: {width, height, channels: 3}}).png();
}

/** Writes planes [3,H,W] as one PNG file, whole or not at all. Throws ERR_OUTPUT. */
export async function writePng(planes: Uint8Array, size: ImageSize, path: string): Promise<void> {
  await writeWholeFile(path, await encodePng(planes, size).toBuffer());
}

/**
 * Writes every image of a set as a PNG file at `pathOf(position)` and makes folders as needed. Aborting makes the
 * call reject with `signal.reason`. Throws ERR_OUTPUT.
 */
export async function writePngs(
  set: ImageSet,
  pathOf: (position: number) => string,
  {signal, onImages}: LoadOptions = {},
): Promise<void> {
  const {count, height, width} = set;
  const bytes = 3 * height * width;
  const paths = Array.from({length: count}, (_, i) => pathOf(i));
  try {
    for (const folder of new Set(paths.map(dirname))) await mkdir(folder, {recursive: true});
    let next = 0;
    let done = 0;
    const worker = async (): Promise<void> => {
      for (let i = next++; i < count; i = next++) {
        signal?.throwIfAborted();
        await encodePng(set.images.subarray(i * bytes, (i + 1) * bytes), set).toFile(
          paths[i] ?? '',
        );
        done += 1;
        onImages?.(done, count);
      }
    };
    const workers = Array.from({length: CONCURRENCY}, worker);
    await Promise.all(workers).catch(async (error: unknown) => {
      next = count; // the others stop after their current file
      await Promise.allSettled(workers);
      throw error;
    });
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    const folder = dirname(dirname(paths[0] ?? '.'));
    const known = unwritableFile(folder, cause);
    if (known instanceof SauError) throw known;
    // sharp's errors have no codes.
    throw new SauError(
      'ERR_OUTPUT',
      `Expected to write ${count} PNG files below ${folder} but could not: ${messageOf(cause)}. ` +
        'Check its permissions and the free space, or choose another folder',
      {cause, details: {folder, count}},
    );
  }
}
