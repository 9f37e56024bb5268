import {execFile} from 'node:child_process';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {dirname, join} from 'node:path';
import {promisify} from 'node:util';
import {errnoOf, messageOf, SauError} from '../base/errors.js';
import {isClone} from './package_root.js';
import {type Platform, thisPlatform} from './platforms.js';

const {libtorch: LIBRARIES} = thisPlatform();
/** The file that shows that a folder is a LibTorch, and the one that shows a CUDA build. */
export const MARK = `lib/${LIBRARIES.mark}`;
const CUDA_MARK = `lib/${LIBRARIES.cudaMark}`;

/** A LibTorch on disk, from the official zip or a Python wheel. */
export interface LibTorch {
  /** The folder that holds lib/. */
  readonly root: string;
  /** Such as "2.13.0". */
  readonly version: string;
  /** CUDA version it was built with, such as "13.0"; null for a CPU build. */
  readonly cuda: string | null;
  /** How it was found, such as "SAU_NATIVE_LIBTORCH". */
  readonly source: string;
}

/** A place that was searched. */
export interface LibTorchAttempt {
  /** What named it, such as a variable. */
  readonly source: string;
  /** The folder, or a description if there is none. */
  readonly path: string;
  /** Such as "chosen" or "version 2.5.1". */
  readonly outcome: string;
}

export interface LibTorchSearch {
  readonly found: LibTorch | null;
  readonly tried: readonly LibTorchAttempt[];
}

interface Place {
  readonly source: string;
  /** null: there is nothing to look at. */
  readonly path: string | null;
  /** Chosen by the user. If it cannot be used, that is an error, and it is never skipped. */
  readonly isExplicit: boolean;
  /** Why the place itself cannot be read. */
  readonly fault?: string;
}

/** `SAU_NATIVE_CACHE`, or sau-native in the user's cache folder. */
export function cacheFolder(
  env: NodeJS.ProcessEnv = process.env,
  {system: {cache}}: Platform = thisPlatform(),
): string {
  const caches = env[cache.variable] || join(homedir(), ...cache.folder);
  return env.SAU_NATIVE_CACHE || join(caches, 'sau-native');
}

/**
 * Looks for a LibTorch of exactly `version` in this order: `explicit`, SAU_NATIVE_LIBTORCH, LIBTORCH, the package's
 * cache, the active Python environment (VIRTUAL_ENV, CONDA_PREFIX, then python3's torch, found by path and not
 * imported), /usr/lib. Throws ERR_LIBTORCH_NOT_FOUND or ERR_LIBTORCH_VERSION if an explicit choice cannot be used.
 */
