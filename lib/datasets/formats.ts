import {stat} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {assertNever} from '../base/errors.js';
import {pathExists} from '../base/path_exists.js';
import {hasAnnotations, openAnnotatedFolders} from './annotated_folders.js';
import {openCifarBinary} from './cifar_binary.js';
import {openCifarPython} from './cifar_python.js';
import type {DatasetFiles} from './dataset_files.js';
import {findSplits, listFolder, type Scan} from './image_files.js';
import {openImageFolder} from './image_folder.js';
import {findTables, openImageTables} from './image_tables.js';
import {type FormatName, KNOWN, type KnownDataset, type KnownName} from './known.js';
import type {DatasetLayout} from './layout.js';

/** A way in which data sets lie on the disk. */
export interface Format {
  /** As the option `dataset` has it. */
  readonly name: FormatName;
  /** The data set that it is a format of; null for image folders. */
  readonly of: KnownName | null;
  /** The files that it is told by, for messages. */
  readonly layout: string;
  /** The folders of this format: the path itself, or some below it; none where there is no such folder. */
  find(path: string): Promise<readonly string[]>;
  /** Reads labels and names, and no images yet. Throws ERR_DATASET where a file is missing or damaged. */
  open(folder: string, scan: Scan): Promise<DatasetFiles>;
  /** The folder that the official tool takes a data set in this folder from. */
  rootOf(folder: string): string;
}

const IMAGE_FOLDER: Format = {
  name: 'imagefolder',
  of: null,
  layout: 'train/<class>/* with test/<class>/* or val/<class>/*',
  find: findImageFolders,
  open: openImageFolder,
  rootOf: (folder) => folder,
};

/** Every format, the preferred one first, in the order of FORMAT_NAMES. */
export const FORMATS: readonly Format[] = [
  ...(Object.keys(KNOWN) as KnownName[]).flatMap((name) => {
    const known: KnownDataset = KNOWN[name];
    return known.layouts.map((layout) => ownFormat(name, known, layout));
  }),
  IMAGE_FOLDER,
];

/** A format that a known data set has for itself. */
function ownFormat(of: KnownName, known: KnownDataset, layout: DatasetLayout): Format {
  const places = ['.', layout.folder, of, join(of, layout.folder)];
  return {
    name: layout.format as FormatName,
    of,
    layout: filesOf(layout),
    async find(path) {
      for (const place of places) {
        if (await isHere(join(path, place), layout)) return [join(path, place)];
      }
      return [];
    },
    open: (folder, scan) => openLayout(folder, layout, known, scan),
    rootOf: (folder) => (basename(folder) === layout.folder ? dirname(folder) : folder),
  };
}

/** Whether a folder holds files of the layout, whole or damaged. */
async function isHere(folder: string, layout: DatasetLayout): Promise<boolean> {
  switch (layout.reader) {
    case 'cifar-binary':
    case 'cifar-python':
      return isNoFolder(join(folder, layout.train[0] ?? ''));
    case 'image-tables':
      return (await findTables(folder, layout)) !== null;
    case 'annotated-folders':
      return hasAnnotations(folder, layout);
    default:
      return assertNever(layout);
  }
}

function openLayout(
  folder: string,
  layout: DatasetLayout,
  known: KnownDataset,
  scan: Scan,
): Promise<DatasetFiles> {
  switch (layout.reader) {
    case 'cifar-binary':
      return openCifarBinary(folder, layout, known);
    case 'cifar-python':
      return openCifarPython(folder, layout, known);
    case 'image-tables':
      return openImageTables(folder, layout, known, scan);
    case 'annotated-folders':
      return openAnnotatedFolders(folder, layout, known, scan);
    default:
      return assertNever(layout);
  }
}

/** The files that tell a layout. */
function filesOf(layout: DatasetLayout): string {
  switch (layout.reader) {
    case 'cifar-binary':
    case 'cifar-python':
      return join(layout.folder, layout.train[0] ?? '');
    case 'image-tables':
      return layout.places.map(({train}) => `${train}/<class>/GT-<class>.csv`).join(' or ');
    case 'annotated-folders':
      return `${layout.folder}/${layout.ids}`;
    default:
      return assertNever(layout);
  }
}

/** An image folder has folders of such names. */
async function isNoFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => !facts.isDirectory(),
    () => false,
  );
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
