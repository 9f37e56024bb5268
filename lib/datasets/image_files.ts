import type {Dirent} from 'node:fs';
import {opendir, stat} from 'node:fs/promises';
import {extname, join} from 'node:path';
import {messageOf, SauError} from '../base/errors.js';

const READABLE = new Set(['.jpg', '.jpeg', '.png', '.webp', '.tif', '.tiff', '.ppm']);
/** Formats that the official loader takes as images but that are not decoded here. */
const UNREADABLE = new Set(['.bmp', '.pgm']);

interface Listing {
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** Pipes, sockets and devices, which may never end or may block forever. */
  readonly others: readonly string[];
}

/** The kind of an entry; for a link, that of its target. */
async function kindOf(entry: Dirent, path: string): Promise<keyof Listing> {
  const what = entry.isSymbolicLink() ? await stat(path) : entry;
  if (what.isDirectory()) return 'folders';
  return what.isFile() ? 'files' : 'others';
}

/** Names in a folder, sorted by code unit; links are followed. Throws ERR_DATASET. */
export async function listFolder(folder: string): Promise<Listing> {
  const found: Record<keyof Listing, string[]> = {folders: [], files: [], others: []};
  try {
    for await (const entry of await opendir(folder, {bufferSize: 512})) {
      found[await kindOf(entry, join(folder, entry.name))].push(entry.name);
    }
  } catch (cause) {
    throw new SauError(
      'ERR_DATASET',
      `Expected a folder of images at ${folder} but it cannot be read: ${messageOf(cause)}. ` +
        'Check the path, its permissions and the links in it',
      {cause, details: {folder}},
    );
  }
  for (const names of Object.values(found)) names.sort();
  return found;
}

function isImage(folder: string, name: string): boolean {
  const extension = extname(name).toLowerCase();
  if (UNREADABLE.has(extension)) {
    const file = join(folder, name);
    throw new SauError(
      'ERR_DATASET',
      `Expected JPEG, PNG, WebP, TIFF or PPM images but found ${file}; convert the ${extension} files to PNG`,
      {details: {file}},
    );
  }
  return READABLE.has(extension);
}

/** The folders that may hold the test split of an image folder, best first. */
const TEST_FOLDERS: readonly string[] = ['test', 'val'];

/** The names of the training and test folders where these are what the root of an image folder holds, else null. */
export function findSplits(folders: readonly string[]): {train: string; test: string} | null {
  const test = TEST_FOLDERS.find((name) => folders.includes(name));
  return test !== undefined && folders.includes('train') ? {train: 'train', test} : null;
}

/** Options of what searches folders for images. */
export interface ScanOptions {
  /** Aborting makes the call reject with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Images found so far; `total` is null until all are. */
  readonly onImages?: ((found: number, total: number | null) => void) | undefined;
}

/** Counts the images that a search of folders finds. */
export class Scan {
  readonly #options: ScanOptions;
  #found = 0;

  constructor(options: ScanOptions = {}) {
    this.#options = options;
  }

  /** So many more. Throws `signal.reason` where the search is aborted. */
  add(count: number): void {
    this.#options.signal?.throwIfAborted();
    this.#found += count;
    this.#options.onImages?.(this.#found, null);
  }

  /** These were all. */
  end(): void {
    if (this.#found > 0) this.#options.onImages?.(this.#found, this.#found);
  }
}

/** [folder, its image files] for the folder and every folder below it. */
async function walk(folder: string): Promise<[string, string[]][]> {
  const {folders, files, others} = await listFolder(folder);
  const odd = others.find((name) => isImage(folder, name));
  if (odd !== undefined) {
    throw new SauError(
      'ERR_DATASET',
      `Expected an image file at ${join(folder, odd)} but it is a pipe, a socket or a device; remove it`,
      {details: {file: join(folder, odd)}},
    );
  }
  const found: [string, string[]][] = [[folder, files.filter((name) => isImage(folder, name))]];
  for (const name of folders) {
    for (const below of await walk(join(folder, name))) found.push(below);
  }
  return found;
}

/**
 * Every image below a class folder, in the order of torchvision's ImageFolder: folders are sorted by path, and the
 * files of each by name (so `10.png` comes before `2.png`).
 * @throws SauError ERR_DATASET for a folder that cannot be read or a format that is not decoded
 */
export async function imagesBelow(folder: string): Promise<string[]> {
  const found = await walk(folder);
  found.sort(([a], [b]) => (a < b ? -1 : 1));
  return found.flatMap(([directory, names]) => names.map((name) => join(directory, name)));
}
