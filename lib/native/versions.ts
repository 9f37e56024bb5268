import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {loadCore} from './binding.js';
import {packageRoot} from './package_root.js';

/** The versions that a result depends on. */
export interface Versions {
  readonly sauNative: string;
  readonly node: string;
  readonly libtorch: string;
  readonly libtorchCuda: string | null;
}

/** This package's version. */
export function packageVersion(): string {
  const manifest = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(manifest) as {version: string}).version;
}

/** Loads LibTorch if that has not happened yet. */
export async function versions(): Promise<Versions> {
  const {libtorch} = await loadCore();
  return {
    sauNative: packageVersion(),
    node: process.versions.node,
    libtorch: libtorch.version,
    libtorchCuda: libtorch.cuda,
  };
}
