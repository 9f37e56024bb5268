import {existsSync, mkdirSync, readdirSync, realpathSync, rmSync} from 'node:fs';
import {join, sep} from 'node:path';
import {gzipSync} from 'node:zlib';
import {mutateBytes} from '../formats/bytes.mjs';
import {mutateTar, tarOf} from '../formats/tar.mjs';
import {makeZip, mutateZip} from '../formats/zip.mjs';
import {inputIn} from '../guarded.mjs';
import {expectThat, outcomeOf} from '../oracle.mjs';
import {packageModule} from '../package.mjs';

const {unpackTar} = packageModule('download/untar');
const {unpackZip} = packageModule('download/unpack');

const MOST_BYTES = 1 << 20;
const RUN = {
  signal: new AbortController().signal,
  onProgress: () => undefined,
  advice: {elsewhere: 'x', space: 'x'},
};
/** What every archive unpacks to is within this. */
const INSIDE = 'unpacked/inside';
const FILES = [
  ['a/x.txt', Buffer.from('hello')],
  ['a/b/y.bin', Buffer.alloc(600, 1)],
  ['z', Buffer.alloc(0)],
];

/** Unpacks into an empty folder and looks at what lies there and beside it. */
async function unpackedBy(unpack, folder) {
  rmSync(join(folder, 'unpacked'), {recursive: true, force: true});
  const inside = join(folder, INSIDE);
  mkdirSync(inside, {recursive: true});
  const outcome = await outcomeOf(() => unpack(inputIn(folder), inside));
  expectThat(
    readdirSync(join(folder, 'unpacked')).join() === 'inside',
    'nothing outside of the folder',
  );
  expectThat(
    readdirSync(folder).every((name) => ['input', 'unpacked', 'suspect'].includes(name)),
    'nothing beside it',
  );
  if (outcome === 'accepted') checkLinks(inside);
  return outcome;
}

/** Those of a folder and of the folders in it; no link is followed. */
function linksBelow(folder) {
  return readdirSync(folder, {withFileTypes: true}).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? linksBelow(path) : entry.isSymbolicLink() ? [path] : [];
  });
}

function checkLinks(inside) {
  const root = realpathSync(inside);
  for (const path of linksBelow(inside)) {
    expectThat(
      existsSync(path) && `${realpathSync(path)}${sep}`.startsWith(root + sep),
      'links within',
    );
  }
}

const tar = {
  name: 'tar',
  mostBytes: MOST_BYTES,
  seeds: async () => [
    tarOf(FILES),
    gzipSync(tarOf(FILES)),
    tarOf([...FILES, ['a', Buffer.alloc(0)]]),
  ],
  mutate: mutateTar,
  run: (_, folder) =>
    unpackedBy((archive, inside) => unpackTar(archive, inside, () => true, RUN), folder),
};

const LINK = 0o120777;

const zip = {
  name: 'unzip',
  mostBytes: MOST_BYTES,
  seeds: async () => {
    const files = FILES.map(([name, data]) => ({name, data, mode: 0o100644}));
    const link = (name, target) => ({name, data: Buffer.from(target), mode: LINK});
    return [
      makeZip(files),
      makeZip([...files, link('l', 'a/x.txt'), link('a/m', '../l')]),
      makeZip([...files, link('d', 'a'), link('d/e', '..')]),
    ];
  },
  mutate: (random, bytes, context) =>
    mutateZip(random, bytes, {
      ...context,
      within: (_, data) =>
        random.chance(0.5)
          ? Buffer.from(random.pick(['..', '../..', 'a', 'l', '/x', 'd/..', '.', 'a/b/../..', '']))
          : mutateBytes(random, data, {...context, other: () => data}),
    }),
  run: (_, folder) => unpackedBy((archive, inside) => unpackZip(archive, inside, RUN), folder),
};

export const TARGETS = [tar, zip];
