import {resolve} from 'node:path';
import {SauError} from '../base/errors.js';
import {pathExists} from '../base/path_exists.js';
import {named} from '../options/named.js';
import type {Dataset} from './dataset.js';
import {type DatasetFiles, resolveSelection, type SplitName} from './dataset_files.js';
import type {ImageSize} from './decode.js';
import {fetchAdvice, fetchHintOf} from './fetch_hint.js';
import {FORMATS, type Format} from './formats.js';
import {Scan, type ScanOptions} from './image_files.js';
import type {ImageMemory} from './image_memory.js';
import {
  type DatasetChoice,
  type FormatName,
  findKnown,
  KNOWN,
  type KnownDataset,
  type KnownName,
} from './known.js';
import {isOwnFormat, mayHaveClasses, recognize} from './recognize.js';
import {keepsOwnSize, makeTransform, NO_TRANSFORM, type TransformOptions} from './transform.js';

export interface OpenDatasetOptions {
  /** The data set's folder, or the folder that holds it. */
  readonly path: string;
  /**
   * 'auto' takes what is there, in the order of FORMATS. A format's name takes a folder of that format only; the
   * name of a known data set says what the images are, in any format that it comes in.
   */
  readonly dataset?: DatasetChoice | undefined;
  /** What the model was trained at. An image folder is resized to it; other formats must have it. */
  readonly size?: ImageSize | undefined;
  /** Which one is meant where the folder holds several; the name of a data set, known or not. */
  readonly likely?: string | undefined;
  /** Of the search for image files. */
  readonly scan?: ScanOptions | undefined;
  /** How pictures of other sizes are brought to it; formats of one size take none. */
  readonly transform?: TransformOptions | undefined;
  /** Where loaded images go. */
  readonly memory?: ImageMemory | undefined;
}

/** A data set that was found, with what its files say. */
export interface FoundDataset {
  readonly format: Format;
  /** null where neither the user nor the folder tells. */
  readonly name: KnownName | null;
  /** The folder that holds the files. */
  readonly path: string;
  readonly files: DatasetFiles;
}

/**
 * Finds and opens a clean data set.
 * @throws SauError ERR_DATASET when there is none, more than one or one that `dataset` does not allow, and when a file
 * is missing or damaged; ERR_CONFIG when the size of an image folder is unknown
 */
export async function openDataset(options: OpenDatasetOptions): Promise<Dataset> {
  return datasetOf(await findDataset(options), options);
}

/** Finds a data set and reads its labels and names. Throws as {@link openDataset}, but for a size. */
export async function findDataset(
  options: Pick<OpenDatasetOptions, 'path' | 'dataset' | 'likely' | 'scan'>,
): Promise<FoundDataset> {
  const {dataset: choice = 'auto'} = options;
  const known = findKnown(choice);
  const likely = findKnown(options.likely ?? '')?.name ?? null;
  const {format, path} = await locate(resolve(options.path), choice, likely);
  const scan = new Scan(options.scan);
  const files = await format.open(path, scan);
  scan.end();
  if (known !== null) checkClasses(known, format.name, files, path);
  const name = known?.name ?? recognize(format.name, files.classNames);
  return {format, name, path, files};
}

/**
 * The data set with images of the size that is asked for.
 * @throws SauError ERR_DATASET where the images have another size; ERR_CONFIG where none is known
 */
export function datasetOf(
  found: FoundDataset,
  {
    size: wanted,
    transform: asked = NO_TRANSFORM,
    memory,
  }: Pick<OpenDatasetOptions, 'size' | 'transform' | 'memory'>,
): Dataset {
  const {format, name, path, files} = found;
  const {train, test} = files;
  const size = sizeFor(files, wanted, name, path);
  const {height, width} = size;
  const transform = makeTransform(size, asked);
  if (files.size !== null && !keepsOwnSize(transform)) throw noTransform(path, files.size);
  const load = async (split: SplitName, ...[selection, loading]: Parameters<Load>) => {
    const positions = resolveSelection(selection, files[split].count, split);
    return files[split].load(positions, transform, {memory, ...loading});
  };
  return {
    format: format.name,
    name,
    path,
    root: format.rootOf(path),
    numClasses: files.classNames.length,
    classNames: files.classNames,
    classTitles: titlesOf(files, name),
    height,
    width,
    transform,
    trainCount: train.count,
    testCount: test.count,
    note: noteOf(found),
    trainLabels: (loading) => train.labels(loading),
    loadTrain: (...given) => load('train', ...given),
    loadTest: (...given) => load('test', ...given),
  };
}

