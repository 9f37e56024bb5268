import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {inflateSync} from 'node:zlib';
import {FIXTURES} from './package.mjs';

/** Larger ones are slow to change and to read. */
const MOST_BYTES = 60_000;

/** Fixtures of the tests whose name matches, in the order of their names. */
export async function fixturesLike(folder, pattern, most = MOST_BYTES) {
  const names = (await readdir(join(FIXTURES, folder))).filter((name) => pattern.test(name)).sort();
  const files = await Promise.all(names.map((name) => readFile(join(FIXTURES, folder, name))));
  return files.filter(({length}) => length <= most);
}

/** As {@link fixturesLike}, of those that are kept compressed. */
export async function inflatedLike(folder, pattern) {
  return (await fixturesLike(folder, pattern)).map((bytes) => inflateSync(bytes));
}

/** What a writer of the package puts into a file. */
export async function writtenBy(write, name = 'file') {
  const folder = await mkdtemp(join(tmpdir(), 'sau-fuzz-seed-'));
  try {
    await write(join(folder, name));
    return await readFile(join(folder, name));
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}
