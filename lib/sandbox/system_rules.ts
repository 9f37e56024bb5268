import {existsSync, readdirSync, readFileSync, realpathSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {cacheFolder, type LibTorch, librariesOf} from '../native/libtorch.js';
import {packageRoot} from '../native/package_root.js';
import type {Rule} from './kernel.js';

/** What every command reads of the system: libraries and their data. Nothing of a user's is there. */
const SYSTEM = [
  ...['/usr', '/lib', '/lib64', '/lib32', '/nix/store', '/gnu/store', '/opt/cuda'],
  ...['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'ld.so.preload'].map((name) => `/etc/${name}`),
  ...['localtime', 'timezone', 'passwd', 'group', 'nsswitch.conf'].map((name) => `/etc/${name}`),
  ...['ssl/openssl.cnf', 'pki/tls/openssl.cnf', 'pki/tls/openssl.d', 'crypto-policies'].map(
    (name) => `/etc/${name}`,
  ),
  ...['/etc/nvidia', '/etc/fonts', '/run/opengl-driver'],
  // Of other processes the kernel shows no more than ps does.
  ...['/proc', '/sys', '/dev/urandom', '/dev/random', '/dev/zero'],
];

/** Devices of GPUs, by the beginning of their names in /dev. */
const GPU = /^(nvidia|nvhost|nvmap|dri$|dxg$)/;

/** Variables with lists of files and folders, and what is between these. */
const LISTS: readonly (readonly [name: string, separator: RegExp])[] = [
  ['LD_LIBRARY_PATH', /[:;]/],
  ['LD_PRELOAD', /[: ]/],
  ['SAU_NATIVE_SANDBOX_READ', /:/],
];
/** Variables with a file or folder. */
const SINGLE = ['SAU_NATIVE_LIBTORCH', 'LIBTORCH', 'NODE_EXTRA_CA_CERTS', 'OPENSSL_CONF'];

/** What the program itself needs: the system, Node, this package, LibTorch and the GPU. */
export function systemRules(
  libtorch: LibTorch | null,
  env: NodeJS.ProcessEnv = process.env,
): readonly Rule[] {
  const lists = LISTS.flatMap(([name, separator]) => (env[name] ?? '').split(separator));
  const pythons = ['VIRTUAL_ENV', 'CONDA_PREFIX'].flatMap((name) => {
    const prefix = env[name];
    return prefix ? [join(prefix, 'lib')] : [];
  });
  const reads = [
    ...SYSTEM,
    ...lists,
    ...SINGLE.flatMap((name) => env[name] ?? []),
    ...[cacheFolder(env), ...pythons, ...packageFolders()],
    ...(libtorch === null ? [] : foldersOf(libtorch)),
    ...mapped().filter((path) => !isLinker(path)),
  ];
  const runs = [process.execPath, ...mapped().filter(isLinker)];
  const devices = ['/dev/null', ...gpuDevices()];
  return [
    ...reads.filter((path) => path !== '').map((path): Rule => ({path, access: 'read'})),
    ...runs.map((path): Rule => ({path, access: 'run'})),
    ...devices.map((path): Rule => ({path, access: 'device'})),
  ];
}

/** The package, where its links lead, and every folder node_modules that it may find its dependencies in. */
function packageFolders(): readonly string[] {
  const root = realpathSync(packageRoot());
  const linked = ['node_modules', 'build'].map((name) => join(root, name)).filter(existsSync);
  const folders = [root, ...linked.map((path) => realpathSync(path))];
  for (let at = root; at !== dirname(at); at = dirname(at)) {
    if (basename(at) === 'node_modules') folders.push(at);
  }
  return folders;
}

/** LibTorch's own folder, that of NVIDIA's libraries beside it in a wheel, and where links lead. */
function foldersOf(libtorch: LibTorch): readonly string[] {
  const real = librariesOf(libtorch).flatMap((path) => {
    try {
      return [dirname(realpathSync(path))];
    } catch {
      return [];
    }
  });
  const folders = [libtorch.root, ...real];
  const beside = folders.flatMap((folder) => [
    join(folder, '..', 'nvidia'),
    join(folder, '..', '..', 'nvidia'),
  ]);
  return [...new Set([...folders, ...beside])];
}

/** The files that this process runs from: the next one needs them too, wherever they are. */
function mapped(): readonly string[] {
  const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
  const paths = lines.flatMap((line) => /\s(\/.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(paths)];
}

/** The kernel starts a program through it. */
function isLinker(path: string): boolean {
  return /^ld(-|\.so)/.test(basename(path));
}

function gpuDevices(): readonly string[] {
  try {
    return readdirSync('/dev')
      .filter((name) => GPU.test(name))
      .map((name) => join('/dev', name));
  } catch {
    return [];
  }
}
