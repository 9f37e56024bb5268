import {join} from 'node:path';
import {Breather} from '../base/breather.js';
import {messageOf, SauError} from '../base/errors.js';
import {describeValue} from '../checkpoint/describe_value.js';
import {NumpyArray} from '../checkpoint/numpy_values.js';
import {unpickle} from '../checkpoint/unpickle.js';
import {VOCABULARY} from '../checkpoint/vocabulary.js';
import {CIFAR, checkCifarLabel, cifarImageSet} from './cifar.js';
import {damagedDataFile, readDataFile, sizeOfDataFile} from './data_file.js';
import {type DatasetFiles, type Pick, picksByFile, type SplitFiles} from './dataset_files.js';
import type {LoadOptions} from './decode.js';
import {ImageMemory} from './image_memory.js';
import type {ImageSet} from './image_set.js';
import type {KnownDataset} from './known.js';
import type {CifarPythonLayout} from './layout.js';

/** How the files of one data set are read. */
interface Reading {
  readonly known: KnownDataset;
  readonly layout: CifarPythonLayout;
}

/** Runs a step of reading. Its failures become ERR_DATASET, except for an unsafe pickle. */
async function reading<T>(file: string, title: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof SauError && cause.code !== 'ERR_CHECKPOINT') throw cause;
    const found = `damage (${messageOf(cause)})`;
    throw damagedDataFile(file, title, {expected: 'a whole pickle', found, cause});
  }
}

/** Reads a pickled dict of Python 2 or 3; its keys become text. */
async function readDict(file: string, title: string): Promise<ReadonlyMap<unknown, unknown>> {
  const bytes = await readDataFile(file, title);
  const {value} = await reading(file, title, () =>
    unpickle(bytes, {source: file, vocabulary: VOCABULARY}),
  );
  if (value instanceof Map) return value;
  throw damagedDataFile(file, title, {expected: 'a dict', found: describeValue(value)});
}

interface Batch {
  /** uint8 [count,3,32,32], in the pickle. */
  readonly data: NumpyArray;
  readonly labels: readonly unknown[];
}

/** @param count null: as many as the file has labels */
async function readBatch(file: string, count: number | null, how: Reading): Promise<Batch> {
  const {title} = how.known;
  const malformed = (expected: string, found: string): SauError =>
    damagedDataFile(file, title, {expected, found});
  const dict = await readDict(file, title);
  const data = dict.get('data');
  const labels = dict.get(how.layout.labels);
  if (!(data instanceof NumpyArray) || data.type !== 'uint8') {
    throw malformed('a uint8 array "data"', describeValue(data));
  }
  const wanted = count ?? (Array.isArray(labels) ? labels.length : 0);
  if (!Array.isArray(labels) || labels.length !== wanted || wanted === 0) {
    const many = count === null ? 'a list' : String(count);
    throw malformed(`${many} "${how.layout.labels}"`, describeValue(labels));
  }
  if (data.shape.join() !== [wanted, CIFAR.imageBytes].join()) {
    throw malformed(`"data" of shape [${wanted},${CIFAR.imageBytes}]`, `[${data.shape}]`);
  }
  return {data, labels};
}

interface Meta {
  readonly classNames: readonly string[];
  /** null: the files tell. */
  readonly imagesPerFile: number | null;
}

async function readMeta(file: string, {known, layout}: Reading): Promise<Meta> {
  const {title, numClasses} = known;
  const dict = await readDict(file, title);
  const names = dict.get(layout.names);
  if (!Array.isArray(names) || names.length !== numClasses) {
    const expected = `${numClasses} "${layout.names}"`;
    throw damagedDataFile(file, title, {expected, found: describeValue(names)});
  }
  const classNames = names.map((name: unknown) => {
    if (typeof name === 'string') return name;
    if (name instanceof Uint8Array) return Buffer.from(name).toString('latin1');
    const expected = `text in "${layout.names}"`;
    throw damagedDataFile(file, title, {expected, found: describeValue(name)});
  });
  if (layout.perFile === undefined) return {classNames, imagesPerFile: null};
  const perFile = dict.get(layout.perFile);
  if (typeof perFile !== 'number' || !Number.isInteger(perFile) || perFile < 1) {
    const expected = `a positive "${layout.perFile}"`;
    throw damagedDataFile(file, title, {expected, found: describeValue(perFile)});
  }
  return {classNames, imagesPerFile: perFile};
}

