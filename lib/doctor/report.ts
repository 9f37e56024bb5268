import type {SauErrorCode} from '../errors.js';
import type {AddonFiles} from '../native/binding.js';
import type {NativeDeviceInfo} from '../native/contract.js';
import type {LibTorch, LibTorchAttempt} from '../native/libtorch.js';
import type {NvidiaDriver} from '../native/nvidia_driver.js';
import type {ProxyVariable} from '../setup/proxy.js';

/** What can be wrong. Codes of errors say what a call would throw; the others are findings of doctor alone. */
export type DoctorCode =
  | SauErrorCode
  | 'UNSUPPORTED_PLATFORM' // no LibTorch for this system or processor
  | 'NO_GLIBC' // musl, as on Alpine
  | 'GLIBC_TOO_OLD'
  | 'LIBSTDCXX_TOO_OLD'
  | 'CACHE_UNREADABLE'
  | 'MISSING_LIBRARY' // a shared library that LibTorch or the addon needs
  | 'BROKEN_LIBTORCH' // files of it are missing or damaged, or it does not load
  | 'MIXED_VARIANTS' // files of a CPU and of a CUDA build in one folder, or in one search path
  | 'CPU_BUILD' // there is a driver, but this LibTorch cannot use it
  | 'NO_DRIVER' // a CUDA build without an NVIDIA driver
  | 'DRIVER_TOO_OLD'
  | 'CUDA_UNUSABLE'; // driver and build fit, but no GPU can be had

export interface DoctorProblem {
  readonly code: DoctorCode;
  /** error: runs fail. warning: they work on the CPU, or another place serves. */
  readonly severity: 'error' | 'warning';
  readonly problem: string;
  /** What to do next. */
  readonly remedy: string;
}

/** A library of the system: its version, and the one that our binaries ask for; null where that is not known. */
export interface LibraryVersion {
  readonly name: string;
  readonly found: string | null;
  readonly needed: string | null;
}

/** What the dynamic linker would not find. */
export interface LibraryCheck {
  readonly checked: readonly string[];
  readonly missing: readonly {readonly soname: string; readonly neededBy: string}[];
  /** Such as GLIBC_2.38, which the system's library does not have. */
  readonly missingVersions: readonly {readonly version: string; readonly neededBy: string}[];
  /** Files that are no whole shared library. */
  readonly damaged: readonly string[];
}

/** The whole story of an installation. As JSON it is stable: fields are added and not renamed. */
export interface DoctorReport {
  readonly sauNative: string;
  readonly node: string;
  /** Version of Node-API that this Node has. */
  readonly nodeApi: string;
  /** NODE_MODULE_VERSION; addons of Node-API do not depend on it. */
  readonly nodeAbi: string;
  /** Such as linux-x64. */
  readonly platform: string;
  /** glibc ("other" is musl and the like) and libstdc++. */
  readonly libraries: readonly LibraryVersion[];
  /** `kind`: built here, or prebuilt and installed. */
  readonly addon: (AddonFiles & {readonly kind: 'built' | 'prebuilt'}) | null;
  readonly cache: string;
  readonly cacheFreeBytes: number | null;
  readonly libtorch: (LibTorch & {readonly variant: 'cpu' | 'cuda'}) | null;
  readonly tried: readonly LibTorchAttempt[];
  /** null: nothing to check, or no ldd to check with. */
  readonly linking: LibraryCheck | null;
  readonly driver: NvidiaDriver | null;
  readonly cuda: {readonly usable: boolean; readonly why: string};
  /** What LibTorch sees, from a process of its own; null where it cannot be loaded. */
  readonly devices: NativeDeviceInfo | null;
  /** Without user names and passwords. */
  readonly proxies: readonly ProxyVariable[];
  readonly problems: readonly DoctorProblem[];
}