type Load = Dataset['loadTrain'];

/** Small copies in an official form are welcome, but they are not that data set. */
function noteOf({format, name, path, files: {train, test}}: FoundDataset): string | null {
  const known: KnownDataset | null = name === null ? null : KNOWN[name];
  if (known?.images === undefined || !isOwnFormat(known, format.name)) return null;
  const {title, images} = known;
  if (train.count === images.train && test.count === images.test) return null;
  return (
    `${path} has ${train.count} training images and ${test.count} test images; ` +
    `${title} has ${images.train} and ${images.test}`
  );
}

/** The formats that a choice allows, the preferred one first. */
function formatsOf(choice: DatasetChoice): readonly Format[] {
  if (choice === 'auto') return FORMATS;
  const known = findKnown(choice);
  if (known === null) return FORMATS.filter(({name}) => name === choice);
  return FORMATS.filter(({of}) => of === null || of === known.name);
}

interface Located {
  readonly format: Format;
  readonly path: string;
}

/** @param likely The one to take where there are several data sets */
async function locate(
  path: string,
  choice: DatasetChoice,
  likely: KnownName | null,
): Promise<Located> {
  if (!(await pathExists(path))) {
    throw missing(path, choice, {
      message: `Expected a data set at ${path} but there is no such folder.`,
      remedy: `check ${named('data')}.`,
      details: {path},
    });
  }
  const {own, folders} = await search(path, formatsOf(choice));
  const [first] = own;
  if (first !== undefined) {
    const names = new Set(own.map(({format}) => format.of));
    const chosen = names.size === 1 ? first : own.find(({format}) => format.of === likely);
    if (chosen !== undefined) return chosen;
    throw severalFound(path, own);
  }
  const [folder, ...others] = folders;
  if (folder === undefined) throw await nothingFound(path, choice, formatsOf(choice));
  if (others.length === 0) return folder;
  throw severalFound(path, folders);
}

/** Data sets in formats of their own, and image folders; the latter only where there is none of the former. */
async function search(path: string, formats: readonly Format[]) {
  const own: Located[] = [];
  const folders: Located[] = [];
  for (const format of formats) {
    // What has a format of its own is preferred, so that others need not be looked for.
    if (format.of === null && own.length > 0) continue;
    for (const found of await format.find(path)) {
      (format.of === null ? folders : own).push({format, path: found});
    }
  }
  return {own, folders};
}

/** The folders of all data sets in a folder. */
export async function foldersOfDatasets(folder: string): Promise<readonly string[]> {
  const {own, folders} = await search(resolve(folder), FORMATS);
  return [...own, ...folders].map(({path}) => path);
}

function severalFound(path: string, found: readonly Located[]): SauError {
  const shown = found.map(({format, path: folder}) =>
    format.of === null ? folder : `${folder} (${KNOWN[format.of].title})`,
  );
  return new SauError(
    'ERR_DATASET',
    `Expected one data set in ${path} but found ${shown.join(' and ')}.`,
    {
      remedy: `Name one of the folders, or say which data set it is with ${named('dataset')}.`,
      details: {path, found: found.map((each) => each.path)},
    },
  );
}

