import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdir, mkdtemp, readdir, readFile, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {messageOf, SauError} from '../errors.js';
import {cacheFolder, type LibTorch, readLibTorch} from './libtorch.js';

/**
 * Fetches LibTorch of `version` through pip into the package's cache and returns it. No Python environment
 * is touched: the wheel is unpacked beside, by path. Where pip brings a CUDA build, the NVIDIA libraries
 * that it names come too. The folder appears whole or not at all. Throws ERR_LIBTORCH_NOT_FOUND.
 */
export async function fetchLibTorch(
  version: string,
  log: (line: string) => void,
): Promise<LibTorch> {
  const cache = cacheFolder();
  await mkdir(cache, {recursive: true});
  const temporary = await mkdtemp(join(cache, '.fetch-'));
  try {
    log(`Fetching LibTorch ${version} through pip into ${cache} (about 200 MB, with CUDA some GB)`);
    await pip(['--no-deps', '--target', temporary, `torch==${version}`], version);
    const fetched = readLibTorch(temporary, 'cache');
    if (fetched === null || fetched.version !== version) {
      throw failure(version, `pip brought no LibTorch ${version}`);
    }
    const requirements = fetched.cuda === null ? [] : await nvidiaRequirements(temporary);
    if (requirements.length > 0) {
      log(`This is a CUDA ${fetched.cuda} build: fetching the NVIDIA libraries that it names`);
      await pip(['--target', temporary, ...requirements], version);
    }
    const variant = fetched.cuda === null ? 'cpu' : `cu${fetched.cuda.replace('.', '')}`;
    const destination = join(cache, `libtorch-${version}-${variant}`);
    // Another process may have been faster: its copy is as good.
    if (!existsSync(destination)) await rename(temporary, destination);
    const libtorch = readLibTorch(destination, 'cache');
    if (libtorch === null) throw failure(version, `${destination} holds no LibTorch`);
    return libtorch;
  } finally {
    await rm(temporary, {recursive: true, force: true});
  }
}

/** The requirements of a CUDA wheel that bring shared libraries, as pip reads them. */
async function nvidiaRequirements(target: string): Promise<string[]> {
  const info = (await readdir(target)).find((name) => /^torch-.*\.dist-info$/.test(name));
  if (info === undefined) return [];
  const metadata = await readFile(join(target, info, 'METADATA'), 'utf8');
  return [...metadata.matchAll(/^Requires-Dist: ((?:nvidia|cuda-toolkit).*)$/gm)].map((m) =>
    String(m[1]),
  );
}

async function pip(args: string[], version: string): Promise<void> {
  const command = ['-m', 'pip', 'install', '--disable-pip-version-check', ...args];
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn('python3', command, {
      // pip's own words are progress, hence stderr.
      stdio: ['ignore', process.stderr, process.stderr],
      env: {...process.env, PIP_ROOT_USER_ACTION: 'ignore'},
    });
    child.on('error', (cause) => reject(failure(version, messageOf(cause))));
    child.on('close', resolve);
  });
  if (code !== 0) throw failure(version, `\`python3 ${command.join(' ')}\` ended with ${code}`);
}

function failure(version: string, reason: string): SauError {
  return new SauError(
    'ERR_LIBTORCH_NOT_FOUND',
    `Expected pip to fetch LibTorch ${version} but ${reason}. Install python3 with pip, or unpack a LibTorch ` +
      `${version} by other means and point SAU_NATIVE_LIBTORCH to it.`,
  );
}
