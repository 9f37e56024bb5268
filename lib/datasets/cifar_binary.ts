import {type FileHandle, open} from 'node:fs/promises';
import {join} from 'node:path';
import {SauError} from '../base/errors.js';
import {readText} from '../base/read_text.js';
import {CIFAR, checkCifarLabel, cifarImageSet, classNamesOf} from './cifar.js';
import {damagedDataFile, sizeOfDataFile} from './data_file.js';
import {
  type DatasetFiles,
  type Pick,
  picksByBlock,
  picksByFile,
  type SplitFiles,
} from './dataset_files.js';
import type {LoadOptions} from './decode.js';
import {ImageMemory} from './image_memory.js';
import type {ImageSet} from './image_set.js';
import type {KnownDataset} from './known.js';
import type {CifarBinaryLayout} from './layout.js';

/** Records per read: 1.5 MB, about a millisecond of copying. */
const BLOCK_RECORDS = 512;

/** Records of one data set, each of label bytes and an image. */
interface Records {
  readonly known: KnownDataset;
  readonly labelBytes: number;
  readonly bytes: number;
}

interface BatchFile {
  readonly path: string;
  readonly records: number;
}

async function inspectBatch(path: string, {known, bytes: record}: Records): Promise<BatchFile> {
  const bytes = await sizeOfDataFile(path, known.title);
  if (bytes > 0 && bytes % record === 0) return {path, records: bytes / record};
  const expected = `whole records of ${record} bytes`;
  throw damagedDataFile(path, known.title, {expected, found: `${bytes} bytes`});
}

/** A file that was cut between two records is whole but for its length. Throws ERR_DATASET for one unlike the others. */
function requireEqualLengths(files: readonly BatchFile[], {title}: KnownDataset): void {
  const counts = files.map(({records}) => records);
  const most = Math.max(...counts);
  const short = files.find(({records}) => records < most);
  if (short === undefined) return;
  throw damagedDataFile(short.path, title, {
    expected: `${most} records, as many as in the longest of its ${files.length} training files,`,
    found: String(short.records),
  });
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
  {file, buffer, recordBytes}: {file: BatchFile; buffer: Buffer; recordBytes: number},
): Promise<void> {
  const length = count * recordBytes;
  for (let filled = 0; filled < length; ) {
    const position = first * recordBytes + filled;
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
  recordBytes: number,
  picks: readonly Pick[],
  onSpan: (bytes: Buffer, firstRecord: number, members: readonly Pick[]) => void,
): Promise<void> {
  if (picks.length === 0) return;
  // One buffer for all: memory that is new costs more than the reading.
  const buffer = Buffer.allocUnsafe(BLOCK_RECORDS * recordBytes);
  const handle = await open(file.path);
  try {
    for (const members of picksByBlock(picks, BLOCK_RECORDS).values()) {
      const span = spanOf(members);
      await readSpan(handle, span, {file, buffer, recordBytes});
      onSpan(buffer, span.first, members);
    }
  } finally {
    await handle.close();
  }
}

/** A record in memory: its image begins at `at` of `bytes`. */
type OnRecord = (slot: number, label: number, bytes: Buffer, at: number) => void;

/** Reads the records of a selection and checks their labels. */
async function visitRecords(
  files: readonly BatchFile[],
  {known, labelBytes, bytes: recordBytes}: Records,
  selection: Int32Array,
  {signal, onImages}: LoadOptions,
  onRecord: OnRecord,
): Promise<void> {
  const picks = await picksByFile(
    selection,
    files.map((file) => file.records),
  );
  let done = 0;
  for (const [i, file] of files.entries()) {
    await readPicks(file, recordBytes, picks[i] ?? [], (bytes, firstRecord, members) => {
      signal?.throwIfAborted();
      for (const {slot, offset} of members) {
        const at = (offset - firstRecord) * recordBytes + labelBytes;
        onRecord(slot, checkCifarLabel(bytes[at - 1], file.path, known), bytes, at);
      }
      done += members.length;
      onImages?.(done, selection.length);
    });
  }
}

async function loadSplit(
  files: readonly BatchFile[],
  records: Records,
  selection: Int32Array,
  options: LoadOptions = {},
): Promise<ImageSet> {
  const {memory = new ImageMemory()} = options;
  const images = await memory.allocate(selection.length, CIFAR);
  const labels = new Int32Array(selection.length);
  await visitRecords(files, records, selection, options, (slot, label, bytes, at) => {
    labels[slot] = label;
    images.set(bytes.subarray(at, at + CIFAR.imageBytes), slot * CIFAR.imageBytes);
  });
  return cifarImageSet(images, labels, selection);
}

async function readLabels(
  files: readonly BatchFile[],
  records: Records,
  count: number,
  options: LoadOptions = {},
): Promise<Int32Array> {
  const labels = new Int32Array(count);
  const all = Int32Array.from(labels.keys());
  await visitRecords(files, records, all, options, (slot, label) => {
    labels[slot] = label;
  });
  return labels;
}

function splitFiles(files: readonly BatchFile[], records: Records): SplitFiles {
  const count = files.reduce((total, file) => total + file.records, 0);
  return {
    count,
    paths: null,
    labels: (options) => readLabels(files, records, count, options),
    load: (positions, _size, options) => loadSplit(files, records, positions, options),
  };
}

async function readClassNames(file: string): Promise<readonly string[]> {
  const text = await readText(file).catch(() => '');
  return text.split(/\s+/).filter((name) => name !== '');
}

/**
 * Opens a binary version of CIFAR: records of label bytes and 3072 image bytes, in the order of the files. Loading
 * reads only the blocks that hold the wanted images.
 * @throws SauError ERR_DATASET if a file is missing, truncated or shorter than another of the training set
 */
export async function openCifarBinary(
  folder: string,
  {labelBytes, train, test, names}: CifarBinaryLayout,
  known: KnownDataset,
): Promise<DatasetFiles> {
  const records = {known, labelBytes, bytes: labelBytes + CIFAR.imageBytes};
  const inspect = (files: readonly string[]): Promise<BatchFile[]> =>
    Promise.all(files.map((name) => inspectBatch(join(folder, name), records)));
  const batches = {train: await inspect(train), test: await inspect(test)};
  requireEqualLengths(batches.train, known);
  return {
    classNames: classNamesOf(await readClassNames(join(folder, names)), known),
    size: {height: CIFAR.height, width: CIFAR.width},
    train: splitFiles(batches.train, records),
    test: splitFiles(batches.test, records),
  };
}