interface BatchFile {
  readonly path: string;
  readonly count: number;
}

/** Where the files have no fixed number of images, they are read for it. */
async function inspectBatch(
  path: string,
  perFile: number | null,
  how: Reading,
): Promise<BatchFile> {
  await sizeOfDataFile(path, how.known.title);
  return {path, count: perFile ?? (await readBatch(path, null, how)).labels.length};
}

function countOf(files: readonly BatchFile[]): number {
  return files.reduce((sum, {count}) => sum + count, 0);
}

async function readLabels(
  files: readonly BatchFile[],
  how: Reading,
  {signal, onImages}: LoadOptions = {},
): Promise<Int32Array> {
  const all = new Int32Array(countOf(files));
  let done = 0;
  for (const {path, count} of files) {
    signal?.throwIfAborted();
    const {labels} = await readBatch(path, count, how);
    for (const label of labels) all[done++] = checkCifarLabel(label, path, how.known);
    onImages?.(done, all.length);
  }
  return all;
}

async function copyPicks(
  {labels, images}: {labels: readonly unknown[]; images: Uint8Array},
  picks: readonly Pick[],
  {file, known}: {file: string; known: KnownDataset},
  out: {images: Uint8Array; labels: Int32Array},
  onCopied: (count: number) => void,
): Promise<void> {
  const breather = new Breather();
  for (const [i, {slot, offset}] of picks.entries()) {
    const at = offset * CIFAR.imageBytes;
    out.labels[slot] = checkCifarLabel(labels[offset], file, known);
    out.images.set(images.subarray(at, at + CIFAR.imageBytes), slot * CIFAR.imageBytes);
    if (!breather.due) continue;
    onCopied(i + 1);
    await breather.rest();
  }
  onCopied(picks.length);
}

async function loadSplit(
  files: readonly BatchFile[],
  how: Reading,
  selection: Int32Array,
  {signal, onImages, memory = new ImageMemory()}: LoadOptions = {},
): Promise<ImageSet> {
  const {known} = how;
  const picks = await picksByFile(
    selection,
    files.map(({count}) => count),
  );
  const out = {
    images: await memory.allocate(selection.length, CIFAR),
    labels: new Int32Array(selection.length),
  };
  let done = 0;
  for (const [i, {path, count}] of files.entries()) {
    const members = picks[i] ?? [];
    if (members.length === 0) continue;
    signal?.throwIfAborted();
    const {data, labels} = await readBatch(path, count, how);
    const images = await reading(path, known.title, () => data.bytes());
    const before = done;
    await copyPicks({labels, images}, members, {file: path, known}, out, (copied) => {
      done = before + copied;
      onImages?.(done, selection.length);
    });
  }
  return cifarImageSet(out.images, out.labels, selection);
}

/**
 * Opens a Python version of CIFAR: pickled dicts, of Python 2 (the official download) or 3. Nothing in a pickle is
 * executed. Only the files that hold wanted images are read for them.
 * @throws SauError ERR_DATASET if a file is missing or damaged, ERR_UNSAFE_PICKLE if one names code
 */
export async function openCifarPython(
  folder: string,
  layout: CifarPythonLayout,
  known: KnownDataset,
): Promise<DatasetFiles> {
  const how = {known, layout};
  const {classNames, imagesPerFile} = await readMeta(join(folder, layout.meta), how);
  const split = async (names: readonly string[]): Promise<SplitFiles> => {
    const files: BatchFile[] = [];
    for (const name of names) {
      files.push(await inspectBatch(join(folder, name), imagesPerFile, how));
    }
    return {
      count: countOf(files),
      paths: null,
      labels: (options) => readLabels(files, how, options),
      load: (positions, _size, options) => loadSplit(files, how, positions, options),
    };
  };
  return {
    classNames,
    size: {height: CIFAR.height, width: CIFAR.width},
    train: await split(layout.train),
    test: await split(layout.test),
  };
}
