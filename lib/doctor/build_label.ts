import {existsSync, readFileSync} from 'node:fs';
import {delimiter, join, resolve} from 'node:path';
import type {LibTorch} from '../native/libtorch.js';

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
  const searched = (env.LD_LIBRARY_PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const other = searched.find(
    (folder) => resolve(folder) !== lib && existsSync(join(folder, 'libc10.so')),
  );
  return other === undefined ? null : `LD_LIBRARY_PATH leads to another LibTorch, in ${other}`;
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
