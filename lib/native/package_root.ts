import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';

/** The folder of the package itself, from sources and from dist alike. */
export function packageRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'libtorch.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`No libtorch.json above ${__dirname}`);
    folder = parent;
  }
  return folder;
}