async function nothingFound(
  path: string,
  choice: DatasetChoice,
  formats: readonly Format[],
): Promise<SauError> {
  const wanted = formats.map(({layout}) => layout).join(', ');
  const expected = `a data set in ${path} or in a folder there`;
  const details = {path, dataset: choice, formats: formats.map(({name}) => name)};
  for (const {name, find} of FORMATS) {
    const [folder] = await find(path);
    if (folder === undefined) continue;
    return new SauError(
      'ERR_DATASET',
      `Expected ${expected} of the form ${wanted}, as ${named('dataset')} ${choice} asks for, but found ${folder}, which is of the format ${name}.`,
      {
        remedy: `Leave ${named('dataset')} at auto to take what is there, or name another folder.`,
        details,
      },
    );
  }
  return missing(path, choice, {
    message: `Expected ${expected} but found none of ${wanted}.`,
    remedy: `name its folder with ${named('data')}.`,
    details,
  });
}

interface Missing {
  readonly message: string;
  /** Without a capital: something may come before it. */
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Advises to fetch the data set where it can be fetched; a format that is asked for may be another one. */
function missing(path: string, choice: DatasetChoice, {message, remedy, details}: Missing) {
  const asked = findKnown(choice)?.name ?? null;
  const hint = choice === 'auto' || asked !== null ? fetchHintOf(path, asked) : null;
  return new SauError('ERR_DATASET', message, {
    remedy:
      hint === null
        ? `${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}`
        : `${fetchAdvice(hint)}, or ${remedy}`,
    details: hint === null ? details : {...details, fetch: hint},
  });
}

/** Throws ERR_DATASET where a folder cannot be the data set that the user says it is. */
function checkClasses(
  known: KnownDataset & {readonly name: KnownName},
  format: FormatName,
  {classNames}: DatasetFiles,
  path: string,
): void {
  if (isOwnFormat(known, format) || mayHaveClasses(known, classNames)) return;
  const {title, numClasses, classes} = known;
  const expected =
    classes instanceof RegExp
      ? `of names such as ${classes.source}`
      : `${classes.slice(0, 3).join(', ')}, ...`;
  throw new SauError(
    'ERR_DATASET',
    `Expected the ${numClasses} classes of ${title} (${expected}) in ${path}, as ${named('dataset')} ${known.name} asks for, but found ` +
      `${classNames.length} classes (${classNames.slice(0, 3).join(', ')}, ...).`,
    {
      remedy: `Name the data set that it is, or leave ${named('dataset')} at auto.`,
      details: {path, dataset: known.name, numClasses, found: classNames.length},
    },
  );
}

/** What the files say, else what is known of the data set, else the names of the classes. */
export function titlesOf({classNames, classTitles}: DatasetFiles, name: KnownName | null) {
  const known: KnownDataset | null = name === null ? null : KNOWN[name];
  return classTitles ?? known?.classTitles ?? classNames;
}

/** What the images are loaded at: the user's wish, the size that they have, or that of the known data set. */
function sizeFor(
  files: DatasetFiles,
  wanted: ImageSize | undefined,
  name: KnownName | null,
  path: string,
): ImageSize {
  const stored = files.size;
  if (stored === null) return wanted ?? usualSize(name, path);
  if (wanted === undefined) return stored;
  if (wanted.height === stored.height && wanted.width === stored.width) return stored;
  throw new SauError(
    'ERR_DATASET',
    `Expected images of ${wanted.height}x${wanted.width} but those of ${path} are ` +
      `${stored.height}x${stored.width}; give the data set as an image folder, which is resized`,
    {details: {path, height: stored.height, width: stored.width}},
  );
}

function noTransform(path: string, {height, width}: ImageSize): SauError {
  return new SauError(
    'ERR_CONFIG',
    `Expected no ${named('resize')} for ${path}, whose images are all of ${height}x${width}, but received one. Give the data set as an image folder, which is resized`,
    {details: {path, height, width}},
  );
}

function usualSize(name: KnownName | null, path: string): ImageSize {
  if (name !== null) return {height: KNOWN[name].size, width: KNOWN[name].size};
  throw new SauError(
    'ERR_CONFIG',
    `Expected a height and width for the images of ${path} but received none; give the size that the model was trained at with ${named('imageSize')}`,
    {details: {folder: path}},
  );
}
