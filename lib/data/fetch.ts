import {randomUUID} from 'node:crypto';
import {lstat, mkdir, readdir, rename, rm, rmdir} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {messageOf, SauError} from '../base/errors.js';
import {withLock} from '../base/lock.js';
import {pathExists} from '../base/path_exists.js';
import {unwritableFile} from '../base/whole_file.js';
import type {Dataset} from '../datasets/dataset.js';
import {openDataset} from '../datasets/open_dataset.js';
import {requireSum} from '../download/checksum.js';
import {requireSpace} from '../download/disk.js';
import {download, PartFile} from '../download/download.js';
import type {DownloadRun} from '../download/progress.js';
import {unpackZip} from '../download/unpack.js';
import {unpackTar} from '../download/untar.js';
import {type FetchPlan, findPresent, type PlannedArchive, shownFrom} from './plan.js';

/** Beside the folders of the data sets, while one is fetched. */
const WORK = '.sau-native-data';
const STAGING = 'unpacked-';

/**
 * Carries out a plan. The data set appears whole or not at all. A second process waits and finds it there. Throws
 * ERR_DOWNLOAD, ERR_CHECKSUM, ERR_ARCHIVE, ERR_DATASET, ERR_OUTPUT, or the reason of the signal.
 */
export async function fetchPlanned(
  plan: FetchPlan,
  run: DownloadRun,
): Promise<{readonly dataset: Dataset; readonly wasPresent: boolean}> {
  if (plan.present !== null) return {dataset: plan.present, wasPresent: true};
  await requirePlace(plan);
  const out = dirname(plan.destination);
  const work = join(out, WORK);
  const isOwnFolder = !(await pathExists(out));
  const onWait = (pid: number | null): void => {
    const who = pid === null ? 'another process' : `process ${pid}`;
    run.onProgress({kind: 'note', message: `${who} is fetching it: waiting for it`});
  };
  try {
    return await withLock(
      join(work, `${plan.dataset}.lock`),
      {signal: run.signal, onWait},
      async () => {
        const present = await findPresent(plan.dataset, plan.destination);
        if (present !== null) return {dataset: present, wasPresent: true};
        return {dataset: await fetchInto(work, plan, run), wasPresent: false};
      },
    );
  } catch (error) {
    throw unwritableFile(work, error);
  } finally {
    await rmdir(work).catch(() => undefined); // where nothing is kept for the next try
    if (isOwnFolder) await rmdir(out).catch(() => undefined);
  }
}

async function fetchInto(work: string, plan: FetchPlan, run: DownloadRun): Promise<Dataset> {
  const {destination, archives, source, title} = plan;
  await removeOld(work, plan.dataset);
  const fetched = archives.filter(({isLocal}) => !isLocal);
  const missing = await Promise.all(fetched.map((each) => bytesMissing(each, work)));
  const bytes = missing.reduce((sum, each) => sum + each, source.bytes);
  await requireSpace(work, bytes, title, run);
  const staging = join(work, `${STAGING}${plan.dataset}-${randomUUID()}`);
  const [raw, whole] = [join(staging, 'raw'), join(staging, plan.dataset)];
  try {
    await mkdir(whole, {recursive: true});
    const files = await Promise.all(archives.map((each) => partOf(each, work)));
    for (const [i, each] of archives.entries()) await bring(each, files[i] ?? '', run);
    for (const [i, each] of archives.entries()) {
      await mkdir(raw);
      await unpackInto(each, files[i] ?? '', {raw, whole}, run);
      await rm(raw, {recursive: true});
    }
    run.onProgress({kind: 'stage', message: 'checking it'});
    await openStaged(whole, plan);
    run.signal.throwIfAborted();
    await moveInto(whole, destination);
    for (const [i, {from, isLocal}] of archives.entries()) {
      if (!isLocal) await new PartFile(files[i] ?? '', from).discard().catch(() => undefined);
    }
  } finally {
    // What stays costs no data set: the next fetch of it removes it.
    await rm(staging, {recursive: true, force: true, maxRetries: 3}).catch(() => undefined);
  }
  return openDataset({path: destination, dataset: plan.dataset});
}

