// The steps that `npm run build` and `npm run prebuilds` share.
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync, realpathSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

/** The LibTorch version that libtorch.json pins. */
export function pinnedVersion() {
  return pins().version;
}

/** A Python for which there are wheels of that version. */
export function wheelPython() {
  return pins().wheelPython;
}

function pins() {
  return JSON.parse(readFileSync(join(root, 'libtorch.json'), 'utf8'));
}

/** The table of platforms, which is part of the package and compiled where that has not been done. */
export function platforms() {
  const table = join(root, 'dist/lib/native/platforms.js');
  if (!existsSync(table)) compileTypeScript();
  return require(table);
}

/** Compiles lib/ and bin/ into dist/. Ends the process if that fails. */
export function compileTypeScript(...options) {
  run(require.resolve('typescript/bin/tsc'), ['-p', root, ...options]);
}

/** The LibTorch for a build: any supported one that the user points to, otherwise exactly the pinned one. */
export async function libTorchForBuild() {
  const {findLibTorch, readLibTorch} = require('../dist/lib/native/libtorch.js');
  const {fetchForBuild} = require('../dist/lib/setup/install.js');
  const version = pinnedVersion();
  for (const name of ['SAU_NATIVE_LIBTORCH', 'LIBTORCH']) {
    const chosen = process.env[name] && readLibTorch(process.env[name], name);
    if (chosen) return chosen; // CMake checks its version against libtorch.json
  }
  const {found} = await findLibTorch(version);
  return found ?? (await fetchForBuild((line) => console.error(line)));
}

/** The build folder for a platform: that of another one has its own, and a toolchain file of CMake. */
export function buildFolder({tuple}) {
  return tuple === platforms().THIS_TUPLE ? 'build' : `build-${tuple}`;
}

/**
 * Brings the build folder in `folder` up to date for this LibTorch and returns its path. Ends the process where that
 * fails. cmake-js configures a build folder only once, so that one that does not fit is made anew. Not its `compile`,
 * which answers an error in one source by building everything again.
 */
export function compileAddon(libtorch, folder = root, platform = platforms().thisPlatform()) {
  console.error(`LibTorch ${libtorch.version} in ${libtorch.root} (${libtorch.source})`);
  const cmakeJs = join(dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  const build = join(folder, buildFolder(platform));
  const misfit = misfitOf(build, {source: folder, libtorch: libtorch.root});
  if (misfit !== null) console.error(`Building anew: ${misfit}`);
  const isCross = platform.tuple !== platforms().THIS_TUPLE;
  const toolchain = join(folder, 'native', 'cmake', `${platform.tuple}.cmake`);
  run(
    cmakeJs,
    [
      ...[misfit === null ? 'build' : 'rebuild', '--out', build, '--parallel', '2'],
      `--CDLIBTORCH_DIR=${libtorch.root}`,
      ...(isCross ? [`--CDCMAKE_TOOLCHAIN_FILE=${toolchain}`] : []),
    ],
    folder,
  );
  return build;
}

/**
 * Why CMake cannot go on in `build`; null where it can, or where there is nothing yet. In a folder that was copied with
 * its clone CMake would build the sources of the clone that it was configured in, and write there.
 */
function misfitOf(build, {source, libtorch}) {
  const cache = join(build, 'CMakeCache.txt');
  if (!existsSync(cache)) return null;
  const text = readFileSync(cache, 'utf8');
  const cached = (entry) => new RegExp(`^${entry}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  const home = cached('CMAKE_HOME_DIRECTORY:INTERNAL');
  if (realPath(home) !== realPath(source)) return `build/ was configured for ${home}`;
  const before = cached('LIBTORCH_DIR:PATH');
  if (before !== libtorch) return `build/ was configured for LibTorch in ${before || 'no folder'}`;
  const isComplete = ['build.ninja', 'Makefile'].some((name) => existsSync(join(build, name)));
  return isComplete ? null : 'the configuration of build/ was not completed';
}

/** Null for a path that leads nowhere. */
function realPath(path) {
  return existsSync(path) ? realpathSync(path) : null;
}

/** stdout is for results, and a build has none, so the output of the tools goes to stderr. */
function run(script, args, cwd = root) {
  const {status} = spawnSync(process.execPath, [script, ...args], {
    cwd,
    stdio: ['inherit', process.stderr, process.stderr],
  });
  if (status !== 0) process.exit(status ?? 1);
}
