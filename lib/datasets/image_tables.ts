import {dirname, join} from 'node:path';
import {pathExists} from '../base/path_exists.js';
import {damagedDataFile} from './data_file.js';
import type {DatasetFiles} from './dataset_files.js';
import {listFolder, type Scan} from './image_files.js';
import {type LabelledFiles, labelledSplit} from './image_folder.js';
import type {KnownDataset} from './known.js';
import type {ImageTablesLayout} from './layout.js';
import {imageOf, type Row, readTable} from './table.js';

const SEPARATOR = ';';
/** Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId */
const CLASS_COLUMN = 7;

/** The folders of the splits where the training classes are in one of the layout's places, else null. */
export async function findTables(
  folder: string,
  {places}: ImageTablesLayout,
): Promise<{train: string; test: string} | null> {
  for (const {train, test} of places) {
    if (await pathExists(join(folder, train, folderOf(0)))) {
      return {train: join(folder, train), test: join(folder, test)};
    }
  }
  return null;
}

/**
 * Opens class folders 00000, 00001, ... with a table GT-<class>.csv in each, and a folder of test images with one
 * table. The order is that of the rows, and the whole image is taken, not the region that the table has of it
 * (specification C.1).
 * @throws SauError ERR_DATASET where a table or an image is missing, or a class is none of the data set's
 */
export async function openImageTables(
  folder: string,
  layout: ImageTablesLayout,
  known: KnownDataset,
  scan?: Scan,
): Promise<DatasetFiles> {
  const found = await findTables(folder, layout);
  if (found === null) throw missingClass(folder, known, [], folderOf(0));
  const train = await readTrain(found.train, known, scan);
  const table = await testTable(found.test, layout.testTable);
  const test = await readRows(table, found.test, known, null);
  scan?.add(test.files.length);
  return {
    classNames: Array.from({length: known.numClasses}, (_, label) => folderOf(label)),
    size: null,
    train: labelledSplit(train),
    test: labelledSplit(test),
  };
}

function folderOf(label: number): string {
  return String(label).padStart(5, '0');
}

async function readTrain(
  folder: string,
  known: KnownDataset,
  scan: Scan | undefined,
): Promise<LabelledFiles> {
  const {folders} = await listFolder(folder);
  const files: string[] = [];
  const labels: number[] = [];
  for (let label = 0; label < known.numClasses; label++) {
    const name = folderOf(label);
    if (!folders.includes(name)) throw missingClass(folder, known, folders, name);
    const table = join(folder, name, `GT-${name}.csv`);
    const rows = await readRows(table, join(folder, name), known, label);
    // Not push(...rows): a table may have more rows than a call has arguments.
    for (const file of rows.files) files.push(file);
    for (const own of rows.labels) labels.push(own);
    scan?.add(rows.files.length);
  }
  return {files, labels: Int32Array.from(labels)};
}

/** @param only The class that every row must have; null for any class of the data set */
async function readRows(
  table: string,
  folder: string,
  {title, numClasses}: KnownDataset,
  only: number | null,
): Promise<LabelledFiles> {
  const [header, ...rows] = await readTable(table, SEPARATOR, title);
  if (header?.cells[0] !== 'Filename' || header.cells[CLASS_COLUMN] !== 'ClassId') {
    const found = header === undefined ? 'nothing' : header.cells.join(SEPARATOR);
    throw damagedDataFile(table, title, {expected: 'a header Filename;...;ClassId', found});
  }
  if (rows.length === 0) {
    throw damagedDataFile(table, title, {expected: 'a row for each image', found: 'none'});
  }
  const images = new Set((await listFolder(folder)).files);
  const labelOf = ({cells, line}: Row): number => {
    const text = cells[CLASS_COLUMN] ?? '';
    const label = /^\d+$/.test(text) ? Number(text) : -1;
    if (label >= 0 && label < numClasses && (only === null || label === only)) return label;
    const expected = only === null ? `classes 0 to ${numClasses - 1}` : `class ${only} alone`;
    throw damagedDataFile(table, title, {expected, found: `${text || 'none'} in line ${line}`});
  };
  return {
    files: rows.map((row) => join(folder, imageOf(row, table, title, images))),
    labels: Int32Array.from(rows, labelOf),
  };
}

/** Beside the images, or in a folder above, where the archives leave it. Where it is nowhere, its first place. */
async function testTable(folder: string, name: string): Promise<string> {
  const above = [
    folder,
    dirname(folder),
    dirname(dirname(folder)),
    dirname(dirname(dirname(folder))),
  ];
  for (const place of above) {
    if (await pathExists(join(place, name))) return join(place, name);
  }
  return join(folder, name);
}

function missingClass(
  folder: string,
  {title, numClasses}: KnownDataset,
  folders: readonly string[],
  name: string,
) {
  return damagedDataFile(join(folder, name), title, {
    expected: `the class folders 00000 to ${folderOf(numClasses - 1)}`,
    found: `${folders.length} folders without ${name}`,
  });
}
