import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {SauError} from '../base/errors.js';

/**
 * The folder of the package, whether this file runs from the sources or from dist. Throws ERR_NATIVE if the package
 * is bundled.
 */
export function packageRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'libtorch.json'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new SauError(
        'ERR_NATIVE',
        `Expected the files of sau-native around ${__dirname} but found no libtorch.json there. Where a bundler put the ` +
          'package into a program, mark sau-native as external instead (docs/bundlers.md).',
      );
    }
    folder = parent;
  }
  return folder;
}

/** Whether the package is a clone of its repository, which can build the addon, and not an installed package. */
export function isClone(): boolean {
  return existsSync(join(packageRoot(), 'tsconfig.json'));
}
