// What `npm run build` and `npm run prebuilds` have in common.
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

/** The LibTorch version that libtorch.json pins. */
export function pinnedVersion() {
  return JSON.parse(readFileSync(join(root, 'libtorch.json'), 'utf8')).version;
}

/** Compiles lib/ and bin/ into dist/. Ends the process where that fails. */
export function compileTypeScript(...options) {
  run(require.resolve('typescript/bin/tsc'), ['-p', root, ...options]);
}

/** Any supported LibTorch that the user points to will do for a build; else exactly the pinned one. */
export async function libTorchForBuild() {
  const {findLibTorch, readLibTorch} = require('../dist/lib/native/libtorch.js');
  const {fetchForBuild} = require('../dist/lib/setup/for_build.js');
  const version = pinnedVersion();
  for (const name of ['SAU_NATIVE_LIBTORCH', 'LIBTORCH']) {
    const chosen = process.env[name] && readLibTorch(process.env[name], name);
    if (chosen) return chosen; // CMake checks its version against libtorch.json
  }
  const {found} = await findLibTorch(version);
  return found ?? (await fetchForBuild((line) => console.error(line)));
}

/**
 * Brings build/Release up to date for this LibTorch. Ends the process where that fails. cmake-js configures
 * a folder only once: for another LibTorch it must start anew, or it would go on with the first one.
 */
export function compileAddon(libtorch) {
  console.error(`LibTorch ${libtorch.version} in ${libtorch.root} (${libtorch.source})`);
  const cmakeJs = join(dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  const before = configuredLibTorch();
  const command = before === null || before === libtorch.root ? 'compile' : 'rebuild';
  run(cmakeJs, [command, `--CDLIBTORCH_DIR=${libtorch.root}`, '--parallel', '2']);
}

function configuredLibTorch() {
  const cache = join(root, 'build', 'CMakeCache.txt');
  if (!existsSync(cache)) return null;
  return /^LIBTORCH_DIR:PATH=(.*)$/m.exec(readFileSync(cache, 'utf8'))?.[1] ?? null;
}

/** stdout is the result, which a build has none of: what the tools say goes to stderr. */
function run(script, args) {
  const {status} = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    stdio: ['inherit', process.stderr, process.stderr],
  });
  if (status !== 0) process.exit(status ?? 1);
}
