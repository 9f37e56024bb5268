import {ByteBudget} from '../base/byte_budget.js';
import {QuickReads} from '../base/quick_reads.js';
import {decodedBytes, decodeImageFile, readImageFile} from './decode_file.js';
import {ImageMemory} from './image_memory.js';
import type {ImageSet} from './image_set.js';
import {writeTransformed} from './rgb_image.js';
import type {ImageSize, Transform} from './transform.js';

export type {ImageSize} from './transform.js';

/** Enough to keep libuv's four threads busy while JavaScript reads the next files. */
const CONCURRENCY = 8;
/** What the decoders of all images may need at a time; a larger image is decoded alone. */
const DECODED_BYTES = 2 ** 28;

/** Options of everything that reads or writes many images. */
export interface LoadOptions {
  /** Aborting makes the call reject with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Images read or written so far, of `total`. */
  readonly onImages?: ((done: number, total: number) => void) | undefined;
  /** Where the images go; by default in memory, up to a share of what there is. */
  readonly memory?: ImageMemory | undefined;
}

/**
 * Decodes files, in their order, to one uint8 array [N,3,H,W]. Images of other sizes are resized and cropped as the
 * transform says, by default to its size, bilinearly (antialiased), whatever their aspect. What the decoders of all
 * images need at a time is bounded by what the files' headers say.
 * @throws SauError ERR_DATASET naming the first file that is missing, corrupt or no image, ERR_OUT_OF_MEMORY
 */
export async function decodeAll(
  files: readonly string[],
  transform: Transform,
  {signal, onImages, memory = new ImageMemory()}: LoadOptions = {},
): Promise<Uint8Array> {
  const images = await memory.allocate(files.length, transform);
  const bytes = 3 * transform.height * transform.width;
  const waiting = files.entries();
  const reads = new QuickReads();
  const budget = new ByteBudget(DECODED_BYTES);
  let done = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    for (const [slot, path] of waiting) {
      if (failed) return;
      signal?.throwIfAborted();
      const file = await readImageFile(path, reads);
      await budget.run(decodedBytes(file), async () => {
        await writeTransformed(await decodeImageFile(file), transform, images, slot * bytes);
      });
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
