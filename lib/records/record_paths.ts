import {lstatSync} from 'node:fs';
import {lstat, readdir, realpath, stat} from 'node:fs/promises';
import {basename, dirname, join, resolve, sep} from 'node:path';
import {SauError} from '../base/errors.js';
import {pathExists} from '../base/path_exists.js';
import {QuickReads} from '../base/quick_reads.js';
import {damagedFile, unreadableFile} from '../checkpoint/checkpoint_error.js';
import {ForeignFile, foreignByFolder} from '../checkpoint/foreign_file.js';
import {named} from '../options/named.js';
import {DEFENSE, DEFENSE_STATE, RECORD} from './layout.js';

const RESULT_NAMES = [RECORD.result, DEFENSE.result] as const;

/**
 * The checkpoint itself, or in a record folder attack_result.pt, else defense_result.pt, else the first of `others`
 * that exists. Throws ERR_CHECKPOINT.
 */
export async function findRecordFile(
  pathOrFolder: string,
  others: readonly string[] = [],
): Promise<string> {
  const stats = await stat(pathOrFolder).catch((error: unknown) => {
    throw unreadableFile(pathOrFolder, error);
  });
  if (!stats.isDirectory()) return pathOrFolder;
  for (const name of [...RESULT_NAMES, ...others]) {
    const path = join(pathOrFolder, name);
    if (await isFile(path)) return path;
  }
  const foreign = foreignByFolder(await readdir(pathOrFolder).catch(() => []));
  if (foreign !== null) throw damagedFile(pathOrFolder, new ForeignFile(foreign));
  throw new SauError(
    'ERR_CHECKPOINT',
    `Expected ${RESULT_NAMES.join(' or ')} in the folder ${pathOrFolder} but found ${await insteadOfResult(pathOrFolder)}`,
    {details: {path: pathOrFolder}},
  );
}

async function insteadOfResult(folder: string): Promise<string> {
  if (await isFile(join(folder, RECORD.checkpoint))) {
    return `${RECORD.checkpoint}: the attack was interrupted, go on with \`attack\` and ${named('resume')}`;
  }
  if (await isFile(join(folder, DEFENSE_STATE))) {
    return `${DEFENSE_STATE}: the defense was interrupted, go on with \`defend\` and ${named('resume')}`;
  }
  if (await isFile(join(folder, RECORD.poisonIndex))) {
    return `only poisoned images: run \`attack\` without ${named('poisonOnly')} to have a model too`;
  }
  return 'neither: name the checkpoint file itself';
}

/** Finds the PNG files of one record. */
export interface PngResolver {
  /**
   * The file for a path as stored in the record. The first call tries every place and finds out the record's
   * layout; later calls follow that layout without trying. Throws ERR_DATASET with the places tried, and for a file
   * outside of the folders that may have it.
   */
  resolve(storedPath: string): Promise<string>;
  /** Every place where the file may be, in the order of preference. */
  places(storedPath: string): string[];
  /** Whether the file is in one of its places. */
  exists(storedPath: string): Promise<boolean>;
}

type Place = (storedPath: string) => string | null;

/**
 * Where a record's images are (specification C.3, "Path resolution"): as stored, relative to the current folder;
 * relative to the folder that contains `record/`; and as `<..._dataset>/<label>/<file>` next to the checkpoint. A
 * file that really is in none of these folders `record/`, of the checkpoint or in `folders` is not taken, however it
 * is named: a record from a stranger may name any file, and have links.
 */
export function createPngResolver(
  checkpointPath: string,
  folders: readonly string[] = [],
): PngResolver {
  const folder = dirname(resolve(checkpointPath));
  const project = folderAbove(folder, 'record');
  const bounds = new Bounds([
    ...[folder, resolve('record')],
    ...(project === null ? [] : [join(project, 'record')]),
    ...folders.map((each) => resolve(each)),
  ]);
  const candidates: readonly Place[] = [
    (stored) => resolve(stored),
    (stored) => {
      const inRecord = partFrom(stored, 'record');
      return project === null || inRecord === null ? null : join(project, inRecord);
    },
    (stored) => join(folder, ...stored.split('/').slice(-3)),
  ];
  let settled: Place | null = null;
  const places = (storedPath: string): string[] => {
    const stored = storedPath.replaceAll('\\', '/');
    return [...new Set(candidates.flatMap((place) => place(stored) ?? []))];
  };
  const isThere = async (path: string): Promise<boolean> =>
    (await isFile(path)) && (await bounds.hold(path));
  return {
    places,
    async exists(storedPath) {
      for (const path of places(storedPath)) if (await isThere(path)) return true;
      return false;
    },
    async resolve(storedPath) {
      const stored = storedPath.replaceAll('\\', '/');
      const known = settled?.(stored) ?? null;
      if (known !== null && (await bounds.hold(known))) return known;
      for (const place of candidates) {
        const path = place(stored);
        if (path !== null && (await isThere(path))) {
          settled = place;
          return path;
        }
      }
      const found = places(storedPath);
      const outside = await bounds.outside(found);
      throw outside === null ? missingPng(storedPath, found) : strayPng(storedPath, outside);
    },
  };
}

