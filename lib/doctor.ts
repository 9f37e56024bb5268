import {existsSync} from 'node:fs';
import {dirname, join, sep} from 'node:path';
import {mixedVariants} from './doctor/build_label.js';
import {diagnose} from './doctor/diagnose.js';
import {cudaState} from './doctor/diagnose_cuda.js';
import {checkLinking, namesOf} from './doctor/linking.js';
import type {DoctorProblem, DoctorReport, LibraryCheck} from './doctor/report.js';
import {systemLibraries} from './doctor/system_libraries.js';
import {SauError} from './errors.js';
import {type AddonFiles, addonFiles, toSauError} from './native/binding.js';
import type {NativeDeviceInfo} from './native/contract.js';
import {
  cacheFolder,
  findLibTorch,
  type LibTorch,
  type LibTorchSearch,
  librariesOf,
} from './native/libtorch.js';
import {libTorchNotFound} from './native/libtorch_errors.js';
import {probeLoading} from './native/load_probe.js';
import {findNvidiaDriver} from './native/nvidia_driver.js';
import {freeBytes} from './setup/disk.js';
import {readPins} from './setup/pins.js';
import {proxyVariables} from './setup/proxy.js';
import {variantOf} from './setup/variant.js';
import {packageVersion} from './versions.js';

export type {
  DoctorCode,
  DoctorProblem,
  DoctorReport,
  LibraryCheck,
  LibraryVersion,
} from './doctor/report.js';

/**
 * Finds out what is installed and what is missing, and what to do about it. LibTorch is loaded in a child
 * process, so that even a crash is only a finding. Never throws.
 */
export async function doctor(): Promise<DoctorReport> {
  const failures: SauError[] = [];
  const addon = attempt(addonFiles, failures);
  const search = addon === null ? null : await searchFor(addon, failures);
  const libtorch = search?.found ?? null;
  const loading = addon === null || libtorch === null ? null : await tryLoading(addon, libtorch);
  const cache = cacheFolder();
  const found = {
    platform: `${process.platform}-${process.arch}`,
    libraries: await systemLibraries(addon === null ? [] : [addon.loader, addon.core]),
    tried: search?.tried ?? [],
    libtorch,
    linking: loading?.linking ?? null,
    driver: await findNvidiaDriver(),
  };
  const devices = loading?.devices ?? null;
  const facts = {...found, failures, mixed: loading?.mixed ?? null, devices, pins: readPins()};
  return {
    sauNative: packageVersion(),
    node: process.versions.node,
    nodeApi: process.versions.napi ?? '',
    nodeAbi: process.versions.modules,
    ...found,
    addon: addon === null ? null : {...addon, kind: kindOf(addon)},
    libtorch: libtorch === null ? null : {...libtorch, variant: variantOf(libtorch)},
    cache,
    cacheFreeBytes: await freeBytes(cache),
    cuda: cudaState(facts),
    devices: devices instanceof SauError ? null : devices,
    proxies: proxyVariables(),
    problems: diagnose(facts),
  };
}

/**
 * What keeps one LibTorch from being used here, such as a missing library: for after its installation. Empty
 * where there is no addon to try it with.
 */
export async function problemsOf(
  libtorch: LibTorch,
  signal?: AbortSignal,
): Promise<DoctorProblem[]> {
  const addon = attempt(addonFiles, []);
  if (addon === null) return [];
  const {linking, mixed, devices} = await tryLoading(addon, libtorch, signal);
  const platform = `${process.platform}-${process.arch}`;
  const libraries = await systemLibraries([addon.loader, addon.core]);
  const driver = await findNvidiaDriver();
  const found = {platform, libraries, failures: [], tried: [], driver, pins: readPins()};
  return diagnose({...found, libtorch, linking, mixed, devices});
}

interface Loading {
  readonly linking: LibraryCheck | null;
  readonly mixed: string | null;
  readonly devices: NativeDeviceInfo | SauError;
}

async function tryLoading(
  {loader, core}: AddonFiles,
  libtorch: LibTorch,
  signal?: AbortSignal,
): Promise<Loading> {
  const libraries = librariesOf(libtorch);
  const cuda = join(dirname(core), 'sau_cuda.so');
  const own = [loader, core, ...(libtorch.cuda !== null && existsSync(cuda) ? [cuda] : [])];
  return {
    linking: await checkLinking([...libraries, ...own], namesOf(libraries)),
    mixed: mixedVariants(libtorch),
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
