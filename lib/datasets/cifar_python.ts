import {readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {Breather} from '../base/breather.js';
import {messageOf, SauError} from '../base/errors.js';
import {NumpyArray} from '../checkpoint/numpy_values.js';
import {describeValue} from '../checkpoint/pickle_values.js';
import {unpickle} from '../checkpoint/unpickle.js';
import {VOCABULARY} from '../checkpoint/vocabulary.js';
import {CIFAR10, checkCifarLabel, cifarImageSet} from './cifar.js';
import {type DatasetFiles, type Pick, picksByFile, type SplitFiles} from './dataset_files.js';
import type {LoadOptions} from './decode.js';
import type {ImageSet} from './image_set.js';

function malformed(file: string, expected: string, found: string, cause?: unknown): SauError {
  return new SauError(
    'ERR_DATASET',
    `Expected ${expected} in the CIFAR-10 file ${file} but found ${found}; download it again`,
    {cause, details: {file}},
  );
}

/** Runs a step of reading. Its failures become ERR_DATASET, except for an unsafe pickle. */
async function reading<T>(file: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof SauError && cause.code !== 'ERR_CHECKPOINT') throw cause;
    throw malformed(file, 'a whole pickle', `damage (${messageOf(cause)})`, cause);
  }
}

/** Reads a pickled dict of Python 2 or 3; its keys become text. */
async function readDict(file: string): Promise<ReadonlyMap<unknown, unknown>> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new SauError(
      'ERR_DATASET',
      `Expected the CIFAR-10 file ${file} but it cannot be read: ${messageOf(cause)}; download the data set again, or check its permissions`,
      {cause, details: {file}},
    );
  });
  const {value} = await reading(file, () =>
    unpickle(bytes, {source: file, vocabulary: VOCABULARY}),
  );
  if (value instanceof Map) return value;
  throw malformed(file, 'a dict', describeValue(value));
}

interface Batch {
  /** uint8 [count,3,32,32] */
  readonly images: Uint8Array;
  readonly labels: readonly unknown[];
}

async function readBatch(file: string, count: number): Promise<Batch> {
  const dict = await readDict(file);
  const data = dict.get('data');
  const labels = dict.get('labels');
  if (!(data instanceof NumpyArray) || data.type !== 'uint8') {
    throw malformed(file, 'a uint8 array "data"', describeValue(data));
  }
  if (data.shape.join() !== [count, CIFAR10.imageBytes].join()) {
    throw malformed(file, `"data" of shape [${count},${CIFAR10.imageBytes}]`, `[${data.shape}]`);
  }
  if (!Array.isArray(labels) || labels.length !== count) {
    throw malformed(file, `${count} "labels"`, describeValue(labels));
  }
  return {images: await reading(file, () => data.bytes()), labels};
}

interface Meta {
  readonly classNames: readonly string[];
  readonly imagesPerBatch: number;
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
}

async function readMeta(file: string): Promise<Meta> {
  const dict = await readDict(file);
  const names = dict.get('label_names');
  const perBatch = dict.get('num_cases_per_batch');
  if (!Array.isArray(names) || names.length !== CIFAR10.numClasses) {
    throw malformed(file, `${CIFAR10.numClasses} "label_names"`, describeValue(names));
  }
  if (typeof perBatch !== 'number' || !Number.isInteger(perBatch) || perBatch < 1) {
    throw malformed(file, 'a positive "num_cases_per_batch"', describeValue(perBatch));
  }
  return {classNames: names.map(textOf), imagesPerBatch: perBatch};
}

async function copyPicks(
  batch: Batch,
  picks: readonly Pick[],
  file: string,
  out: {images: Uint8Array; labels: Int32Array},
): Promise<void> {
  const breather = new Breather();
  for (const {slot, offset} of picks) {
    const at = offset * CIFAR10.imageBytes;
    out.labels[slot] = checkCifarLabel(batch.labels[offset], file);
    out.images.set(batch.images.subarray(at, at + CIFAR10.imageBytes), slot * CIFAR10.imageBytes);
    if (breather.due) await breather.rest();
  }
}

async function loadSplit(
  files: readonly string[],
  imagesPerBatch: number,
  selection: Int32Array,
  {signal, onImages}: LoadOptions = {},
): Promise<ImageSet> {
  const picks = await picksByFile(
    selection,
    files.map(() => imagesPerBatch),
  );
  const out = {
    images: new Uint8Array(selection.length * CIFAR10.imageBytes),
    labels: new Int32Array(selection.length),
  };
  let done = 0;
  for (const [i, file] of files.entries()) {
    const members = picks[i] ?? [];
    if (members.length === 0) continue;
    signal?.throwIfAborted();
    await copyPicks(await readBatch(file, imagesPerBatch), members, file, out);
    done += members.length;
    onImages?.(done, selection.length);
  }
  return cifarImageSet(out.images, out.labels, selection);
}

async function checkPresent(file: string): Promise<void> {
  await stat(file).catch((cause: unknown) => {
    throw new SauError(
      'ERR_DATASET',
      `Expected the CIFAR-10 file ${file} but it cannot be read: ${messageOf(cause)}; download the data set again, or check its permissions`,
      {cause, details: {file}},
    );
  });
}

/**
 * Opens `cifar-10-batches-py`: pickled dicts, of Python 2 (the official download) or 3. Nothing in a
 * pickle is executed. Only the batches that hold wanted images are read.
 * @throws SauError ERR_DATASET if a file is missing or damaged, ERR_UNSAFE_PICKLE if one names code
 */
export async function openCifarPython(folder: string): Promise<DatasetFiles> {
  const train = CIFAR10.trainFiles.map((name) => join(folder, name));
  const test = CIFAR10.testFiles.map((name) => join(folder, name));
  const {classNames, imagesPerBatch} = await readMeta(join(folder, 'batches.meta'));
  for (const file of [...train, ...test]) await checkPresent(file);
  const split = (files: readonly string[]): SplitFiles => ({
    count: files.length * imagesPerBatch,
    load: (positions, _size, options) => loadSplit(files, imagesPerBatch, positions, options),
  });
  return {
    classNames,
    size: {height: CIFAR10.side, width: CIFAR10.side},
    train: split(train),
    test: split(test),
  };
}
