import {execFile} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {basename, delimiter, join, resolve} from 'node:path';
import {promisify} from 'node:util';
import {errnoOf} from '../base/errors.js';
import {machineOf} from '../native/elf.js';
import {findLibC, loadedLibStdCxx} from '../native/libc.js';
import type {LibTorch} from '../native/libtorch.js';
import {platformOf, thisPlatform} from '../native/platforms.js';
import {compareVersions} from '../setup/pins.js';
import type {LibraryCheck, LibraryVersion} from './report.js';

/**
 * Asks ldd which dependencies of each library cannot be found.
 * @param provided Names that are loaded before, by path
 * @returns null if there is no ldd, or one of another system: where Node is emulated, that of the machine
 */
export async function checkLinking(
  paths: readonly string[],
  provided: readonly string[],
): Promise<LibraryCheck | null> {
  const there = paths.filter((path) => existsSync(path));
  const [ofNode = null, ...answers] = await Promise.all([process.execPath, ...there].map(ldd));
  const isUnread = (text: string) => !/ => |statically linked|ld-linux/.test(text);
  if (ofNode === null || isUnread(ofNode) || answers.some((answer) => answer === null)) return null;
  const texts = answers.map((answer) => answer ?? '');
  const missing = new Map<string, string>();
  const missingVersions = new Map<string, string>();
  texts.forEach((text, i) => {
    for (const [, soname = ''] of text.matchAll(/^\s*(\S+) => not found/gm)) {
      if (!provided.includes(soname) && !missing.has(soname)) missing.set(soname, there[i] ?? '');
    }
    const versions = /version `([^']+)' not found \(required by (.+)\)/g;
    for (const [, version = '', neededBy = ''] of text.matchAll(versions)) {
      if (!missingVersions.has(version)) missingVersions.set(version, neededBy);
    }
  });
  return {
    checked: there,
    missing: [...missing].map(([soname, neededBy]) => ({soname, neededBy})),
    missingVersions: [...missingVersions].map(([version, neededBy]) => ({version, neededBy})),
    damaged: [
      ...paths.filter((path) => !there.includes(path)).map((path) => `${path} (absent)`),
      ...there.filter((_, i) => isUnread(texts[i] ?? '')),
    ],
  };
}

/** A library that is for another processor. */
export interface ForeignLibrary {
  readonly path: string;
  /** Such as "linux-arm64". */
  readonly platform: string;
}

/** The first library that is whole and not for the processor of this process. */
export async function findForeign(paths: readonly string[]): Promise<ForeignLibrary | null> {
  for (const path of paths) {
    const machine = await machineOf(path);
    if (machine !== null && machine !== thisPlatform().elfMachine)
      return {path, platform: platformOf(machine)};
  }
  return null;
}

export function namesOf(paths: readonly string[]): string[] {
  return paths.map((path) => basename(path));
}

/** What ldd prints, even if it fails; null if there is no ldd. */
async function ldd(path: string): Promise<string | null> {
  const options = {env: {...process.env, LC_ALL: 'C'}, timeout: 60_000, maxBuffer: 1 << 24};
  try {
    const {stdout, stderr} = await promisify(execFile)('ldd', [path], options);
    return `${stdout}\n${stderr}`;
  } catch (error) {
    if (errnoOf(error) !== null) return null;
    const {stdout, stderr} = error as {stdout?: string; stderr?: string};
    return `${stdout ?? ''}\n${stderr ?? ''}`;
  }
}

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

/** Files of a LibTorch that do not belong together; null if all is well. */
export function mixedVariants(
  {root, cuda}: LibTorch,
  env: NodeJS.ProcessEnv = process.env,
): string | null {
  const label = labelOf(root);
  const saysCuda = label === null ? null : /\+cu\d/.test(label);
  if (saysCuda === false && label?.includes('+cpu') && cuda !== null) {
    return `${root} says it is ${label} but holds libtorch_cuda.so of another build`;
  }
  if (saysCuda === true && cuda === null) {
    return `${root} says it is ${label} but has no libtorch_cuda.so`;
  }
  const lib = resolve(root, 'lib');
  const {system, libtorch} = thisPlatform();
  const variable = system.searchPath;
  const searched = (env[variable] ?? '').split(delimiter).filter((folder) => folder !== '');
  const names = libtorch.cpu;
  const other = searched.find(
    (folder) => resolve(folder) !== lib && names.some((name) => existsSync(join(folder, name))),
  );
  return other === undefined ? null : `${variable} leads to another LibTorch, in ${other}`;
}

/** Such as "2.13.0+cpu". */
function labelOf(root: string): string | null {
  for (const [name, pattern] of [
    ['version.py', /__version__ = '([^']+)'/],
    ['build-version', /^(\S+)/],
  ] as const) {
    const path = join(root, name);
    if (existsSync(path)) return pattern.exec(readFileSync(path, 'utf8'))?.[1] ?? null;
  }
  return null;
}
