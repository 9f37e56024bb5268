import {once} from 'node:events';
import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import {isAbsolute, posix} from 'node:path';
import {Parser, type ReadEntry, Unpack} from 'tar';
import {requireSpace} from './disk.js';
import type {DownloadRun} from './progress.js';
import {ArchiveFault, requireNoBomb, safely, type Wanted} from './unpack.js';

const FILES: ReadonlySet<string> = new Set(['File', 'OldFile', 'ContiguousFile']);

/**
 * Unpacks the wanted files of a tar, packed by gzip or not, into an existing folder. Every entry is checked before
 * anything is written: a name that leaves the folder, or what is neither a file nor a folder, makes it refuse the
 * whole archive. Throws ERR_ARCHIVE, ERR_OUTPUT, or the reason of the signal.
 */
export async function unpackTar(
  archive: string,
  folder: string,
  wanted: Wanted,
  run: DownloadRun,
): Promise<void> {
  await safely(archive, folder, run, async () => {
    const total = await checkedBytes(archive, wanted, run);
    await requireSpace(folder, total, 'the unpacked archive', run);
    let done = 0;
    const unpack = new Unpack({
      cwd: folder,
      strict: true,
      noMtime: true,
      filter: (path) => wanted(posix.normalize(path)),
      onReadEntry: (entry) => {
        done += entry.size;
        run.onProgress({kind: 'bytes', done, total});
      },
    });
    await feed(archive, unpack, run.signal);
  });
}

/** The size of the wanted files. Throws ArchiveFault for an entry that is not to be written. */
async function checkedBytes(archive: string, wanted: Wanted, run: DownloadRun): Promise<number> {
  const {size} = await stat(archive);
  let total = 0;
  let fault: ArchiveFault | null = null;
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      fault ??= faultOf(entry);
      if (wanted(posix.normalize(entry.path))) total += entry.size;
      entry.resume();
    },
  });
  await feed(archive, parser, run.signal, () => {
    if (fault !== null) throw fault;
    requireNoBomb(total, size);
  });
  return total;
}

function faultOf({path, type}: ReadEntry): ArchiveFault | null {
  if (path.includes('\0')) return new ArchiveFault(`${path} is no name`);
  const reached = posix.normalize(path);
  if (isAbsolute(path) || reached === '..' || reached.startsWith('../')) {
    return new ArchiveFault(`the name ${path} leads out of the archive`);
  }
  if (FILES.has(type) || type === 'Directory' || type === 'GNUDumpDir') return null;
  return new ArchiveFault(`${path} is no file or folder`);
}

/** Gives an archive to a parser, piece by piece, and waits until it is done with it. */
async function feed(
  archive: string,
  parser: Parser,
  signal: AbortSignal,
  check: () => void = () => undefined,
): Promise<void> {
  // An unpacker tells of each file that cannot be written. The first error counts, and no other may end the process.
  let failure: unknown = null;
  parser.on('error', (error: unknown) => {
    failure ??= error;
  });
  const checkBoth = (): void => {
    if (failure !== null) throw failure;
    check();
  };
  // A parser closes when it has everything, an unpacker when all files are written.
  const closed = once(parser, 'close');
  closed.catch(() => undefined); // awaited below, where nothing has failed before
  for await (const piece of createReadStream(archive, {signal})) {
    checkBoth();
    if (!parser.write(piece as Buffer)) await Promise.race([once(parser, 'drain'), closed]);
  }
  parser.end();
  await closed;
  checkBoth();
}