/** What dead processes have left of this data set. */
async function removeOld(work: string, dataset: string): Promise<void> {
  for (const name of await readdir(work)) {
    if (!name.startsWith(`${STAGING}${dataset}-`)) continue;
    await rm(join(work, name), {recursive: true, force: true, maxRetries: 3});
  }
}

/** The file that an archive is read from: its own, or the one that its download goes to. */
async function partOf({from, name, isLocal}: PlannedArchive, work: string): Promise<string> {
  return isLocal ? from : join(work, name);
}

async function bytesMissing({archive, from, name}: PlannedArchive, work: string): Promise<number> {
  return Math.max(0, archive.bytes - (await new PartFile(join(work, name), from).size()));
}

async function bring(planned: PlannedArchive, file: string, run: DownloadRun): Promise<void> {
  const {archive, from, isLocal} = planned;
  if (isLocal) {
    run.onProgress({kind: 'stage', message: `checking ${from}`});
    await requireSum(from, archive.sum, from, run.signal);
    return;
  }
  run.onProgress({kind: 'stage', message: `fetching ${shownFrom(planned)}`});
  await download(from, archive.sum, file, run);
}

/** Unpacks what is wanted of an archive, and puts it where the data set has it. */
async function unpackInto(
  {archive: {places}, name}: PlannedArchive,
  file: string,
  {raw, whole}: {raw: string; whole: string},
  run: DownloadRun,
): Promise<void> {
  run.onProgress({kind: 'stage', message: `unpacking ${name}`});
  const wanted = (path: string): boolean =>
    Object.keys(places).some((place) => path === place || path.startsWith(`${place}/`));
  if (name.endsWith('.zip')) await unpackZip(file, raw, run, {wanted, withoutLinks: true});
  else await unpackTar(file, raw, wanted, run);
  for (const [inside, place] of Object.entries(places)) {
    if (!(await pathExists(join(raw, inside)))) {
      throw new SauError('ERR_ARCHIVE', `Expected ${inside} in ${file} but it is not there.`, {
        remedy: 'Nothing was installed. Fetch the file again from its source.',
        details: {file, missing: inside},
      });
    }
    await mkdir(dirname(join(whole, place)), {recursive: true});
    await rename(join(raw, inside), join(whole, place));
  }
}

/** Throws ERR_ARCHIVE where what came is not the data set. */
async function openStaged(folder: string, {dataset, title}: FetchPlan): Promise<void> {
  await openDataset({path: folder, dataset}).catch((cause: unknown) => {
    throw new SauError(
      'ERR_ARCHIVE',
      `Expected ${title} in the archives but found something else: ${messageOf(cause)}`,
      {cause},
    );
  });
}

/** Throws ERR_OUTPUT where something is in the way that is not the whole data set. */
async function requirePlace({destination, archives, title}: FetchPlan): Promise<void> {
  const places = archives.flatMap(({archive}) => Object.values(archive.places));
  const names = new Set(places.map((place) => place.split('/', 1)[0] ?? ''));
  for (const name of names) {
    const path = join(destination, name);
    const isTaken = await lstat(path).then(
      () => true,
      () => false,
    );
    if (!isTaken) continue;
    throw new SauError(
      'ERR_OUTPUT',
      `Expected room for ${title} in ${destination} but there is ${name} already, which is not the whole data set.`,
      {remedy: 'Move it away, or name another folder.', details: {path}},
    );
  }
}

/** Moves the contents of a folder: in one step where there is no such folder yet, else all or none of them. */
async function moveInto(folder: string, destination: string): Promise<void> {
  if (!(await pathExists(destination))) {
    await rename(folder, destination);
    return;
  }
  const moved: string[] = [];
  try {
    for (const name of await readdir(folder)) {
      await rename(join(folder, name), join(destination, name));
      moved.push(name);
    }
  } catch (error) {
    for (const name of moved) await rename(join(destination, name), join(folder, name));
    throw error;
  }
}
