import {mkdir, readdir, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {pathExists} from '../base/path_exists.js';
import {unwritableFile} from '../base/whole_file.js';
import {hasAttackCheckpoint} from './attack_checkpoint.js';
import {RECORD_FILES, removeRecord} from './attack_record.js';
import {RECORD, RUN} from './layout.js';

/** In a record folder, where the earlier record is while another one is made in its place. */
const EARLIER = 'earlier';

interface Making<T> {
  /** Whether a training goes on that has begun in this folder. */
  readonly goesOn: boolean;
  readonly work: () => Promise<T>;
  readonly takeBack: (error: unknown) => Promise<void>;
}

/**
 * Lets `work` write a record in the place of an earlier one, which is set aside: renaming takes no room. It is removed
 * once the new record is whole. Where the work fails, `takeBack` removes what it has written, and the earlier record
 * returns, unless a training stays that can be continued: the earlier record is then in the folder `earlier`. Throws
 * ERR_OUTPUT.
 */
export async function replacingRecord<T>(
  record: string,
  {goesOn, work, takeBack}: Making<T>,
): Promise<T> {
  if (goesOn) await removeRecord(record, {keepTraining: true});
  else await inRecord(record, () => setAside(record));
  try {
    const made = await work();
    await inRecord(record, () => rm(join(record, EARLIER), {recursive: true, force: true}));
    return made;
  } catch (error) {
    await takeBack(error);
    await inRecord(record, () => putBack(record));
    throw error;
  }
}

async function setAside(record: string): Promise<void> {
  const aside = join(record, EARLIER);
  const isWhole = await isRecord(record);
  if ((await pathExists(aside)) && !isWhole) {
    // A killed run has set it aside, and left parts of its own.
    await removeRecord(record);
    return;
  }
  await rm(aside, {recursive: true, force: true});
  if (isWhole) {
    await mkdir(aside);
    await move(record, aside);
  }
  await removeRecord(record);
}

async function putBack(record: string): Promise<void> {
  const aside = join(record, EARLIER);
  if (!(await pathExists(aside)) || (await hasAttackCheckpoint(record))) return;
  await move(aside, record);
  await rm(aside, {recursive: true, force: true});
}

/** Whether a record, or a set of poisoned images without a model, was written to its end. */
async function isRecord(record: string): Promise<boolean> {
  return (await pathExists(join(record, RECORD.result))) || pathExists(join(record, RUN.summary));
}

async function move(from: string, to: string): Promise<void> {
  const there = await readdir(from);
  for (const name of RECORD_FILES.filter((file) => there.includes(file))) {
    await rename(join(from, name), join(to, name));
  }
}

async function inRecord(record: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    throw unwritableFile(record, error);
  });
}
