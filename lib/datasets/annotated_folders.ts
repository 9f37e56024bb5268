import {basename, join} from 'node:path';
import {pathExists} from '../base/path_exists.js';
import {damagedDataFile} from './data_file.js';
import type {DatasetFiles} from './dataset_files.js';
import {imagesBelow, type Scan} from './image_files.js';
import {checkSameClasses, type LabelledFiles, labelledSplit, scanSplit} from './image_folder.js';
import type {KnownDataset} from './known.js';
import type {AnnotatedFoldersLayout} from './layout.js';
import {imageOf, readTable} from './table.js';

/** Whether a folder is of this layout: it has the training folder, and a list that an image folder has not. */
export async function hasAnnotations(
  folder: string,
  {train, test, ids, annotations}: AnnotatedFoldersLayout,
): Promise<boolean> {
  if (!(await pathExists(join(folder, train)))) return false;
  return (
    (await pathExists(join(folder, ids))) || (await pathExists(join(folder, test, annotations)))
  );
}

/**
 * Opens class folders for training with test images that lie in one folder and have their classes in a table, or
 * that the official tool has moved into class folders. No file is moved here. A label is the rank of the class
 * folder by name, and the test images come in the order that they have in class folders (specification C.1).
 * @throws SauError ERR_DATASET where a class folder, the table or an image is missing
 */
export async function openAnnotatedFolders(
  folder: string,
  layout: AnnotatedFoldersLayout,
  known: KnownDataset,
  scan?: Scan,
): Promise<DatasetFiles> {
  const {title, numClasses} = known;
  const train = await scanSplit(join(folder, layout.train), scan);
  const {classNames} = train;
  if (classNames.length !== numClasses) {
    throw damagedDataFile(join(folder, layout.train), title, {
      expected: `${numClasses} class folders`,
      found: `${classNames.length}; of another data set ask for the format imagefolder`,
    });
  }
  await checkIds(join(folder, layout.ids), classNames, title);
  const test = await readTest(folder, layout, {known, classNames, scan});
  const titles = await readTitles(join(folder, layout.words), title);
  return {
    classNames,
    classTitles: classNames.map((name) => titles.get(name) ?? name),
    size: null,
    train: labelledSplit(train),
    test: labelledSplit(test),
  };
}

/** Throws ERR_DATASET where a class of the list has no folder. */
async function checkIds(file: string, classNames: readonly string[], of: string): Promise<void> {
  if (!(await pathExists(file))) return;
  for (const {cells, line} of await readTable(file, '\t', of)) {
    const [id = ''] = cells;
    if (classNames.includes(id)) continue;
    const found = `${JSON.stringify(id)} in line ${line}, and no such folder`;
    throw damagedDataFile(file, of, {expected: 'the names of the class folders', found});
  }
}

/** "n01443537 -> goldfish": the first of the words for it. */
async function readTitles(file: string, of: string): Promise<ReadonlyMap<string, string>> {
  if (!(await pathExists(file))) return new Map();
  const rows = await readTable(file, '\t', of);
  return new Map(rows.map(({cells: [id = '', words = '']}) => [id, words.split(',', 1)[0] ?? '']));
}

interface Classes {
  readonly known: KnownDataset;
  readonly classNames: readonly string[];
  readonly scan: Scan | undefined;
}

async function readTest(
  folder: string,
  {test: name, annotations}: AnnotatedFoldersLayout,
  {known, classNames, scan}: Classes,
): Promise<LabelledFiles> {
  const split = join(folder, name);
  const table = join(split, annotations);
  if (!(await pathExists(table))) {
    const test = await scanSplit(split, scan);
    checkSameClasses({classNames}, test, folder);
    return test;
  }
  const rows = await readTable(table, '\t', known.title);
  // The official tool may have been stopped while it moved them.
  const places = new Map((await imagesBelow(split)).map((path) => [basename(path), path]));
  const names = new Set(places.keys());
  const images = rows.map((row) => {
    const image = imageOf(row, table, known.title, names);
    const id = row.cells[1] ?? '';
    const label = classNames.indexOf(id);
    if (label >= 0) return {label, image};
    const found = `${JSON.stringify(id)} in line ${row.line}`;
    throw damagedDataFile(table, known.title, {expected: 'the names of class folders', found});
  });
  if (images.length === 0) {
    throw damagedDataFile(table, known.title, {expected: 'a row for each image', found: 'none'});
  }
  scan?.add(images.length);
  images.sort((a, b) => a.label - b.label || (a.image < b.image ? -1 : 1));
  return {
    files: images.map(({image}) => places.get(image) ?? ''),
    labels: Int32Array.from(images, ({label}) => label),
  };
}
