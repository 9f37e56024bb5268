import {readdir, realpath, stat} from 'node:fs/promises';
import {basename, dirname, join, resolve, sep} from 'node:path';
import {SauError} from '../base/errors.js';
import {damagedFile, unreadableFile} from '../checkpoint/checkpoint_error.js';
import {ForeignFile, foreignByFolder} from '../checkpoint/foreign_file.js';
import {named} from '../options/named.js';
import {DEFENSE, RECORD} from './layout.js';

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
  if (await isFile(join(folder, RECORD.poisonIndex))) {
    return `only poisoned images: run \`attack\` without ${named('poisonOnly')} to have a model too`;
  }
  return 'neither: name the checkpoint file itself';
}

/** Finds the PNG files of one record. */
export interface PngResolver {
  /**
   * The file for a path as stored in the record. The first call tries every place and finds out the record's
   * layout; later calls follow that layout without trying. Throws ERR_DATASET with the places tried.
   */
  resolve(storedPath: string): Promise<string>;
  /** Every place where the file may be, in the order of preference. */
  places(storedPath: string): string[];
}

type Place = (storedPath: string) => string | null;

/**
 * Where a record's images are (specification C.3, "Path resolution"): as stored, relative to the current folder;
 * relative to the folder that contains `record/`; and as `<..._dataset>/<label>/<file>` next to the checkpoint.
 */
export function createPngResolver(checkpointPath: string): PngResolver {
  const folder = dirname(resolve(checkpointPath));
  const project = folderAbove(folder, 'record');
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
  return {
    places,
    async resolve(storedPath) {
      const stored = storedPath.replaceAll('\\', '/');
      const known = settled?.(stored) ?? null;
      if (known !== null) return known;
      for (const place of candidates) {
        const path = place(stored);
        if (path !== null && (await isFile(path))) {
          settled = place;
          return path;
        }
      }
      throw missingPng(storedPath, places(storedPath));
    },
  };
}

/** ERR_DATASET for a poisoned image that is in none of the places tried. */
export function missingPng(storedPath: string, places: readonly string[]): SauError {
  return new SauError(
    'ERR_DATASET',
    `Expected the poisoned image ${storedPath} at ${places.join(' or ')} but there is no such file: keep the record's image folders next to its checkpoint`,
    {details: {storedPath, places}},
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
function folderAbove(folder: string, name: string): string | null {
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
