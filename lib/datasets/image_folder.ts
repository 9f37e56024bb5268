import {join} from 'node:path';
import {SauError} from '../errors.js';
import {named} from '../options/named.js';
import type {Dataset} from './dataset.js';
import {DATASETS, recogniseDataset} from './datasets.js';
import type {ImageSize} from './decode.js';
import {imagesBelow, listFolder} from './image_files.js';
import {type LabelledFiles, loadLabelledFiles} from './labelled_files.js';
import {resolveSelection} from './selection.js';

/** The folders that may hold the test split, best first. */
const TEST_FOLDERS: readonly string[] = ['test', 'val'];

/** The names of the training and test folders when this is the root of an image folder, else null. */
export function findSplits(folders: readonly string[]): {train: string; test: string} | null {
  const test = TEST_FOLDERS.find((name) => folders.includes(name));
  return test !== undefined && folders.includes('train') ? {train: 'train', test} : null;
}

interface Split extends LabelledFiles {
  readonly classNames: readonly string[];
}

/** Reads the names, not the images, of one split. Label = position of the class folder by name. */
async function scanSplit(folder: string): Promise<Split> {
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
        `Expected images in the class folder ${join(folder, name)} but found none; put JPEG, PNG, WebP or TIFF files into it, or remove it from both splits`,
        {details: {folder: join(folder, name)}},
      );
    }
    for (const file of images) {
      files.push(file);
      labels.push(label);
    }
  }
  return {classNames, files, labels: Int32Array.from(labels)};
}

function checkSameClasses(train: Split, test: Split, folder: string): void {
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
 * Opens a folder with `train/<class>/` and `test/<class>/` (or `val/<class>/`), in torchvision's
 * ImageFolder order: class folders sorted by name, then files sorted by name. This order is the index
 * order, so an index of the data set's binary distribution means another image here.
 * @param size Size to decode at; may be left out for a data set that DATASETS knows.
 * @throws SauError ERR_DATASET when a split is missing, empty or has other classes; ERR_CONFIG when the size is unknown
 */
export async function openImageFolder(folder: string, size?: ImageSize): Promise<Dataset> {
  const splits = findSplits((await listFolder(folder)).folders);
  if (splits === null) {
    throw new SauError(
      'ERR_DATASET',
      `Expected the folders train and test (or val) in ${folder} but they are not both there; name the folder that holds them`,
      {details: {folder}},
    );
  }
  const train = await scanSplit(join(folder, splits.train));
  const test = await scanSplit(join(folder, splits.test));
  checkSameClasses(train, test, folder);
  const name = recogniseDataset(train.classNames);
  const {height, width} = size ?? defaultSize(name, folder);
  return {
    kind: 'imageFolder',
    name,
    path: folder,
    numClasses: train.classNames.length,
    classNames: train.classNames,
    height,
    width,
    trainCount: train.files.length,
    testCount: test.files.length,
    loadTrain: async (selection, options) => {
      const positions = resolveSelection(selection, train.files.length, 'train');
      return loadLabelledFiles(train, positions, {height, width}, options);
    },
    loadTest: async (selection, options) => {
      const positions = resolveSelection(selection, test.files.length, 'test');
      return loadLabelledFiles(test, positions, {height, width}, options);
    },
  };
}

function defaultSize(name: keyof typeof DATASETS | null, folder: string): ImageSize {
  if (name !== null) return {height: DATASETS[name].size, width: DATASETS[name].size};
  throw new SauError(
    'ERR_CONFIG',
    `Expected a height and width for the images of ${folder} but received none; give the size that the model was trained at with ${named('imageSize')}`,
    {details: {folder}},
  );
}
