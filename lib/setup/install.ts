import {rm} from 'node:fs/promises';
import {withLock} from '../base/lock.js';
import {unwritableFile} from '../base/whole_file.js';
import {requireSpace, sizeOf} from '../download/disk.js';
import {PartFile} from '../download/download.js';
import {type LibTorch, readLibTorch} from '../native/libtorch.js';
import {SETUP_DEFAULTS} from '../options/defaults.js';
import {SetupCache} from './cache.js';
import {readPins} from './pins.js';
import {findPresent, planSetup, type SetupPlan} from './plan.js';
import {runOf, type SetupRun} from './progress.js';
import {bring} from './sources.js';

export interface Installed {
  readonly libtorch: LibTorch;
  /** It was there, or another process has installed it meanwhile. */
  readonly wasPresent: boolean;
}

/**
 * Carries out a plan. The folder always appears whole or not at all. A second process waits and uses the folder of
 * the first. Throws ERR_DOWNLOAD, ERR_CHECKSUM, ERR_ARCHIVE, ERR_LIBTORCH_VERSION, ERR_OUTPUT, or the reason of the
 * signal.
 */
export async function install(plan: SetupPlan, run: SetupRun): Promise<Installed> {
  if (plan.present !== null) return {libtorch: plan.present, wasPresent: true};
  const cache = new SetupCache();
  try {
    return await underLock(cache, run, async () => {
      const present = await findPresent(cache, plan);
      if (present !== null) return {libtorch: present, wasPresent: true};
      return {libtorch: await installInto(cache, plan, run), wasPresent: false};
    });
  } catch (error) {
    throw unwritableFile(cache.folder, error);
  }
}

/** Changes the cache while no other process does. */
export function underLock<T>(cache: SetupCache, run: SetupRun, work: () => Promise<T>): Promise<T> {
  const onWait = (pid: number | null): void => {
    const who = pid === null ? 'another process' : `process ${pid}`;
    const message = `${who} is at work in ${cache.folder}: waiting for it`;
    run.onProgress({kind: 'note', message});
  };
  return withLock(cache.lock, {signal: run.signal, onWait}, work);
}

async function installInto(cache: SetupCache, plan: SetupPlan, run: SetupRun): Promise<LibTorch> {
  const {version, source, installedBytes} = plan;
  if (installedBytes !== null) {
    await requireSpace(cache.folder, installedBytes, `LibTorch ${version}`, run);
  }
  if (source.kind === 'url') await cache.prepare();
  const staging = await cache.staging();
  try {
    const staged = await bring(plan, staging, cache, run);
    run.signal.throwIfAborted();
    const destination = cache.destination(version, staged.cuda);
    await cache.place(staging, destination, version, plan.from);
    if (source.kind === 'url') await new PartFile(cache.partOf(source.url), source.url).discard();
    return readLibTorch(destination, 'cache') ?? staged;
  } finally {
    // What stays costs no LibTorch: the next setup removes it.
    await rm(staging, {recursive: true, force: true}).catch(() => undefined);
    await cache.tidy().catch(() => undefined);
  }
}

/**
 * Fetches the pinned LibTorch for a build in a clone, without asking. Any variant can be compiled against, so if
 * there is no CPU build it takes what pip has.
 */
export async function fetchForBuild(log: (line: string) => void): Promise<LibTorch> {
  const {version} = readPins();
  const plan = await planSetup(SETUP_DEFAULTS, version);
  const size = plan.fetchedBytes === null ? '' : ` (about ${sizeOf(plan.fetchedBytes)})`;
  log(`Fetching LibTorch ${version} to ${plan.destination}${size}: ${plan.from}`);
  const run = runOf({
    onProgress: (progress) => {
      if (progress.kind === 'pip') log(progress.line);
      else if (progress.kind !== 'bytes') log(progress.message);
    },
  });
  return (await install(anyVariant(plan), run)).libtorch;
}

function anyVariant(plan: SetupPlan): SetupPlan {
  const {source, version} = plan;
  if (source.kind !== 'pip') return plan;
  const attempts = [...source.attempts, {requirement: `torch==${version}`}];
  return {...plan, variant: null, anyVariantServes: true, source: {kind: 'pip', attempts}};
}
