import {existsSync} from 'node:fs';
import {mkdir, rename, rm} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {messageOf, SauError} from '../base/errors.js';
import {requireSum} from '../download/checksum.js';
import {copyFolder} from '../download/disk.js';
import {download} from '../download/download.js';
import {unpackZip} from '../download/unpack.js';
import {machineOf} from '../native/elf.js';
import {type LibTorch, MARK, readLibTorch} from '../native/libtorch.js';
import {platformOf, THIS_TUPLE, thisPlatform} from '../native/platforms.js';
import {named} from '../options/named.js';
import type {SetupCache} from './cache.js';
import {variantOf} from './pins.js';
import {fetchNvidiaLibraries, fetchWheel, type PipAttempt} from './pip.js';
import type {SetupPlan} from './plan.js';
import type {SetupRun} from './progress.js';

/** Brings the LibTorch of a plan into an empty folder, as torch/ and nvidia/, and checks what came. */
export async function bring(
  plan: SetupPlan,
  staging: string,
  cache: SetupCache,
  run: SetupRun,
): Promise<LibTorch> {
  const {source} = plan;
  switch (source.kind) {
    case 'pip':
      return bringThroughPip(source.attempts, plan, staging, run);
    case 'url': {
      const part = cache.partOf(source.url);
      run.onProgress({kind: 'stage', message: `fetching ${plan.from}`});
      await download(source.url, {sha256: source.sha256}, part, run);
      return bringArchive(part, plan, staging, run);
    }
    case 'archive':
      if (source.sha256 !== null) {
        await requireSum(source.path, {sha256: source.sha256}, source.path, run.signal);
      }
      return bringArchive(source.path, plan, staging, run);
    case 'folder':
      return bringFolder(source.path, plan, staging, run);
  }
}

async function bringArchive(
  archive: string,
  plan: SetupPlan,
  staging: string,
  run: SetupRun,
): Promise<LibTorch> {
  run.onProgress({kind: 'stage', message: `unpacking ${archive}`});
  await unpackZip(archive, staging, run);
  // The zip names the folder libtorch. It gets the wheel's name for it, so that NVIDIA's libraries can lie beside
  // it.
  const inZip = join(staging, 'libtorch');
  if (existsSync(inZip)) await rename(inZip, join(staging, 'torch'));
  return requireLibTorch(staging, plan);
}

async function bringFolder(
  from: string,
  plan: SetupPlan,
  staging: string,
  run: SetupRun,
): Promise<LibTorch> {
  const {root, cuda} = await requireLibTorch(from, plan);
  run.onProgress({kind: 'stage', message: `copying ${root}`});
  await copyFolder(root, join(staging, 'torch'), run);
  const nvidia = join(dirname(root), 'nvidia');
  if (cuda !== null && existsSync(nvidia)) {
    run.onProgress({kind: 'stage', message: `copying ${nvidia}`});
    await copyFolder(nvidia, join(staging, 'nvidia'), run);
  }
  return requireLibTorch(staging, plan);
}

/** If no attempt succeeds, throws the error of the first one, which is pip as the user has configured it. */
async function bringThroughPip(
  attempts: readonly PipAttempt[],
  plan: SetupPlan,
  staging: string,
  run: SetupRun,
): Promise<LibTorch> {
  let first: unknown;
  for (const attempt of attempts) {
    const {requirement, extraIndex, wheelPython} = attempt;
    const index = extraIndex === undefined ? '' : `, with ${extraIndex}`;
    const python = wheelPython === undefined ? '' : `, for Python ${wheelPython}`;
    const message = `asking pip for ${requirement}${index}${python}`;
    run.onProgress({kind: 'stage', message});
    try {
      await fetchWheel(staging, attempt, run);
      const libtorch = await requireLibTorch(staging, plan);
      if (libtorch.cuda !== null) {
        const what = `the NVIDIA libraries of CUDA ${libtorch.cuda}`;
        run.onProgress({kind: 'stage', message: `asking pip for ${what}`});
        await fetchNvidiaLibraries(staging, run);
      }
      return libtorch;
    } catch (error) {
      run.signal.throwIfAborted();
      if (error instanceof SauError && error.code === 'ERR_OUTPUT') throw error;
      first ??= error;
      run.onProgress({kind: 'note', message: firstLine(messageOf(error))});
      await rm(staging, {recursive: true, force: true});
      await mkdir(staging);
    }
  }
  throw first;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

/** Throws ERR_ARCHIVE, also for another processor or another variant than requested, and ERR_LIBTORCH_VERSION. */
async function requireLibTorch(
  folder: string,
  {version, variant, from}: SetupPlan,
): Promise<LibTorch> {
  const libtorch = readLibTorch(folder, 'cache');
  if (libtorch === null) {
    throw new SauError('ERR_ARCHIVE', `Expected a LibTorch in ${from} but found no ${MARK}.`, {
      remedy: 'Nothing was installed. Name an official zip, a torch wheel or an unpacked one.',
    });
  }
  if (libtorch.version !== version) {
    throw new SauError(
      'ERR_LIBTORCH_VERSION',
      `Expected LibTorch ${version} in ${from} but found ${libtorch.version}.`,
      {
        remedy: `Nothing was installed. Name a LibTorch ${version}, which this addon was built for.`,
        details: {expected: version, found: libtorch.version},
      },
    );
  }
  const machine = await machineOf(join(libtorch.root, MARK));
  if (machine !== null && machine !== thisPlatform().elfMachine) {
    throw new SauError(
      'ERR_ARCHIVE',
      `Expected a LibTorch for ${THIS_TUPLE} from ${from} but received one for ${platformOf(machine)}.`,
      {
        remedy: `Nothing was installed. Name a wheel whose name ends in ${thisPlatform().wheelTag}.whl.`,
        details: {expected: THIS_TUPLE, found: platformOf(machine)},
      },
    );
  }
  if (variant !== null && variantOf(libtorch) !== variant) {
    throw new SauError(
      'ERR_ARCHIVE',
      `Expected a ${variant} build of LibTorch from ${from} but received one for ` +
        `${libtorch.cuda === null ? 'the CPU alone' : `CUDA ${libtorch.cuda}`}.`,
      {
        remedy:
          `Nothing was installed. Take it with ${named('variant')} ${variantOf(libtorch)}, or name a source of ` +
          `the ${variant} build with ${named('from')}.`,
        details: {expected: variant, found: variantOf(libtorch)},
      },
    );
  }
  return libtorch;
}
