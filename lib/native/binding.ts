import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {resolve as resolveAddon} from 'node-gyp-build';
import {ERROR_CODES, messageOf, SauError, type SauErrorCode} from '../base/errors.js';
import {named} from '../options/named.js';
import type {NativeCore} from './contract.js';
import {findLibTorch, type LibTorch, librariesOf, libTorchNotFound} from './libtorch.js';
import {isClone, packageRoot} from './package_root.js';
import {BUILD_DESCRIPTION, supportedPlatforms, THIS_TUPLE, thisPlatform} from './platforms.js';

/** The exports of `sau_native.node`, which needs no LibTorch. */
interface Loader {
  load(preload: string[], core: string): Promise<NativeCore>;
}

/** Where the addon was built or installed, and which LibTorch it was built for. */
export interface AddonFiles {
  /** Path of the file that `require` loads. */
  readonly loader: string;
  /** Path of the core, which is loaded once LibTorch is there. */
  readonly core: string;
  /** The LibTorch version that it was built for. */
  readonly libtorchVersion: string;
}

export interface LoadedCore {
  readonly core: NativeCore;
  readonly libtorch: LibTorch;
}

let loaded: Promise<LoadedCore> | undefined;

/**
 * Loads LibTorch and the native core, once per process. Takes about half a second, off the JS thread.
 * Throws ERR_LIBTORCH_NOT_FOUND, ERR_LIBTORCH_VERSION or ERR_NATIVE.
 */
export function loadCore(): Promise<LoadedCore> {
  loaded ??= load().catch((error: unknown) => {
    loaded = undefined; // so that a later call tries again
    throw error;
  });
  return loaded;
}

/** Throws ERR_NATIVE if the addon was neither built nor installed. */
export function addonFiles(): AddonFiles {
  const root = packageRoot();
  let loader: string;
  try {
    loader = resolveAddon(root);
  } catch (cause) {
    throw new SauError(
      'ERR_NATIVE',
      `Expected a native addon for ${THIS_TUPLE} in ${root} but found none.`,
      {
        cause,
        remedy: isClone()
          ? 'Run `npm run build`.'
          : `This platform has no prebuilt binary: use ${supportedPlatforms()}, or build a clone of the repository.`,
      },
    );
  }
  const folder = dirname(loader);
  const {addon} = thisPlatform();
  const core = join(folder, addon.core);
  const description = join(folder, BUILD_DESCRIPTION);
  if (!existsSync(core) || !existsSync(description)) {
    throw new SauError(
      'ERR_NATIVE',
      `Expected ${addon.core} and ${BUILD_DESCRIPTION} beside ${loader} but they are missing.`,
      {remedy: isClone() ? 'Run `npm run build`.' : 'Install the package again.'},
    );
  }
  const build = JSON.parse(readFileSync(description, 'utf8')) as {libtorch: string};
  return {loader, core, libtorchVersion: build.libtorch};
}

/**
 * LibTorch's message for batch norm over a single value, which means one image that the network has reduced to one
 * pixel.
 */
const ONE_VALUE = 'Expected more than 1 value per channel when training';

/** Turns an error of the addon into a SauError with its code. A SauError passes unchanged. */
export function toSauError(error: unknown): SauError {
  if (error instanceof SauError) return error;
  const code = (error as {code?: unknown} | null)?.code;
  const known = ERROR_CODES.find((c): c is SauErrorCode => c === code) ?? 'ERR_NATIVE';
  const said = messageOf(error);
  if (said.includes(ONE_VALUE)) {
    return new SauError(
      'ERR_CONFIG',
      `Expected batches of two images or more, as these are so small: ${said}.`,
      {
        cause: error,
        remedy: `Use another ${named('batchSize')}, of which the last batch is not one image, or a larger ${named('imageSize')}.`,
      },
    );
  }
  const message =
    known === 'ERR_OUT_OF_MEMORY'
      ? `Expected memory for the job but there is too little: ${said}. Lower ${named('batchSize')}, ${named('evalBatchSize')} or ${named('chunkSize')}.`
      : said;
  return new SauError(known, message, {cause: error});
}

/**
 * Says before a long call reads or writes anything that its LibTorch is missing. Loads nothing. Throws
 * ERR_LIBTORCH_NOT_FOUND, ERR_LIBTORCH_VERSION, and ERR_NATIVE without an addon.
 */
export async function requireLibTorch(): Promise<void> {
  if (loaded === undefined) await usableLibTorch(addonFiles());
}

async function usableLibTorch({libtorchVersion}: AddonFiles): Promise<LibTorch> {
  const {found, tried} = await findLibTorch(libtorchVersion);
  if (found === null) throw libTorchNotFound(libtorchVersion, tried);
  return found;
}

async function load(): Promise<LoadedCore> {
  const files = addonFiles();
  const found = await usableLibTorch(files);
  const loader = createRequire(__filename)(files.loader) as Loader;
  try {
    return {core: await loader.load(librariesOf(found), files.core), libtorch: found};
  } catch (cause) {
    const error = toSauError(cause);
    if (error.code === 'ERR_LIBTORCH_VERSION') throw error; // the process has another one already
    throw new SauError(
      'ERR_NATIVE',
      `Expected LibTorch ${found.version} in ${found.root} (${found.source}) to load but received: ` +
        `${messageOf(cause)}.`,
      {
        cause,
        remedy: '`npx sau-native doctor` says why and what to do.',
        details: {libtorch: found},
      },
    );
  }
}
