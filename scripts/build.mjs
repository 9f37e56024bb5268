// Builds everything in a clone: TypeScript, LibTorch where there is none, then the addon.
//   node scripts/build.mjs [--ts-only]
import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

function run(module, args) {
  const {status} = spawnSync(process.execPath, [require.resolve(module), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** Any supported LibTorch that the user points to will do for a build; else exactly the pinned one. */
async function libTorchForBuild() {
  const {findLibTorch, readLibTorch} = require('../dist/lib/native/libtorch.js');
  const {fetchLibTorch} = require('../dist/lib/native/fetch_libtorch.js');
  const {version} = JSON.parse(readFileSync(join(root, 'libtorch.json'), 'utf8'));
  for (const name of ['SAU_NATIVE_LIBTORCH', 'LIBTORCH']) {
    const chosen = process.env[name] && readLibTorch(process.env[name], name);
    if (chosen) return chosen; // CMake checks its version against libtorch.json
  }
  const {found} = await findLibTorch(version);
  return found ?? (await fetchLibTorch(version, (line) => console.error(line)));
}

run('typescript/bin/tsc', ['-p', root]);
if (!process.argv.includes('--ts-only')) {
  const libtorch = await libTorchForBuild();
  console.error(`LibTorch ${libtorch.version} in ${libtorch.root} (${libtorch.source})`);
  const cmakeJs = join(dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  run(cmakeJs, ['compile', `--CDLIBTORCH_DIR=${libtorch.root}`, '--parallel', '2']);
}
