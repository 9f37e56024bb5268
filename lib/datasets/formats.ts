import {join} from 'node:path';
import {pathExists} from '../base/path_exists.js';
import {openCifarBinary} from './cifar_binary.js';
import {openCifarPython} from './cifar_python.js';
import type {DatasetFiles} from './dataset_files.js';
import {findSplits, listFolder} from './image_files.js';
import {openImageFolder} from './image_folder.js';
import type {FORMAT_NAMES} from './known.js';

/** A way in which data sets lie on the disk. */
export interface Format {
  /** As the option `dataset` has it. */
  readonly name: string;
  /** The files that it is told by, for messages. */
  readonly layout: string;
  /** The folders of this format: the path itself, or some below it; none where there is no such folder. */
  find(path: string): Promise<readonly string[]>;
  /** Reads labels and names, and no images yet. Throws ERR_DATASET where a file is missing or damaged. */
  open(folder: string): Promise<DatasetFiles>;
}

/** One format for each name, in the order of the names. */
type FormatsOf<Names extends readonly string[]> = {
  readonly [Position in keyof Names]: Format & {readonly name: Names[Position]};
};

/** Every format, the preferred one first; FORMAT_NAMES has their names, which the command line needs without the readers. */
export const FORMATS = [
  {
    name: 'cifar10-binary',
    layout: 'cifar-10-batches-bin/data_batch_1.bin',
    find: (path) => findCifar(path, 'cifar-10-batches-bin', 'data_batch_1.bin'),
    open: openCifarBinary,
  },
  {
    name: 'cifar10-python',
    layout: 'cifar-10-batches-py/data_batch_1',
    find: (path) => findCifar(path, 'cifar-10-batches-py', 'data_batch_1'),
    open: openCifarPython,
  },
  {
    name: 'imagefolder',
    layout: 'train/<class>/* with test/<class>/* or val/<class>/*',
    find: findImageFolders,
    open: openImageFolder,
  },
] as const satisfies FormatsOf<typeof FORMAT_NAMES>;

/** The folder that holds `file`: the path itself or its subfolder, or one of these inside `cifar10`. */
async function findCifar(path: string, subfolder: string, file: string): Promise<string[]> {
  for (const base of [path, join(path, 'cifar10')]) {
    for (const folder of [base, join(base, subfolder)]) {
      if (await pathExists(join(folder, file))) return [folder];
    }
  }
  return [];
}

/** Roots of image folders: the path itself, else those directly below it. */
async function findImageFolders(path: string): Promise<string[]> {
  if (await hasSplits(path)) return [path];
  const roots: string[] = [];
  for (const name of (await listFolder(path)).folders) {
    if (await hasSplits(join(path, name))) roots.push(join(path, name));
  }
  return roots;
}

async function hasSplits(folder: string): Promise<boolean> {
  const names = ['train', 'test', 'val'];
  const present = await Promise.all(names.map((name) => pathExists(join(folder, name))));
  return findSplits(names.filter((_, i) => present[i])) !== null;
}
