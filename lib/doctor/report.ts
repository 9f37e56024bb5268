import type {SauErrorCode} from '../base/errors.js';
import type {ProxyVariable} from '../download/proxy.js';
import type {AddonFiles} from '../native/binding.js';
import type {NativeDeviceInfo} from '../native/contract.js';
import type {LibTorch, LibTorchAttempt} from '../native/libtorch.js';
import type {NvidiaDriver} from '../native/nvidia_driver.js';
import type {SandboxSupport} from '../sandbox/kernel.js';
import type {Variant} from '../setup/pins.js';

/**
 * The possible problems. ERR_ codes are the errors that a call would throw; the others are found by doctor only.
 */
export type DoctorCode =
  | SauErrorCode
  | 'UNSUPPORTED_PLATFORM' // no LibTorch for this system or processor
  | 'WRONG_PROCESSOR' // a LibTorch for another one, such as x64 on arm64
  | 'UNTRIED_PLATFORM' // the sources have a branch for it that nobody has run
  | 'WRONG_PROCESSOR' // a LibTorch for another one, such as x64 on arm64
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
  | 'CUDA_UNUSABLE'; // driver and build fit, but no GPU is available

/** A problem, and what to do next. */
export interface DoctorProblem {
  /** Stable: programs may switch on it. */
  readonly code: DoctorCode;
  /** error: runs fail. warning: runs work on the CPU, or with a LibTorch from another place. */
  readonly severity: 'error' | 'warning';
  /** What was expected and what was found, in a sentence. */
  readonly problem: string;
  /** What to do next. */
  readonly remedy: string;
}

/** A library of the system: its version, and the version that our binaries need; null if unknown. */
export interface LibraryVersion {
  /** Such as glibc. */
  readonly name: string;
  /** The system's. */
  readonly found: string | null;
  /** The lowest version that is enough. */
  readonly needed: string | null;
}

/** A shared library that cannot be found. */
export interface MissingLibrary {
  /** Such as libgomp.so.1. */
  readonly soname: string;
  /** Path of the library that asks for it. */
  readonly neededBy: string;
}

/** A symbol version that the system lacks. */
export interface MissingVersion {
  /** Such as GLIBC_2.38. */
  readonly version: string;
  /** Path of the library that asks for it. */
  readonly neededBy: string;
}

/** What the dynamic linker cannot find. */
export interface LibraryCheck {
  /** Paths of the libraries that were looked at. */
  readonly checked: readonly string[];
  /** Libraries that cannot be found. */
  readonly missing: readonly MissingLibrary[];
  /** Such as GLIBC_2.38, which the system's library does not have. */
  readonly missingVersions: readonly MissingVersion[];
  /** Files that are not a whole shared library. */
  readonly damaged: readonly string[];
}

/** The addon and its origin. */
export interface FoundAddon extends AddonFiles {
  /** Built here, or prebuilt and installed. */
  readonly kind: 'built' | 'prebuilt';
}

/** The LibTorch that was chosen. */
export interface FoundLibTorch extends LibTorch {
  /** For the CPU alone, or for NVIDIA GPUs too. */
  readonly variant: Variant;
}

/** Whether CUDA can be used, and why or why not. */
export interface CudaVerdict {
  /** A run with `--device cuda` would find a GPU. */
  readonly usable: boolean;
  /** In words. */
  readonly why: string;
}

/** The full report about an installation. Its JSON form is stable: fields are added and never renamed. */
export interface DoctorReport {
  /** Version of this package. */
  readonly sauNative: string;
  /** Version of Node. */
  readonly node: string;
  /** Version of Node-API that this Node has. */
  readonly nodeApi: string;
  /** NODE_MODULE_VERSION; addons of Node-API do not depend on it. */
  readonly nodeAbi: string;
  /** Such as linux-x64. */
  readonly platform: string;
  /** glibc ("other" is musl and the like) and libstdc++. */
  readonly libraries: readonly LibraryVersion[];
  /** The addon's files; null if there are none. */
  readonly addon: FoundAddon | null;
  /** Folder that setup fetches into. */
  readonly cache: string;
  /** Free space on its disk in bytes; null if unknown. */
  readonly cacheFreeBytes: number | null;
  /** The LibTorch that a run would load; null if there is none. */
  readonly libtorch: FoundLibTorch | null;
  /** Every place that was looked at, in order. */
  readonly tried: readonly LibTorchAttempt[];
  /** null: there is nothing to check, or no ldd that reads files of this processor. */
  readonly linking: LibraryCheck | null;
  /** null: no NVIDIA driver. */
  readonly driver: NvidiaDriver | null;
  /** Whether runs can use a GPU. */
  readonly cuda: CudaVerdict;
  /** What LibTorch sees, found out in a separate process; null if it cannot be loaded. */
  readonly devices: NativeDeviceInfo | null;
  /** What the system has for `--sandbox` of the command line. */
  readonly sandbox: SandboxSupport;
  /** Without user names and passwords. */
  readonly proxies: readonly ProxyVariable[];
  /** Empty if all is well. */
  readonly problems: readonly DoctorProblem[];
}