/** Folders that files may be in. Asks the system once for each folder of files. */
class Bounds {
  readonly #folders: readonly string[];
  #roots: Promise<readonly string[]> | null = null;
  readonly #known = new Map<string, Promise<boolean>>();
  readonly #reads = new QuickReads();

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** Whether a file is in one of the folders, whatever links lead to it. True for a missing one that would be. */
  async hold(path: string): Promise<boolean> {
    const folder = dirname(path);
    const known = this.#known.get(folder) ?? this.#isWithin(folder);
    this.#known.set(folder, known);
    if (!(await known)) return false;
    return (await this.#isLink(path)) ? this.#isWithin(path) : true;
  }

  /** The first of several paths that exists and is not in one of the folders. */
  async outside(paths: readonly string[]): Promise<string | null> {
    for (const path of paths) if ((await pathExists(path)) && !(await this.hold(path))) return path;
    return null;
  }

  async #isWithin(path: string): Promise<boolean> {
    this.#roots ??= Promise.all(this.#folders.map(realPathOf));
    const [real, roots] = await Promise.all([realPathOf(path), this.#roots]);
    return roots.some((root) => real === root || real.startsWith(root + sep));
  }

  async #isLink(path: string): Promise<boolean> {
    const found = await this.#reads.read(
      () => lstatSync(path, {throwIfNoEntry: false}),
      () => lstat(path).catch(() => undefined),
    );
    return found?.isSymbolicLink() ?? false;
  }
}

/** Without links, as far as the path exists. */
function realPathOf(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

/** ERR_DATASET for a poisoned image that is in none of the places tried. */
export function missingPng(storedPath: string, places: readonly string[]): SauError {
  return new SauError(
    'ERR_DATASET',
    `Expected the poisoned image ${storedPath} at ${places.join(' or ')} but there is no such file: keep the record's image folders next to its checkpoint`,
    {details: {storedPath, places}},
  );
}

function strayPng(storedPath: string, path: string): SauError {
  return new SauError(
    'ERR_DATASET',
    `Expected the poisoned image ${storedPath} in the folder of its record but received ${path}, which is outside of it.`,
    {
      remedy: `Copy the images into the folder, or name theirs with ${named('data')}. Do not use a record of which you do not know who made it.`,
      details: {storedPath, outside: path},
    },
  );
}

/**
 * Folders where the clean data set of a record may be, best first. The official loader's rule comes first: the
 * real path of the checkpoint up to the first `record`, then the stored path from its first `data`. A record that is in no
 * folder `record` has the path from two folders above it, as `attack` stores it.
 */
export async function datasetRootsOf(checkpointPath: string, dataPath: string): Promise<string[]> {
  const real = await realpath(checkpointPath).catch((error: unknown) => {
    throw unreadableFile(checkpointPath, error);
  });
  const stored = dataPath.replaceAll('\\', '/');
  const fromData = stored.slice(Math.max(stored.indexOf('data'), 0));
  const roots = [resolve(stored), resolve(dirname(real), '../..', stored)];
  const project = folderAbove(dirname(real), 'record');
  if (project !== null) roots.unshift(join(project, fromData));
  const official = real.indexOf('record');
  if (official >= 0) roots.unshift(resolve(real.slice(0, official), fromData));
  return [...new Set(roots)];
}

/** The folder that contains the innermost folder `name` of a path; null without one. */
export function folderAbove(folder: string, name: string): string | null {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    if (basename(at) === name) return dirname(at);
  }
  return null;
}

/** The part of a stored path from its first folder `name` on; null if there is none. */
function partFrom(stored: string, name: string): string | null {
  const parts = stored.split('/');
  const at = parts.indexOf(name);
  return at < 0 ? null : parts.slice(at).join(sep);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}
