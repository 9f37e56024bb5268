import {existsSync} from 'node:fs';
import {dirname, join, sep} from 'node:path';
import {SauError} from './base/errors.js';
import {cudaState, type DoctorFacts, diagnose} from './doctor/diagnose.js';
import {
  checkLinking,
  findForeign,
  mixedVariants,
  namesOf,
  systemLibraries,
} from './doctor/libraries.js';
import type {DoctorProblem, DoctorReport} from './doctor/report.js';

export type {SandboxSupport} from './sandbox/kernel.js';

import {freeBytes} from './download/disk.js';
import {proxyVariables} from './download/proxy.js';
import {type AddonFiles, addonFiles, toSauError} from './native/binding.js';
import {
  cacheFolder,
  findLibTorch,
  type LibTorch,
  type LibTorchSearch,
  librariesOf,
  libTorchNotFound,
} from './native/libtorch.js';
import {probeLoading} from './native/load_probe.js';
import {findNvidiaDriver} from './native/nvidia_driver.js';
import {THIS_TUPLE, thisPlatform} from './native/platforms.js';
import {packageVersion} from './native/versions.js';
import {sandboxSupport} from './sandbox/kernel.js';
import {readPins, variantOf} from './setup/pins.js';

export type {
  DoctorCode,
  DoctorProblem,
  DoctorReport,
  LibraryCheck,
  LibraryVersion,
} from './doctor/report.js';

/**
 * Finds out what is installed, what is missing and what to do. LibTorch is loaded in a child process, so even a
 * crash is only a finding. Never throws.
 * @example
 * ```ts
 * const {problems} = await doctor();
 * for (const {problem, remedy} of problems) console.log(`${problem}: ${remedy}`);
 * ```
 */
export async function doctor(): Promise<DoctorReport> {
  const failures: SauError[] = [];
  const addon = attempt(addonFiles, failures);
  const search = addon === null ? null : await searchFor(addon, failures);
  const facts = await gatherFacts(addon, {
    failures,
    tried: search?.tried ?? [],
    libtorch: search?.found ?? null,
  });
  const {platform, libraries, tried, libtorch, linking, driver, devices} = facts;
  const cache = cacheFolder();
  return {
    sauNative: packageVersion(),
    node: process.versions.node,
    nodeApi: process.versions.napi ?? '',
    nodeAbi: process.versions.modules,
    platform,
    libraries,
    tried,
    libtorch: libtorch === null ? null : {...libtorch, variant: variantOf(libtorch)},
    linking,
    driver,
    addon: addon === null ? null : {...addon, kind: kindOf(addon)},
    cache,
    cacheFreeBytes: await freeBytes(cache),
    cuda: cudaState(facts),
    devices: devices instanceof SauError ? null : devices,
    sandbox: sandboxSupport(),
    proxies: proxyVariables(),
    problems: diagnose(facts),
  };
}

/**
 * The reasons why a LibTorch cannot be used here, such as a missing library. Used after its installation. Empty if
 * there is no addon to try it with.
 */
export async function problemsOf(
  libtorch: LibTorch,
  signal?: AbortSignal,
): Promise<DoctorProblem[]> {
  const addon = attempt(addonFiles, []);
  if (addon === null) return [];
  return diagnose(await gatherFacts(addon, {failures: [], tried: [], libtorch}, signal));
}

/** Collects the facts about a LibTorch and how it was found, which diagnose() judges. */
async function gatherFacts(
  addon: AddonFiles | null,
  found: Pick<DoctorFacts, 'failures' | 'tried' | 'libtorch'>,
  signal?: AbortSignal,
): Promise<DoctorFacts> {
  const {libtorch} = found;
  const loading =
    addon === null || libtorch === null ? null : await tryLoading(addon, libtorch, signal);
  return {
    ...found,
    platform: THIS_TUPLE,
    libraries: await systemLibraries(addon === null ? [] : [addon.loader, addon.core]),
    linking: loading?.linking ?? null,
    mixed: loading?.mixed ?? null,
    foreign: loading?.foreign ?? null,
    devices: loading?.devices ?? null,
    driver: await findNvidiaDriver(),
    pins: readPins(),
  };
}

async function tryLoading(
  {loader, core}: AddonFiles,
  libtorch: LibTorch,
  signal?: AbortSignal,
): Promise<Pick<DoctorFacts, 'linking' | 'mixed' | 'foreign' | 'devices'>> {
  const libraries = librariesOf(libtorch);
  const cuda = join(dirname(core), thisPlatform().addon.cuda);
  const own = [loader, core, ...(libtorch.cuda !== null && existsSync(cuda) ? [cuda] : [])];
  return {
    linking: await checkLinking([...libraries, ...own], namesOf(libraries)),
    mixed: mixedVariants(libtorch),
    foreign: await findForeign(libraries),
    devices: await probeLoading(libtorch.root, signal),
  };
}

async function searchFor(
  {libtorchVersion}: AddonFiles,
  failures: SauError[],
): Promise<LibTorchSearch | null> {
  try {
    const search = await findLibTorch(libtorchVersion);
    if (search.found === null) failures.push(libTorchNotFound(libtorchVersion, search.tried));
    return search;
  } catch (error) {
    failures.push(toSauError(error));
    return null;
  }
}

function attempt<T>(work: () => T, failures: SauError[]): T | null {
  try {
    return work();
  } catch (error) {
    failures.push(toSauError(error));
    return null;
  }
}

function kindOf({loader}: AddonFiles): 'built' | 'prebuilt' {
  return loader.includes(`${sep}prebuilds${sep}`) ? 'prebuilt' : 'built';
}
