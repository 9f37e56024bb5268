// Formats the C++ sources, or with --check fails if one is not formatted.
import {spawnSync} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const native = join(dirname(fileURLToPath(import.meta.url)), '..', 'native');
const sources = readdirSync(native, {recursive: true})
  .filter((name) => /\.(cc|h)$/.test(name))
  .map((name) => join(native, name));
const mode = process.argv.includes('--check') ? ['--dry-run', '--Werror'] : ['-i'];
const require = createRequire(import.meta.url);
const folder = dirname(require.resolve('clang-format-node/package.json'));
const cli = join(folder, require('clang-format-node/package.json').bin['clang-format-node']);
const {status} = spawnSync(process.execPath, [cli, ...mode, ...sources], {stdio: 'inherit'});
process.exit(status ?? 1);