export async function findLibTorch(
  version: string,
  explicit?: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<LibTorchSearch> {
  const tried: LibTorchAttempt[] = [];
  for await (const {source, path, isExplicit, fault} of places(version, explicit, env)) {
    const found = path === null ? null : readLibTorch(path, source);
    if (fault !== undefined) {
      tried.push({source, path: path ?? '', outcome: fault});
    } else if (path === null) {
      tried.push({source, path: 'its torch', outcome: 'not installed'});
    } else if (found === null) {
      tried.push({source, path, outcome: `no ${MARK}`});
      if (isExplicit) throw nothingThere(source, path, tried);
    } else if (found.version !== version && env.LIBTORCH_BYPASS_VERSION_CHECK !== '1') {
      tried.push({source, path, outcome: `version ${found.version}`});
      if (isExplicit) throw wrongVersion(found, version);
    } else {
      tried.push({source, path, outcome: 'chosen'});
      return {found, tried};
    }
  }
  return {found: null, tried};
}

/** Reads what a folder holds: the folder with lib/, or the one above torch/. null if it is not a LibTorch. */
export function readLibTorch(path: string, source: string): LibTorch | null {
  for (const root of [join(path, 'torch'), path]) {
    if (!existsSync(join(root, MARK))) continue;
    const python = readIfThere(join(root, 'version.py'));
    const text = python ?? readIfThere(join(root, 'build-version')) ?? '';
    const version = /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'unknown';
    const cuda = existsSync(join(root, CUDA_MARK))
      ? (/^cuda\b.*?'([\d.]+)'/m.exec(text)?.[1] ?? 'unknown')
      : null;
    return {root, version, cuda, source};
  }
  return null;
}

/** The libraries to open, in order, before the addon's core. */
export function librariesOf(
  {root, cuda}: LibTorch,
  {libtorch}: Platform = thisPlatform(),
): string[] {
  const names = cuda === null ? libtorch.cpu : libtorch.cuda;
  return names.map((name) => join(root, 'lib', name));
}

async function* places(
  version: string,
  explicit: string | undefined,
  env: NodeJS.ProcessEnv,
): AsyncGenerator<Place> {
  if (explicit !== undefined) yield {source: 'option libtorch', path: explicit, isExplicit: true};
  for (const name of ['SAU_NATIVE_LIBTORCH', 'LIBTORCH']) {
    const path = env[name];
    if (path) yield {source: name, path, isExplicit: true};
  }
  yield* cachedPlaces(version, env);
  for (const name of ['VIRTUAL_ENV', 'CONDA_PREFIX']) {
    const prefix = env[name];
    if (prefix)
      yield* packageFolders(prefix).map((path) => ({source: name, path, isExplicit: false}));
  }
  yield {source: 'python3', path: await pythonTorch(env), isExplicit: false};
  yield {source: 'system', path: '/usr', isExplicit: false};
}

/** A CUDA build also serves the CPU, so it comes first. */
function* cachedPlaces(version: string, env: NodeJS.ProcessEnv): Generator<Place> {
  const cache = cacheFolder(env);
  const prefix = `libtorch-${version}-`;
  const listed = namesIn(cache);
  if (typeof listed === 'string') {
    yield {source: 'cache', path: cache, isExplicit: false, fault: listed};
    return;
  }
  const names = listed.filter((name) => name.startsWith(prefix));
  names.sort((a, b) => Number(b.includes('-cu')) - Number(a.includes('-cu')) || a.localeCompare(b));
  if (names.length === 0)
    yield {source: 'cache', path: join(cache, `${prefix}*`), isExplicit: false};
  for (const name of names) yield {source: 'cache', path: join(cache, name), isExplicit: false};
}

/** The names in a folder: none if there is no such folder, or the reason why they cannot be read. */
function namesIn(folder: string): string[] | string {
  try {
    return readdirSync(folder);
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? [] : `cannot be read: ${messageOf(error)}`;
  }
}

/** The folders of packages in a Python environment; a pattern where it has none. */
export function packageFolders(
  prefix: string,
  {system: {packages}}: Platform = thisPlatform(),
): string[] {
  const folder = join(prefix, packages.folder);
  if (!packages.byVersion) return [join(folder, 'site-packages')];
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const pythons = names.filter((name) => /^python3\.\d+$/.test(name));
  if (pythons.length === 0) return [join(folder, 'python3.*')];
  return pythons.map((python) => join(folder, python, 'site-packages'));
}

/** The folder from which python3 would import torch. This runs python but does not import torch. */
async function pythonTorch(env: NodeJS.ProcessEnv): Promise<string | null> {
  const code =
    'import importlib.util as u; s = u.find_spec("torch"); print(s.origin if s and s.origin else "")';
  try {
    const {stdout} = await promisify(execFile)(thisPlatform().system.python, ['-I', '-c', code], {
      env,
      timeout: 10_000,
    });
    return stdout.trim() === '' ? null : dirname(stdout.trim());
  } catch {
    return null; // no python3: there is nothing to find
  }
}

function readIfThere(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** The error for a search that found nothing: every place, and what to do. */
export function libTorchNotFound(version: string, tried: readonly LibTorchAttempt[]): SauError {
  const places = tried.map((t) => `  ${t.source}: ${t.path} (${t.outcome})`).join('\n');
  const build = isClone() ? ' (in a clone `npm run build` does so too)' : '';
  return new SauError(
    'ERR_LIBTORCH_NOT_FOUND',
    `Expected LibTorch ${version} but found none. Tried:\n${places}`,
    {
      remedy:
        `Run \`npx sau-native setup\`, which fetches one${build}, or point SAU_NATIVE_LIBTORCH to a LibTorch of ` +
        `this version, such as the folder of \`pip install --no-deps --target DIR torch==${version}\`.`,
      details: {version, tried},
    },
  );
}

/** The error for an explicit choice that is not a LibTorch. */
function nothingThere(source: string, path: string, tried: readonly LibTorchAttempt[]): SauError {
  return new SauError(
    'ERR_LIBTORCH_NOT_FOUND',
    `Expected a LibTorch in ${path} (${source}) but found no ${MARK} there.`,
    {
      remedy:
        'Point it to the folder with lib/ and include/, or remove the setting and run `npx sau-native setup`.',
      details: {tried},
    },
  );
}

/** The error for an explicit choice of another version. */
function wrongVersion(found: LibTorch, version: string): SauError {
  const {source, root: path} = found;
  const build = isClone() ? ' or build from source against this one;' : '';
  return new SauError(
    'ERR_LIBTORCH_VERSION',
    `Expected LibTorch ${version} but found ${found.version} in ${path} (${source}).`,
    {
      remedy:
        `Unset ${source} and run \`npx sau-native setup\`, or point it to a LibTorch ${version};${build} ` +
        'LIBTORCH_BYPASS_VERSION_CHECK=1 loads it anyway, at your own risk.',
      details: {expected: version, found: found.version, path, source},
    },
  );
}
