import {readFile} from 'node:fs/promises';
import {findLibC, loadedLibStdCxx} from '../native/libc.js';
import {compareVersions} from '../setup/pins.js';
import type {LibraryVersion} from './report.js';

/** The versions of glibc and libstdc++ on this system, and those that the given binaries need. */
export async function systemLibraries(binaries: readonly string[]): Promise<LibraryVersion[]> {
  const needed = await Promise.all(binaries.map((path) => symbolsIn(path)));
  const libc = findLibC();
  const libStdCxx = loadedLibStdCxx();
  const versions: LibraryVersion[] = [];
  if (libc !== null) {
    const found = libc.name === 'glibc' ? libc.version : null;
    versions.push({name: libc.name, found, needed: newest(needed, 'GLIBC')});
  }
  if (libStdCxx !== null) {
    const found = newest([await symbolsIn(libStdCxx)], 'GLIBCXX');
    versions.push({name: 'libstdc++', found, needed: newest(needed, 'GLIBCXX')});
  }
  return versions;
}

/** The symbol versions that a binary names: those that it needs and, for a library, those that it provides. */
async function symbolsIn(path: string): Promise<string[]> {
  const text = await readFile(path, 'latin1').catch(() => '');
  return text.match(/\b(GLIBC|GLIBCXX)_\d[\d.]*(?=\0)/g) ?? [];
}

/** Such as "2.34" for GLIBC; null where none is named. */
function newest(symbols: readonly (readonly string[])[], library: string): string | null {
  const prefix = `${library}_`;
  const versions = symbols
    .flat()
    .filter((symbol) => symbol.startsWith(prefix))
    .map((symbol) => symbol.slice(prefix.length));
  return versions.sort(compareVersions).at(-1) ?? null;
}
