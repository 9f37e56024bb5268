import {createHash, randomUUID} from 'node:crypto';
import {lstat, mkdir, readdir, readFile, rename, rm, rmdir, writeFile} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {unwritableFile} from '../base/whole_file.js';
import {folderBytes} from '../download/disk.js';
import {cacheFolder, type LibTorch, readLibTorch} from '../native/libtorch.js';

/** A marker file in each folder that setup has made. A folder without it is never removed. */
const MARK = 'sau-native-setup.json';
const STAGING = '.setup-';
const DOWNLOADS = 'downloads';
const LOCK = 'setup.lock';

/** The contents of the marker. */
interface Mark {
  readonly version: string;
  readonly source: string;
  readonly installedAt: string;
}

/** The package's cache folder. Only the holder of the lock changes it. */
export class SetupCache {
  constructor(readonly folder: string = cacheFolder()) {}

  get lock(): string {
    return join(this.folder, LOCK);
  }

  /** The folder for a build of LibTorch, such as libtorch-2.13.0-cpu or -cu130. */
  destination(version: string, cuda: string | null): string {
    const tag = cuda === null ? 'cpu' : `cu${cuda.replaceAll('.', '')}`;
    return join(this.folder, `libtorch-${version}-${tag}`);
  }

  /** The file that a download of this address goes to. */
  partOf(url: string): string {
    const name = basename(new URL(url).pathname).slice(-80);
    const key = createHash('sha256').update(url).digest('hex').slice(0, 12);
    return join(this.folder, DOWNLOADS, `${key}-${name}`);
  }

  /** Every whole LibTorch of a version that is there. */
  async installed(version: string): Promise<LibTorch[]> {
    const names = (await this.#names()).filter((name) => name.startsWith(`libtorch-${version}-`));
    const found = names.map((name) => readLibTorch(join(this.folder, name), 'cache'));
    return found.filter((libtorch) => libtorch?.version === version).flatMap((l) => l ?? []);
  }

  async exists(): Promise<boolean> {
    return lstat(this.folder).then(
      () => true,
      () => false,
    );
  }

  /** Throws ERR_OUTPUT if the cache cannot be written. */
  async prepare(): Promise<void> {
    const downloads = join(this.folder, DOWNLOADS);
    try {
      // A folder of that name that is there already is the user's.
      const made = await mkdir(downloads, {recursive: true});
      if (made === undefined) return;
      await writeMark(downloads, {madeAt: new Date().toISOString()}).catch(async (error) => {
        await remove(downloads); // without the mark it would count as the user's
        throw error;
      });
    } catch (error) {
      throw unwritableFile(this.folder, error);
    }
  }

  /** An empty folder to work in. Removes the ones that dead processes have left. */
  async staging(): Promise<string> {
    for (const name of await this.#names()) {
      if (isStaging(name)) await remove(join(this.folder, name));
    }
    const staging = join(this.folder, `${STAGING}${randomUUID()}`);
    await mkdir(staging).catch((error: unknown) => {
      throw unwritableFile(staging, error);
    });
    return staging;
  }

  /** Gives a staged folder its final name in one step. A broken folder of that name is removed first. */
  async place(staged: string, destination: string, version: string, source: string): Promise<void> {
    const mark: Mark = {version, source, installedAt: new Date().toISOString()};
    try {
      await writeMark(staged, mark);
      await remove(destination);
      await rename(staged, destination);
    } catch (error) {
      throw unwritableFile(destination, error);
    }
  }

  /** Removes the download folder if no partial download is in it. */
  async tidy(): Promise<void> {
    const downloads = join(this.folder, DOWNLOADS);
    const names = await readdir(downloads).catch(() => []);
    if (names.length === 1 && (await hasMark(downloads))) await remove(downloads);
  }

  /** What setup has put here, and what else is here. */
  async contents(): Promise<{own: string[]; foreign: string[]}> {
    const own: string[] = [];
    const foreign: string[] = [];
    for (const name of await this.#names()) {
      if (name === LOCK) continue;
      const path = join(this.folder, name);
      const isOwn = isStaging(name) || (await hasMark(path));
      (isOwn ? own : foreign).push(path);
    }
    return {own, foreign};
  }

  /** Removes a folder of `contents().own` and returns its size in bytes. */
  async remove(path: string): Promise<number> {
    const bytes = (await lstat(path)).isDirectory() ? await folderBytes(path) : 0;
    await remove(path);
    return bytes;
  }

  /** Removes the cache folder itself if it is empty. */
  async removeIfEmpty(): Promise<void> {
    await rmdir(this.folder).catch(() => undefined);
  }

  async #names(): Promise<string[]> {
    return (await readdir(this.folder).catch(() => [])).sort();
  }
}

function isStaging(name: string): boolean {
  return name.startsWith(STAGING) && /^[0-9a-f-]{36}$/.test(name.slice(STAGING.length));
}

/** Never through a link of that name, which an archive may have brought. */
async function writeMark(folder: string, mark: object): Promise<void> {
  const path = join(folder, MARK);
  await rm(path, {force: true});
  await writeFile(path, `${JSON.stringify(mark, null, 2)}\n`, {flag: 'wx'});
}

async function hasMark(path: string): Promise<boolean> {
  return readFile(join(path, MARK)).then(
    () => true,
    () => false,
  );
}

async function remove(path: string): Promise<void> {
  await rm(path, {recursive: true, force: true, maxRetries: 3});
}
