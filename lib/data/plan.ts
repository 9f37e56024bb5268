import {statSync} from 'node:fs';
import {stat} from 'node:fs/promises';
import {basename, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {SauError} from '../base/errors.js';
import type {Dataset} from '../datasets/dataset.js';
import {KNOWN, type KnownDataset} from '../datasets/known.js';
import type {Archive, DatasetSource} from '../datasets/layout.js';
import {openDataset} from '../datasets/open_dataset.js';
import {isOwnFormat} from '../datasets/recognize.js';
import {shownUrl} from '../download/http.js';
import {named} from '../options/named.js';
import type {FetchConfig} from '../options/types.js';

/** A mirror, or a folder with the archives: what `from` is where it is not given. */
const SOURCE_VARIABLE = 'SAU_NATIVE_DATA_SOURCE';

/** An archive, and where it comes from here. */
export interface PlannedArchive {
  readonly archive: Archive;
  readonly name: string;
  /** An address, or the path of a file. */
  readonly from: string;
  readonly isLocal: boolean;
}

/** What `fetchDataset` is going to do. */
export interface FetchPlan {
  readonly dataset: FetchConfig['dataset'];
  readonly title: string;
  readonly source: DatasetSource;
  readonly archives: readonly PlannedArchive[];
  /** The folder of the data set, such as data/cifar10. */
  readonly destination: string;
  /** The data set where it is there already, so that nothing is to be done. */
  readonly present: Dataset | null;
}

/** Decides what to fetch and from where. Changes nothing. Throws ERR_CONFIG. */
export async function planFetch({dataset, out, from}: FetchConfig): Promise<FetchPlan> {
  const {title, source}: KnownDataset = KNOWN[dataset];
  if (source === null) throw new TypeError(`${dataset} has no source`);
  const destination = join(resolve(out), dataset);
  const place = from ?? process.env[SOURCE_VARIABLE] ?? null;
  return {
    ...{dataset, title, source, destination},
    archives: source.archives.map((archive) => planArchive(archive, place, source)),
    present: await findPresent(dataset, destination),
  };
}

/** The data set where the folder has a whole one in a format of its own. */
export async function findPresent(
  dataset: FetchConfig['dataset'],
  folder: string,
): Promise<Dataset | null> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  if (!isThere) return null;
  const found = await openDataset({path: folder, dataset}).catch(() => null);
  return found !== null && isOwnFormat(KNOWN[dataset], found.format) ? found : null;
}

function planArchive(
  archive: Archive,
  place: string | null,
  {archives}: DatasetSource,
): PlannedArchive {
  const name = basename(new URL(archive.url).pathname);
  if (place === null) return {archive, name, from: archive.url, isLocal: false};
  if (/^https?:\/\//i.test(place)) {
    if (!URL.canParse(place)) throw badSource(place, 'it is no address');
    const mirror = new URL(place);
    mirror.pathname = `${mirror.pathname.replace(/\/$/, '')}/${name}`;
    return {archive, name, from: mirror.href, isLocal: false};
  }
  const path = place.startsWith('file://') ? fileURLToPath(place) : resolve(place);
  const facts = statSync(path, {throwIfNoEntry: false});
  if (facts === undefined) throw badSource(path, 'there is nothing');
  if (facts.isDirectory()) {
    const file = join(path, name);
    if (statSync(file, {throwIfNoEntry: false})?.isFile()) {
      return {archive, name, from: file, isLocal: true};
    }
    throw badSource(path, `there is no file ${name} in it`);
  }
  if (!facts.isFile()) throw badSource(path, 'it is neither a file nor a folder');
  if (archives.length === 1) return {archive, name, from: path, isLocal: true};
  const names = archives.map(({url}) => basename(new URL(url).pathname)).join(', ');
  throw badSource(
    path,
    `it is one file, and there are ${archives.length}. Name a folder with ${names}`,
  );
}

/** The place of an archive for people, without a password. */
export function shownFrom({from, isLocal}: PlannedArchive): string {
  return isLocal ? from : shownUrl(from);
}

function badSource(place: string, why: string): SauError {
  return new SauError(
    'ERR_CONFIG',
    `Expected the archives, a folder with them or the address of a mirror for ${named('from')} but received ${shownUrl(place)}: ${why}`,
  );
}
