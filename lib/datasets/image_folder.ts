import {join} from 'node:path';
import {SauError} from '../base/errors.js';
import type {DatasetFiles, SplitFiles} from './dataset_files.js';
import {decodeAll, type LoadOptions} from './decode.js';
import {findSplits, imagesBelow, listFolder, Scan} from './image_files.js';
import type {ImageSet} from './image_set.js';
import type {Transform} from './transform.js';

interface Split extends LabelledFiles {
  readonly classNames: readonly string[];
}

/** Reads the file names of one split, not the images. A label is the rank of the class folder by name. */
export async function scanSplit(folder: string, scan = new Scan()): Promise<Split> {
  const {folders: classNames} = await listFolder(folder);
  if (classNames.length < 2) {
    throw new SauError(
      'ERR_DATASET',
      `Expected one folder per class in ${folder} but found ${classNames.length} folders; sort the images into at least two`,
      {details: {folder, folders: classNames.length}},
    );
  }
  const files: string[] = [];
  const labels: number[] = [];
  for (const [label, name] of classNames.entries()) {
    const images = await imagesBelow(join(folder, name));
    if (images.length === 0) {
      throw new SauError(
        'ERR_DATASET',
        `Expected images in the class folder ${join(folder, name)} but found none; put JPEG, PNG, WebP, TIFF or PPM files into it, or remove it from both splits`,
        {details: {folder: join(folder, name)}},
      );
    }
    for (const file of images) {
      files.push(file);
      labels.push(label);
    }
    scan.add(images.length);
  }
  return {classNames, files, labels: Int32Array.from(labels)};
}

/** Throws ERR_DATASET. */
export function checkSameClasses(
  train: Pick<Split, 'classNames'>,
  test: Pick<Split, 'classNames'>,
  folder: string,
): void {
  if (train.classNames.join('/') === test.classNames.join('/')) return;
  const missing = train.classNames.filter((name) => !test.classNames.includes(name));
  const extra = test.classNames.filter((name) => !train.classNames.includes(name));
  throw new SauError(
    'ERR_DATASET',
    `Expected the same class folders in both splits of ${folder} but the test split lacks ` +
      `[${missing.slice(0, 3).join(', ')}] and adds [${extra.slice(0, 3).join(', ')}] ` +
      `(${missing.length} and ${extra.length} in all); sort its images into the training split's folders`,
    {details: {folder, missing: missing.length, extra: extra.length}},
  );
}

/**
 * Opens a folder with `train/<class>/` and `test/<class>/` (or `val/<class>/`), in torchvision's ImageFolder order:
 * class folders sorted by name, then files sorted by name. Indices follow this order, so an index for the data
 * set's binary distribution means another image here.
 * @throws SauError ERR_DATASET when a split is missing, empty or has other classes
 */
export async function openImageFolder(folder: string, scan?: Scan): Promise<DatasetFiles> {
  const splits = findSplits((await listFolder(folder)).folders);
  if (splits === null) {
    throw new SauError(
      'ERR_DATASET',
      `Expected the folders train and test (or val) in ${folder} but they are not both there; name the folder that holds them`,
      {details: {folder}},
    );
  }
  const train = await scanSplit(join(folder, splits.train), scan);
  const test = await scanSplit(join(folder, splits.test), scan);
  checkSameClasses(train, test, folder);
  return {
    classNames: train.classNames,
    size: null,
    train: labelledSplit(train),
    test: labelledSplit(test),
  };
}

/** Files with their labels as a split. */
export function labelledSplit(split: LabelledFiles): SplitFiles {
  return {
    count: split.files.length,
    paths: split.files,
    labels: async () => split.labels,
    load: (positions, transform, options) =>
      loadLabelledFiles(split, positions, transform, options),
  };
}

interface CleanFolderOptions {
  /** Counts the images that are found. */
  readonly scan?: Scan;
  readonly numClasses: number;
  /** [numClasses] in label order, or null if only their number is known. */
  readonly classNames: readonly string[] | null;
  readonly transform: Transform;
}

/**
 * The label that a class folder's name means: the class of that name. Otherwise, if every name is an integer, that
 * number. Otherwise, if the class names are unknown and there is a folder for each class, its rank by name.
 */
function labelFolders(
  folder: string,
  names: readonly string[],
  {numClasses, classNames}: CleanFolderOptions,
): number[] {
  if (classNames !== null && names.every((name) => classNames.includes(name))) {
    return names.map((name) => classNames.indexOf(name));
  }
  if (names.every((name) => /^\d+$/.test(name) && Number(name) < numClasses)) {
    return names.map(Number);
  }
  if (classNames === null && names.length === numClasses) return names.map((_, rank) => rank);
  const unknown = names.find((name) => !(classNames ?? []).includes(name)) ?? '';
  const expected =
    classNames === null
      ? `${numClasses} class folders, or folders named 0 to ${numClasses - 1}`
      : `class folders named as the classes (${classNames.slice(0, 3).join(', ')}, ...) or 0 to ${numClasses - 1}`;
  throw new SauError(
    'ERR_DATASET',
    `Expected ${expected} in ${folder} but found ${names.length} folders, among them "${unknown}"; sort the images into such folders`,
    {details: {folder, unknown, numClasses}},
  );
}

/**
 * Loads a folder of clean images with one subfolder per class. Classes may be missing. The files of each class
 * follow torchvision's ImageFolder order, and originalIndices number them all.
 * @throws SauError ERR_DATASET if there is no image, a folder matches no class, or a file is corrupt
 */
export async function loadCleanFolder(
  folder: string,
  options: CleanFolderOptions,
  loadOptions?: LoadOptions,
): Promise<ImageSet> {
  const {folders} = await listFolder(folder);
  const folderLabels = labelFolders(folder, folders, options);
  const files: string[] = [];
  const labels: number[] = [];
  for (const [i, name] of folders.entries()) {
    const images = await imagesBelow(join(folder, name));
    for (const file of images) {
      files.push(file);
      labels.push(folderLabels[i] ?? 0);
    }
    options.scan?.add(images.length);
  }
  options.scan?.end();
  if (files.length === 0) {
    throw new SauError(
      'ERR_DATASET',
      `Expected images in the class folders of ${folder} but found none; put JPEG, PNG, WebP, TIFF or PPM files into them`,
      {details: {folder}},
    );
  }
  const positions = Int32Array.from(files.keys());
  return loadLabelledFiles(
    {files, labels: Int32Array.from(labels)},
    positions,
    options.transform,
    loadOptions,
  );
}

/** Image files that are not decoded yet, with their labels. All lists have one entry per image. */
export interface LabelledFiles {
  readonly files: readonly string[];
  readonly labels: Int32Array;
}

/** Decodes the images at the given positions of the list, which become the ImageSet's originalIndices. */
async function loadLabelledFiles(
  {files, labels}: LabelledFiles,
  positions: Int32Array,
  transform: Transform,
  options?: LoadOptions,
): Promise<ImageSet> {
  const chosen = Array.from(positions, (position) => files[position] ?? '');
  const images = await decodeAll(chosen, transform, options);
  const chosenLabels = positions.map((position) => labels[position] ?? 0);
  return {
    images,
    labels: chosenLabels,
    trueLabels: chosenLabels,
    originalIndices: positions,
    count: positions.length,
    height: transform.height,
    width: transform.width,
  };
}
