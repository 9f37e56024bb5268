import {type FileHandle, open, readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {messageOf, SauError} from '../base/errors.js';
import {CIFAR10, CIFAR10_CLASS_NAMES, checkCifarLabel, cifarImageSet} from './cifar.js';
import {
  type DatasetFiles,
  type Pick,
  picksByBlock,
  picksByFile,
  type SplitFiles,
} from './dataset_files.js';
import type {LoadOptions} from './decode.js';
import type {ImageSet} from './image_set.js';

/** One label byte, then the image. */
const RECORD_BYTES = 1 + CIFAR10.imageBytes;
/** Records per read: 1.5 MB, about a millisecond of copying. */
const BLOCK_RECORDS = 512;

interface BatchFile {
  readonly path: string;
  readonly records: number;
}

async function inspectBatch(path: string): Promise<BatchFile> {
  let bytes: number;
  try {
    bytes = (await stat(path)).size;
  } catch (cause) {
    throw new SauError(
      'ERR_DATASET',
      `Expected the CIFAR-10 batch ${path} but it cannot be read: ${messageOf(cause)}; download the data set again, or check its permissions`,
      {cause, details: {file: path}},
    );
  }
  if (bytes === 0 || bytes % RECORD_BYTES !== 0) {
    throw new SauError(
      'ERR_DATASET',
      `Expected ${path} to hold whole records of ${RECORD_BYTES} bytes but it has ${bytes} bytes; download it again`,
      {details: {file: path, bytes}},
    );
  }
  return {path, records: bytes / RECORD_BYTES};
}

/** Records that follow each other in a file. */
interface Span {
  readonly first: number;
  readonly count: number;
}

/** The part of a block from its first to its last picked record. */
function spanOf(picks: readonly Pick[]): Span {
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const {offset} of picks) {
    first = Math.min(first, offset);
    last = Math.max(last, offset);
  }
  return {first, count: last - first + 1};
}

/** Reads records into the beginning of `buffer`. Throws ERR_DATASET if the file has become shorter. */
async function readSpan(
  handle: FileHandle,
  {first, count}: Span,
  file: BatchFile,
  buffer: Buffer,
): Promise<void> {
  const length = count * RECORD_BYTES;
  for (let filled = 0; filled < length; ) {
    const position = first * RECORD_BYTES + filled;
    const {bytesRead} = await handle.read(buffer, filled, length - filled, position);
    if (bytesRead === 0) {
      throw new SauError(
        'ERR_DATASET',
        `Expected ${file.path} not to shrink while it is read but it did; run again when nothing writes it`,
        {
          details: {file: file.path},
        },
      );
    }
    filled += bytesRead;
  }
}

/** Calls `onSpan` with the part of each block that holds picked records. The bytes are only valid within the call. */
async function readPicks(
  file: BatchFile,
  picks: readonly Pick[],
  onSpan: (bytes: Buffer, firstRecord: number, members: readonly Pick[]) => void,
): Promise<void> {
  if (picks.length === 0) return;
  const handle = await open(file.path);
  // One buffer for all: memory that is new costs more than the reading.
  const buffer = Buffer.allocUnsafe(BLOCK_RECORDS * RECORD_BYTES);
  try {
    for (const members of picksByBlock(picks, BLOCK_RECORDS).values()) {
      const span = spanOf(members);
      await readSpan(handle, span, file, buffer);
      onSpan(buffer, span.first, members);
    }
  } finally {
    await handle.close();
  }
}

async function loadSplit(
  files: readonly BatchFile[],
  selection: Int32Array,
  {signal, onImages}: LoadOptions = {},
): Promise<ImageSet> {
  const picks = await picksByFile(
    selection,
    files.map((file) => file.records),
  );
  const images = new Uint8Array(selection.length * CIFAR10.imageBytes);
  const labels = new Int32Array(selection.length);
  let done = 0;
  for (const [i, file] of files.entries()) {
    await readPicks(file, picks[i] ?? [], (bytes, firstRecord, members) => {
      signal?.throwIfAborted();
      for (const {slot, offset} of members) {
        const at = (offset - firstRecord) * RECORD_BYTES;
        labels[slot] = checkCifarLabel(bytes[at], file.path);
        images.set(bytes.subarray(at + 1, at + RECORD_BYTES), slot * CIFAR10.imageBytes);
      }
      done += members.length;
      onImages?.(done, selection.length);
    });
  }
  return cifarImageSet(images, labels, selection);
}

function splitFiles(files: readonly BatchFile[]): SplitFiles {
  return {
    count: files.reduce((total, file) => total + file.records, 0),
    load: (positions, _size, options) => loadSplit(files, positions, options),
  };
}

async function readClassNames(folder: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, 'batches.meta.txt'), 'utf8').catch(() => '');
  const names = text.split(/\s+/).filter((name) => name !== '');
  return names.length === CIFAR10.numClasses ? names : CIFAR10_CLASS_NAMES;
}

/**
 * Opens `cifar-10-batches-bin`: records of one label byte and 3072 image bytes, in the order of the
 * batch files. Loading reads only the blocks that hold the wanted images.
 * @throws SauError ERR_DATASET if a batch is missing or truncated
 */
export async function openCifarBinary(folder: string): Promise<DatasetFiles> {
  const inspect = (names: readonly string[]): Promise<BatchFile[]> =>
    Promise.all(names.map((name) => inspectBatch(join(folder, `${name}.bin`))));
  const train = await inspect(CIFAR10.trainFiles);
  const test = await inspect(CIFAR10.testFiles);
  return {
    classNames: await readClassNames(folder),
    size: {height: CIFAR10.side, width: CIFAR10.side},
    train: splitFiles(train),
    test: splitFiles(test),
  };
}
