import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {basename} from 'node:path';
import {promisify} from 'node:util';
import {errnoOf} from '../base/errors.js';
import type {LibraryCheck} from './report.js';

/**
 * Asks ldd which dependencies of each library cannot be found.
 * @param provided Names that are loaded before, by path
 * @returns null if there is no ldd
 */
export async function checkLinking(
  paths: readonly string[],
  provided: readonly string[],
): Promise<LibraryCheck | null> {
  const there = paths.filter((path) => existsSync(path));
  const answers = await Promise.all(there.map(ldd));
  if (answers.some((answer) => answer === null)) return null;
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
  const isDamaged = (text: string) => !/ => |statically linked|ld-linux/.test(text);
  return {
    checked: there,
    missing: [...missing].map(([soname, neededBy]) => ({soname, neededBy})),
    missingVersions: [...missingVersions].map(([version, neededBy]) => ({version, neededBy})),
    damaged: [
      ...paths.filter((path) => !there.includes(path)).map((path) => `${path} (absent)`),
      ...there.filter((_, i) => isDamaged(texts[i] ?? '')),
    ],
  };
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
