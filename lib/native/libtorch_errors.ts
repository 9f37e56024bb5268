import {SauError} from '../errors.js';
import type {LibTorch, LibTorchAttempt} from './libtorch.js';
import {isClone} from './package_root.js';

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

/** An explicit choice that is none. */
export function nothingThere(
  source: string,
  path: string,
  tried: readonly LibTorchAttempt[],
): SauError {
  return new SauError(
    'ERR_LIBTORCH_NOT_FOUND',
    `Expected a LibTorch in ${path} (${source}) but found no lib/libtorch_cpu.so there.`,
    {
      remedy:
        'Point it to the folder with lib/ and include/, or remove the setting and run `npx sau-native setup`.',
      details: {tried},
    },
  );
}

/** An explicit choice of another version. */
export function wrongVersion(found: LibTorch, version: string): SauError {
  const {source, root: path} = found;
  const build = isClone() ? ' or build from source against this one;' : '';
  return new SauError(
    'ERR_LIBTORCH_VERSION',
    `Expected LibTorch ${version} but found ${found.version} in ${path} (${source}).`,
    {
      remedy:
        `Unset ${source} and run \`npx sau-native setup\`, or point it to a LibTorch ${version};${build} ` +
        'LIBTORCH_BYPASS_VERSION_CHECK=1 loads it all the same, at your own risk.',
      details: {expected: version, found: found.version, path, source},
    },
  );
}
