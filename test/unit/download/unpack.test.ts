import {readFileSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {describe, expect, it} from 'vitest';
import type {DownloadProgress, DownloadRun} from '../../../lib/download/progress.js';
import {unpackZip} from '../../../lib/download/unpack.js';
import {unpackTar} from '../../../lib/download/untar.js';
import {put, someBytes} from '../../support/data_files.js';
import {errorOf} from '../../support/error_of.js';
import {namesIn, temporaryFolder} from '../../support/folders.js';
import {makeTar, type TarEntry} from '../../support/raw_tar.js';
import {makeZip} from '../../support/raw_zip.js';

const FILES: readonly TarEntry[] = [
  {name: 'set/', type: '5'},
  {name: 'set/a', data: Buffer.from(someBytes(70_000))},
  {name: './set/deep/b', data: Buffer.from('b')},
  {name: 'set/empty'},
  {name: 'other/c', data: Buffer.from('c')},
];
const wanted = (name: string): boolean => name.startsWith('set');

function runWith(changes: Partial<DownloadRun> = {}): DownloadRun {
  return {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    advice: {elsewhere: 'look elsewhere', space: 'Make room.'},
    ...changes,
  };
}

interface Put {
  readonly archive: string;
  readonly folder: string;
}

async function putArchive(bytes: Buffer): Promise<Put> {
  const parent = await temporaryFolder();
  const folder = join(parent, 'unpacked');
  await mkdir(folder);
  return {archive: await put(join(parent, 'archive'), bytes), folder};
}

describe('unpackTar', () => {
  it.each([
    ['packed by gzip', gzipSync(makeTar(FILES))],
    ['plain', makeTar(FILES)],
  ])('unpacks what is wanted of one that is %s, and tells how far it is', async (_, bytes) => {
    const {archive, folder} = await putArchive(bytes);
    const told: DownloadProgress[] = [];
    await unpackTar(archive, folder, wanted, runWith({onProgress: (p) => told.push(p)}));
    expect(namesIn(folder)).toEqual(['set']);
    expect(namesIn(join(folder, 'set'))).toEqual(['a', 'deep', 'empty']);
    expect(Buffer.compare(readFileSync(join(folder, 'set/a')), someBytes(70_000))).toBe(0);
    expect(readFileSync(join(folder, 'set/deep/b'), 'utf8')).toBe('b');
    expect(told.at(-1)).toEqual({kind: 'bytes', done: 70_001, total: 70_001});
  });

  it.each<[string, readonly TarEntry[], RegExp]>([
    ['a name that leads out', [{name: 'set/../../evil'}], /name set\/\.\.\/\.\.\/evil leads out/],
    ['an absolute name', [{name: '/tmp/evil'}], /name \/tmp\/evil leads out/],
    ['a link', [{name: 'set/l', type: '2', link: 'a'}], /set\/l is no file or folder/],
    ['a hard link', [{name: 'set/l', type: '1', link: 'set/a'}], /set\/l is no file or folder/],
    ['a device', [{name: 'set/d', type: '3'}], /set\/d is no file or folder/],
    ['a link that is not wanted', [{name: 'x', type: '2', link: '/etc'}], /x is no file or folder/],
    [
      'nothing but nulls',
      [{name: 'set/big', data: Buffer.alloc(30e6)}],
      /more than 100 times its size/,
    ],
  ])('refuses %s before anything is written', async (_, more, why) => {
    const {archive, folder} = await putArchive(gzipSync(makeTar([...FILES, ...more])));
    const error = await errorOf(unpackTar(archive, folder, wanted, runWith()), 'ERR_ARCHIVE');
    expect(error.message).toMatch(why);
    expect(error.message).toContain(archive);
    expect(namesIn(folder)).toEqual([]);
  });

  it.each<[string, (whole: Buffer) => Buffer]>([
    ['that is cut off', (whole) => whole.subarray(0, whole.length - 2000)],
    [
      'with a byte that is wrong',
      (whole) => Buffer.from(whole.map((v, i) => (i === 3000 ? v ^ 255 : v))),
    ],
    ['that is a web page', () => Buffer.from('<html>not found</html>'.repeat(100))],
    ['that is empty', () => Buffer.alloc(0)],
  ])('refuses an archive %s', async (_, change) => {
    const {archive, folder} = await putArchive(change(gzipSync(makeTar(FILES))));
    await errorOf(unpackTar(archive, folder, wanted, runWith()), 'ERR_ARCHIVE');
    expect(namesIn(folder)).toEqual([]);
  });

  it('rejects with the reason of the signal', async () => {
    const {archive, folder} = await putArchive(gzipSync(makeTar(FILES)));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(unpackTar(archive, folder, wanted, runWith({signal}))).rejects.toThrow('enough');
  });
});

describe('unpackZip', () => {
  it('unpacks what is wanted', async () => {
    const {archive, folder} = await putArchive(
      makeZip([
        {name: 'set/a', data: 'a'},
        {name: 'other/b', data: 'b'},
      ]),
    );
    await unpackZip(archive, folder, runWith(), {wanted});
    expect(namesIn(folder)).toEqual(['set']);
  });

  it.each([
    [
      'through a link to the folder itself',
      [
        ['s', '.'],
        ['z', 's/s/..'],
      ],
    ],
    [
      'through a link to a folder below',
      [
        ['s', 'a/b'],
        ['s/up', 'x'],
        ['z', 's/../../..'],
      ],
    ],
    ['to nothing', [['z', 'absent']]],
  ])('refuses a link that leads out or nowhere, %s', async (_, links) => {
    const {archive, folder} = await putArchive(
      makeZip([
        {name: 'a/b/c', data: 'c'},
        ...links.map(([name = '', data = '']) => ({name, data, mode: 0o120777})),
      ]),
    );
    await errorOf(unpackZip(archive, folder, runWith()), 'ERR_ARCHIVE');
  });

  it('writes nothing behind a link of the archive', async () => {
    const {archive, folder} = await putArchive(
      makeZip([
        {name: 'a/b/c', data: 'c'},
        {name: 's', data: 'a', mode: 0o120777},
        {name: 's/b/d', data: 'c', mode: 0o120777},
      ]),
    );
    const {message} = await errorOf(unpackZip(archive, folder, runWith()), 'ERR_ARCHIVE');
    expect(message).toContain('s/b/d lies behind a link');
    expect(namesIn(join(folder, 'a/b'))).toEqual(['c']);
  });

  it('makes links to files and to links in it', async () => {
    const {archive, folder} = await putArchive(
      makeZip([
        {name: 'lib/a.so', data: 'a.so.1', mode: 0o120777},
        {name: 'lib/a.so.1', data: 'a.so.1.2', mode: 0o120777},
        {name: 'lib/a.so.1.2', data: 'code'},
      ]),
    );
    await unpackZip(archive, folder, runWith());
    expect(readFileSync(join(folder, 'lib/a.so'), 'utf8')).toBe('code');
  });

  it('refuses links where there are to be none', async () => {
    const {archive, folder} = await putArchive(
      makeZip([
        {name: 'set/a', data: 'a'},
        {name: 'set/l', data: 'a', mode: 0o120777},
      ]),
    );
    const work = unpackZip(archive, folder, runWith(), {wanted, withoutLinks: true});
    expect((await errorOf(work, 'ERR_ARCHIVE')).message).toContain('set/l is a link');
    expect(namesIn(folder)).toEqual([]);
  });
});
