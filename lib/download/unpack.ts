import {createWriteStream} from 'node:fs';
import {mkdir, realpath, symlink} from 'node:fs/promises';
import {dirname, isAbsolute, join, normalize, sep} from 'node:path';
import type {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {crc32} from 'node:zlib';
import {type Entry, openPromise, type ZipFile} from 'yauzl';
import {errnoOf, messageOf, SauError} from '../base/errors.js';
import {unwritableFile} from '../base/whole_file.js';
import {requireSpace} from './disk.js';
import type {DownloadRun} from './progress.js';

const TYPE_MASK = 0o170000;
const FOLDER = 0o040000;
const LINK = 0o120000;
const REGULAR = 0o100000;
/** A link's target is a path. */
const LONGEST_TARGET = 4096;

/** Archives of images and libraries unpack to a few times their size. */
const MOST_GROWTH = 100;
const SMALL_BYTES = 10e6;

/** What is wrong with the archive itself. */
export class ArchiveFault extends Error {}

/** Whether a file of an archive is to be unpacked, by its name there. */
export type Wanted = (name: string) => boolean;

interface UnzipOptions {
  readonly wanted?: Wanted;
  /** Links make it refuse the whole archive, too. */
  readonly withoutLinks?: boolean;
}

/**
 * Unpacks a zip or wheel into an existing folder and keeps file modes and links. Every name is checked before
 * anything is written. A name that leaves the folder, a device or an encrypted entry makes it refuse the whole
 * archive. Throws ERR_ARCHIVE, ERR_OUTPUT, or the reason of the signal.
 */
export async function unpackZip(
  archive: string,
  folder: string,
  run: DownloadRun,
  options: UnzipOptions = {},
): Promise<void> {
  await safely(archive, folder, run, async () => {
    const zip = await openPromise(archive, {lazyEntries: true, autoClose: false});
    try {
      await unpackAll(zip, folder, run, options);
    } finally {
      zip.close();
    }
  });
}

/** Runs the unpacking of an archive; what is wrong with it becomes ERR_ARCHIVE. */
export async function safely(
  archive: string,
  folder: string,
  {signal}: DownloadRun,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SauError) throw error;
    if (errnoOf(error) !== null) throw unwritableFile(folder, error);
    throw new SauError(
      'ERR_ARCHIVE',
      `Expected a whole and safe archive in ${archive} but received: ${messageOf(error)}.`,
      {
        cause: error,
        remedy: 'Nothing was installed. Fetch the file again from a source you trust.',
      },
    );
  }
}

/** Throws for an archive that unpacks to far more than any real one. */
export function requireNoBomb(unpacked: number, packed: number): void {
  if (unpacked <= Math.max(SMALL_BYTES, MOST_GROWTH * packed)) return;
  throw new ArchiveFault(`it unpacks to more than ${MOST_GROWTH} times its size`);
}

async function unpackAll(
  zip: ZipFile,
  folder: string,
  run: DownloadRun,
  {wanted = () => true, withoutLinks = false}: UnzipOptions,
): Promise<void> {
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    if (withoutLinks && typeOf(entry) === LINK)
      throw new ArchiveFault(`${entry.fileName} is a link`);
    if (wanted(checked(entry).fileName)) entries.push(entry);
  }
  const total = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  requireNoBomb(total, zip.fileSize);
  await requireSpace(folder, total, 'the unpacked archive', run);
  let done = 0;
  const links: [name: string, target: string][] = [];
  for (const entry of entries) {
    run.signal.throwIfAborted();
    const path = join(folder, entry.fileName);
    if (typeOf(entry) === FOLDER) {
      await makeFolder(path);
    } else if (typeOf(entry) === LINK) {
      links.push([normalize(entry.fileName), await targetOf(zip, entry)]);
    } else {
      await makeFolder(dirname(path));
      const content = checkedContent(await zip.openReadStreamPromise(entry), entry);
      // Owners may always read and write; otherwise they could not remove it.
      const mode = (modeOf(entry) & 0o777) === 0 ? 0o644 : (modeOf(entry) & 0o777) | 0o600;
      await pipeline(content, createWriteStream(path, {flags: 'wx', mode}), {signal: run.signal});
    }
    done += entry.uncompressedSize;
    run.onProgress({kind: 'bytes', done, total});
  }
  await makeLinks(await realpath(folder), links);
}

/**
 * Links come last, so that no file can be written through one, and none is made through another. What each leads to in
 * the end is looked at, because a chain of links can climb where no name of it does.
 */
async function makeLinks(
  folder: string,
  links: readonly (readonly [name: string, target: string])[],
): Promise<void> {
  for (const [name, target] of links) {
    const parent = dirname(join(folder, name));
    await makeFolder(parent);
    if ((await realpath(parent)) !== parent) throw new ArchiveFault(`${name} lies behind a link`);
    await symlink(target, join(folder, name));
  }
  for (const [name, target] of links) {
    const real = await realpath(join(folder, name)).catch(() => null);
    if (real === folder || real?.startsWith(folder + sep)) continue;
    throw new ArchiveFault(`the link ${name} leads out of the archive, to ${target}`);
  }
}

/**
 * Makes a folder and those above it. Node.js's own recursive mkdir says that a folder does not exist where the disk
 * has no room for it.
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') return;
    if (errno !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
}

/** yauzl has refused absolute names and those with `..` before. */
function checked(entry: Entry): Entry {
  if (entry.fileName.includes('\0')) throw new ArchiveFault(`${entry.fileName} is no name`);
  if (entry.isEncrypted()) throw new ArchiveFault(`${entry.fileName} is encrypted`);
  if (![FOLDER, LINK, REGULAR].includes(typeOf(entry))) {
    throw new ArchiveFault(`${entry.fileName} is no file, folder or link`);
  }
  return entry;
}

/** An archive made elsewhere than on Unix has no modes. */
function typeOf(entry: Entry): number {
  const type = modeOf(entry) & TYPE_MASK;
  if (entry.fileName.endsWith('/')) return FOLDER;
  return type === 0 ? REGULAR : type;
}

function modeOf(entry: Entry): number {
  return entry.externalFileAttributes >>> 16;
}

/** Throws if the checksum is wrong, because yauzl checks only sizes. */
async function* checkedContent(stream: Readable, entry: Entry): AsyncGenerator<Buffer> {
  let sum = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    sum = crc32(chunk, sum);
    yield chunk;
  }
  if (sum !== entry.crc32) throw new ArchiveFault(`${entry.fileName} is damaged`);
}

async function targetOf(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > LONGEST_TARGET) {
    throw new ArchiveFault(`${entry.fileName} is no link`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of checkedContent(await zip.openReadStreamPromise(entry), entry)) {
    chunks.push(chunk);
  }
  const target = Buffer.concat(chunks).toString();
  if (target.includes('\0')) throw new ArchiveFault(`${entry.fileName} is no link`);
  const reached = normalize(join(dirname(entry.fileName), target));
  if (isAbsolute(target) || reached === '..' || reached.startsWith('../')) {
    throw new ArchiveFault(`the link ${entry.fileName} leads out of the archive, to ${target}`);
  }
  return target;
}
