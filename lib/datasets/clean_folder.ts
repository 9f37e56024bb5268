import {join} from 'node:path';
import {SauError} from '../errors.js';
import type {ImageSize, LoadOptions} from './decode.js';
import {imagesBelow, listFolder} from './image_files.js';
import type {ImageSet} from './image_set.js';
import {loadLabelledFiles} from './labelled_files.js';

export interface CleanFolderOptions {
  readonly numClasses: number;
  /** [numClasses] in label order, or null when only their number is known. */
  readonly classNames: readonly string[] | null;
  readonly size: ImageSize;
}

/**
 * What a class folder's name means: the class of that name; else, when every name is an integer, that
 * label; else, when the names are unknown and there is a folder for each class, its rank by name.
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
 * Loads a folder of clean images with one subfolder per class. Not every class must be there; files in
 * each follow torchvision's ImageFolder order, and originalIndices count through them.
 * @throws SauError ERR_DATASET when there is no image, a folder fits no class, or a file is corrupt
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
    for (const file of await imagesBelow(join(folder, name))) {
      files.push(file);
      labels.push(folderLabels[i] ?? 0);
    }
  }
  if (files.length === 0) {
    throw new SauError(
      'ERR_DATASET',
      `Expected images in the class folders of ${folder} but found none; put JPEG, PNG, WebP or TIFF files into them`,
      {details: {folder}},
    );
  }
  const positions = Int32Array.from(files.keys());
  return loadLabelledFiles(
    {files, labels: Int32Array.from(labels)},
    positions,
    options.size,
    loadOptions,
  );
}
