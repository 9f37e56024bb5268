// Packs the package and checks the tarball's entry points and types: publint and are-the-types-wrong.
//   node scripts/check_package.mjs [tarball]
import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

/** The script of a package's command. */
function command(packageName, name) {
  const places = require.resolve.paths(packageName).map((path) => join(path, packageName));
  const found = places.find((path) => existsSync(join(path, 'package.json')));
  if (found === undefined) throw new Error(`${packageName} is not installed: run npm ci`);
  const {bin} = JSON.parse(readFileSync(join(found, 'package.json'), 'utf8'));
  return join(found, typeof bin === 'string' ? bin : bin[name]);
}

/** Packs without running scripts, so that the present dist is checked. */
function pack(folder) {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [{filename}] = JSON.parse(execFileSync('npm', args, {cwd: root, encoding: 'utf8'}));
  return join(folder, filename);
}

const folder = mkdtempSync(join(tmpdir(), 'sau-pack-'));
try {
  const tarball = process.argv[2] === undefined ? pack(folder) : resolve(process.argv[2]);
  const checks = [
    [command('publint', 'publint'), tarball, '--strict'],
    [command('@arethetypeswrong/cli', 'attw'), tarball, '--no-emoji'],
  ];
  for (const args of checks) {
    const {status} = spawnSync(process.execPath, args, {stdio: 'inherit'});
    if (status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, {recursive: true});
}
