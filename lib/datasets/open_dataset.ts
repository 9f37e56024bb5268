import {join, resolve} from 'node:path';
import {assertNever, SauError} from '../errors.js';
import {named} from '../options/named.js';
import {pathExists} from '../path_exists.js';
import {openCifarBinary} from './cifar_binary.js';
import {openCifarPython} from './cifar_python.js';
import type {Dataset, DatasetKind} from './dataset.js';
import type {ImageSize} from './decode.js';
import {listFolder} from './image_files.js';
import {findSplits, openImageFolder} from './image_folder.js';

export interface OpenDatasetOptions {
  /** The data set's folder, or the folder that holds it. */
  readonly path: string;
  /** 'auto' takes what is there: binary CIFAR-10 before pickled before an image folder. */
  readonly kind?: DatasetKind | 'auto' | undefined;
  /** What the model was trained at. An image folder is resized to it; CIFAR-10 must have it. */
  readonly size?: ImageSize | undefined;
}

interface Found {
  readonly kind: DatasetKind;
  readonly path: string;
}

/** In order of preference. */
const KINDS: readonly DatasetKind[] = ['cifarBinary', 'cifarPython', 'imageFolder'];

const LAYOUTS: Readonly<Record<DatasetKind, string>> = {
  cifarBinary: 'cifar-10-batches-bin/data_batch_1.bin',
  cifarPython: 'cifar-10-batches-py/data_batch_1',
  imageFolder: 'train/<class>/* with test/<class>/* or val/<class>/*',
};

/** The folder that holds `file`: the path itself, its subfolder, or the same inside `cifar10`. */
async function findCifar(path: string, subfolder: string, file: string): Promise<string[]> {
  for (const base of [path, join(path, 'cifar10')]) {
    for (const folder of [base, join(base, subfolder)]) {
      if (await pathExists(join(folder, file))) return [folder];
    }
  }
  return [];
}

async function hasSplits(folder: string): Promise<boolean> {
  const names = ['train', 'test', 'val'];
  const present = await Promise.all(names.map((name) => pathExists(join(folder, name))));
  return findSplits(names.filter((_, i) => present[i])) !== null;
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

async function findKind(kind: DatasetKind, path: string): Promise<string[]> {
  switch (kind) {
    case 'cifarBinary':
      return findCifar(path, 'cifar-10-batches-bin', 'data_batch_1.bin');
    case 'cifarPython':
      return findCifar(path, 'cifar-10-batches-py', 'data_batch_1');
    case 'imageFolder':
      return findImageFolders(path);
    default:
      return assertNever(kind);
  }
}

async function locate(path: string, kinds: readonly DatasetKind[]): Promise<Found> {
  if (!(await pathExists(path))) {
    throw new SauError(
      'ERR_DATASET',
      `Expected a data set at ${path} but there is no such folder; check ${named('data')}`,
      {
        details: {path},
      },
    );
  }
  for (const kind of kinds) {
    const [first, ...others] = await findKind(kind, path);
    if (first === undefined) continue;
    if (others.length === 0) return {kind, path: first};
    throw new SauError(
      'ERR_DATASET',
      `Expected one data set in ${path} but found ${[first, ...others].join(' and ')}; name one of them`,
      {details: {path, found: [first, ...others]}},
    );
  }
  const wanted = kinds.map((kind) => LAYOUTS[kind]).join(', ');
  throw new SauError(
    'ERR_DATASET',
    `Expected a data set in ${path} or in a folder there but found none of ${wanted}; name its folder with ${named('data')}`,
    {details: {path, kinds}},
  );
}

function checkSize(dataset: Dataset, size: ImageSize | undefined): Dataset {
  if (size === undefined) return dataset;
  if (size.height === dataset.height && size.width === dataset.width) return dataset;
  throw new SauError(
    'ERR_DATASET',
    `Expected images of ${size.height}x${size.width} but those of ${dataset.path} are ` +
      `${dataset.height}x${dataset.width}; give the data set as an image folder, which is resized`,
    {details: {path: dataset.path, height: dataset.height, width: dataset.width}},
  );
}

/**
 * Finds and opens a clean data set: CIFAR-10 (binary or python batches) or an image folder.
 * @throws SauError ERR_DATASET when there is none, more than one, or a file of it is missing or damaged
 */
export async function openDataset(options: OpenDatasetOptions): Promise<Dataset> {
  const {kind = 'auto', size} = options;
  const found = await locate(resolve(options.path), kind === 'auto' ? KINDS : [kind]);
  switch (found.kind) {
    case 'cifarBinary':
      return checkSize(await openCifarBinary(found.path), size);
    case 'cifarPython':
      return checkSize(await openCifarPython(found.path), size);
    case 'imageFolder':
      return openImageFolder(found.path, size);
    default:
      return assertNever(found.kind);
  }
}
