import {createHash} from 'node:crypto';
import {cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {afterAll, beforeAll} from 'vitest';
import {type FetchedName, KNOWN} from '../../lib/datasets/known.js';
import type {Archive} from '../../lib/datasets/layout.js';
import {cifar10Pickles, cifar100Pickles} from './cifar_files.js';
import {picture, plain} from './data_files.js';
import {DIST, IS_BUILT, ROOT} from './paths.js';
import {entriesOf, makeTar} from './raw_tar.js';
import {makeZip} from './raw_zip.js';
import {signFiles, someSigns, tinyFiles} from './sign_files.js';

/** Archives as the authors have them, with few images, by their names. */
export async function smallArchives(): Promise<Map<string, Buffer>> {
  const signs = signFiles({train: someSigns(1), test: someSigns(1, 5)}, 'archive');
  const part = (prefix: string): Map<string, Buffer> =>
    new Map([...signs].filter(([name]) => name.startsWith(prefix)));
  const jpeg = await picture(plain([9, 99, 199], 64, 64))
    .jpeg()
    .toBuffer();
  const tiny = tinyFiles(() => jpeg, {perClass: 1, valCount: 200});
  return new Map([
    ['cifar-10-python.tar.gz', gzipSync(makeTar(entriesOf(cifar10Pickles(30))))],
    ['cifar-100-python.tar.gz', gzipSync(makeTar(entriesOf(cifar100Pickles())))],
    ['GTSRB_Final_Training_Images.zip', makeZip(entriesOf(part('GTSRB/Final_Training')))],
    ['GTSRB_Final_Test_Images.zip', makeZip(entriesOf(part('GTSRB/Final_Test')))],
    ['GTSRB_Final_Test_GT.zip', makeZip(entriesOf(part('GT-')))],
    ['tiny-imagenet-200.zip', makeZip(entriesOf(tiny))],
  ]);
}

export interface DataWorld {
  readonly archives: ReadonlyMap<string, Buffer>;
  /** The program with the sums of these archives in place of the authors', and nothing else changed. */
  readonly program: string;
}

/** The built package has the authors' sums alone; a copy of it gets those of the small archives. */
export function useDataWorld(): DataWorld {
  const folder = mkdtempSync(join(tmpdir(), 'sau-data-'));
  const archives = new Map<string, Buffer>();
  beforeAll(async () => {
    if (!IS_BUILT) return;
    for (const [name, data] of await smallArchives()) archives.set(name, data);
    copyPackage(folder, (table) => withSums(table, archives));
  });
  afterAll(() => rmSync(folder, {recursive: true, force: true}));
  return {archives, program: join(folder, 'dist/bin/sau-native.js')};
}

/** Copies the built package with a change to its table of data sets, and to nothing else. */
export function copyPackage(folder: string, change: (table: string) => string): void {
  cpSync(DIST, join(folder, 'dist'), {recursive: true});
  for (const name of ['package.json', 'libtorch.json'])
    cpSync(join(ROOT, name), join(folder, name));
  for (const name of ['node_modules', 'build']) symlinkSync(join(ROOT, name), join(folder, name));
  const table = join(folder, 'dist/lib/datasets/known.js');
  writeFileSync(table, change(readFileSync(table, 'utf8')));
}

function withSums(table: string, archives: ReadonlyMap<string, Buffer>): string {
  let text = table;
  for (const {url, sum} of allArchives()) {
    const [[kind = '', authors = ''] = []] = Object.entries(sum);
    const data = archives.get(basename(url)) ?? Buffer.alloc(0);
    if (!text.includes(authors)) throw new Error(`The table has no ${authors}`);
    text = text.replace(authors, createHash(kind).update(data).digest('hex'));
  }
  return text;
}

function allArchives(): readonly Archive[] {
  const names: readonly FetchedName[] = ['cifar10', 'cifar100', 'gtsrb', 'tiny'];
  return names.flatMap((name): readonly Archive[] => KNOWN[name].source.archives);
}

/** A server of the archives, which notes what it is asked for. */
export function archiveServer(archives: ReadonlyMap<string, Buffer>) {
  const asked: string[] = [];
  return {
    asked,
    handle: (request: IncomingMessage, response: ServerResponse): void => {
      const name = basename(request.url ?? '');
      asked.push(name);
      const data = archives.get(name);
      if (data === undefined) response.writeHead(404).end();
      else response.writeHead(200, {'content-length': data.length}).end(data);
    },
  };
}
