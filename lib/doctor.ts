import {execFile} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {messageOf, SauError} from './errors.js';
import {type AddonFiles, addonFiles, toSauError} from './native/binding.js';
import type {NativeDeviceInfo} from './native/contract.js';
import {
  cacheFolder,
  findLibTorch,
  type LibTorch,
  type LibTorchAttempt,
  libTorchNotFound,
} from './native/libtorch.js';
import {packageVersion} from './versions.js';

export interface DoctorProblem {
  readonly problem: string;
  readonly remedy: string;
}

/** The whole story of an installation, as JSON. */
export interface DoctorReport {
  readonly sauNative: string;
  readonly node: string;
  readonly platform: string;
  readonly addon: AddonFiles | null;
  readonly cache: string;
  readonly libtorch: LibTorch | null;
  readonly tried: readonly LibTorchAttempt[];
  /** Version line of the NVIDIA driver; null without one. */
  readonly nvidiaDriver: string | null;
  /** What LibTorch sees, from a process of its own; null where it cannot be loaded. */
  readonly devices: NativeDeviceInfo | null;
  readonly problems: readonly DoctorProblem[];
}

/**
 * Finds out what is installed and what is missing, and what to do about it. LibTorch is loaded in a child
 * process, so that even a crash is only a finding. Never throws.
 */
export async function doctor(): Promise<DoctorReport> {
  const problems: DoctorProblem[] = [];
  const report = <T>(work: T | SauError): T | null => {
    if (!(work instanceof SauError)) return work;
    problems.push(...asProblem(work));
    return null;
  };
  const addon = report(attempt(addonFiles));
  const search =
    addon === null
      ? null
      : report(await findLibTorch(addon.libtorchVersion).catch((e: unknown) => toSauError(e)));
  const libtorch = search?.found ?? null;
  if (addon !== null && search !== null && libtorch === null) {
    problems.push(...asProblem(libTorchNotFound(addon.libtorchVersion, search.tried)));
  }
  const devices = libtorch === null ? null : report(await probe());
  const nvidiaDriver = await driverVersion();
  if (devices !== null) problems.push(...deviceProblems(devices, nvidiaDriver));
  return {
    sauNative: packageVersion(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    addon,
    cache: cacheFolder(),
    libtorch,
    tried: search?.tried ?? [],
    nvidiaDriver,
    devices,
    problems,
  };
}

function attempt<T>(work: () => T): T | SauError {
  try {
    return work();
  } catch (error) {
    return toSauError(error);
  }
}

/** The last line of our messages, or the last sentence where there is but one line, says what to do. */
function asProblem({code, message}: SauError): DoctorProblem[] {
  const parts = message.split(message.includes('\n') ? /\n/ : /(?<=\.)\s+/);
  const remedy = parts.length > 1 ? (parts.pop() ?? '') : 'see the message';
  return [{problem: `${code}: ${parts.join('\n')}`, remedy}];
}

function deviceProblems(devices: NativeDeviceInfo, driver: string | null): DoctorProblem[] {
  if (driver === null || devices.cudaAvailable) return [];
  return [
    devices.cudaBuilt
      ? {
          problem: `there is an NVIDIA driver (${driver}) but LibTorch cannot use the GPU`,
          remedy: 'update the driver to one for the CUDA version of this LibTorch',
        }
      : {
          problem: 'there is an NVIDIA driver but this LibTorch is a CPU build',
          remedy: 'point SAU_NATIVE_LIBTORCH to a CUDA build of the same version to use the GPU',
        },
  ];
}

async function probe(): Promise<NativeDeviceInfo | SauError> {
  try {
    const script = join(__dirname, 'native', 'probe.js');
    const {stdout} = await promisify(execFile)(process.execPath, [script], {timeout: 120_000});
    const answer = JSON.parse(stdout) as {devices: NativeDeviceInfo} | {error: string};
    if ('devices' in answer) return answer.devices;
    return new SauError('ERR_NATIVE', answer.error);
  } catch (error) {
    return new SauError(
      'ERR_NATIVE',
      `LibTorch does not load: ${messageOf(error).trim()}. Fetch it again, or choose another with SAU_NATIVE_LIBTORCH`,
    );
  }
}

async function driverVersion(): Promise<string | null> {
  try {
    const text = await readFile('/proc/driver/nvidia/version', 'utf8');
    return /Kernel Module\s+(?:for \S+\s+)?([\d.]+)/.exec(text)?.[1] ?? 'unknown';
  } catch {
    return null;
  }
}
