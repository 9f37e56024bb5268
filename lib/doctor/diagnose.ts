import type {SauError} from '../base/errors.js';
import type {NativeDeviceInfo} from '../native/contract.js';
import type {LibTorch, LibTorchAttempt} from '../native/libtorch.js';
import type {NvidiaDriver} from '../native/nvidia_driver.js';
import {findPlatform, isTried, supportedPlatforms, thisPlatform} from '../native/platforms.js';
import {compareVersions, isOlder, type Pins} from '../setup/pins.js';
import type {ForeignLibrary} from './libraries.js';
import type {DoctorProblem, LibraryCheck, LibraryVersion} from './report.js';

/** The facts that were found, before they are judged. */
export interface DoctorFacts {
  readonly platform: string;
  readonly libraries: readonly LibraryVersion[];
  /** Why the addon or LibTorch was not found. */
  readonly failures: readonly SauError[];
  readonly tried: readonly LibTorchAttempt[];
  readonly libtorch: LibTorch | null;
  readonly linking: LibraryCheck | null;
  /** Where files of several builds lie together. */
  readonly mixed: string | null;
  /** A library of LibTorch that is for another processor than this Node. */
  readonly foreign: ForeignLibrary | null;
  readonly driver: NvidiaDriver | null;
  /** null: there is nothing to load. */
  readonly devices: NativeDeviceInfo | SauError | null;
  readonly pins: Pins;
}

/** What is wrong and what to do, the most important problem first. Depends on the facts alone. */
export function diagnose(facts: DoctorFacts): DoctorProblem[] {
  return [
    ...platformProblems(facts),
    ...facts.failures.map(ofError),
    ...cacheProblems(facts),
    ...loadingProblems(facts),
    ...cudaProblems(facts),
  ];
}

function platformProblems({platform, libraries}: DoctorFacts): DoctorProblem[] {
  const use = 'use a Debian, Ubuntu or RHEL based system or container';
  const row = findPlatform(platform);
  if (row === null) {
    const problem = `sau-native runs on ${supportedPlatforms()} and this is ${platform}`;
    return [{code: 'UNSUPPORTED_PLATFORM', severity: 'error', problem, remedy: use}];
  }
  if (!isTried(row)) {
    const problem = `nobody has run sau-native on ${platform} yet: a build from source may fail`;
    const remedy = 'tell the maintainers how it went (docs/platforms.md), or use linux-x64';
    return [{code: 'UNTRIED_PLATFORM', severity: 'warning', problem, remedy}];
  }
  return libraries.flatMap(({name, found, needed}): DoctorProblem[] => {
    if (name === 'other') {
      const problem = 'this system has no glibc (it is musl, as on Alpine), and LibTorch needs it';
      return [
        {code: 'NO_GLIBC', severity: 'error', problem, remedy: `${use}, such as node:20-slim`},
      ];
    }
    if (found === null || needed === null || compareVersions(found, needed) >= 0) return [];
    const isLibC = name === 'glibc';
    return [
      {
        code: isLibC ? 'GLIBC_TOO_OLD' : 'LIBSTDCXX_TOO_OLD',
        severity: 'error',
        problem: `${name} is ${found} and the addon needs ${needed}`,
        remedy: isLibC
          ? 'use a newer system or container, or build from source on this one (CONTRIBUTING.md)'
          : 'install a newer libstdc++6, or a newer gcc and put its lib64 in LD_LIBRARY_PATH',
      },
    ];
  });
}

/** An error of the package as a finding. */
function ofError({code, message, remedy}: SauError): DoctorProblem {
  const problem = remedy === null ? message : message.slice(0, -remedy.length).trimEnd();
  return {code, severity: 'error', problem, remedy: remedy ?? 'see the message'};
}

function cacheProblems({tried, libtorch}: DoctorFacts): DoctorProblem[] {
  return tried
    .filter(({source, outcome}) => source === 'cache' && outcome.startsWith('cannot be read'))
    .map(({path, outcome}) => ({
      code: 'CACHE_UNREADABLE',
      severity: libtorch === null ? 'error' : 'warning',
      problem: `the cache ${path} ${outcome}`,
      remedy: 'make it a folder that you may read, or choose another one with SAU_NATIVE_CACHE',
    }));
}

/** Why LibTorch does not load. Quotes the linker only if nothing more precise is known. */
function loadingProblems(facts: DoctorFacts): DoctorProblem[] {
  const {libtorch, linking, mixed, foreign, devices} = facts;
  if (libtorch === null) return [];
  if (foreign !== null) {
    const problem = `${foreign.path} is for ${foreign.platform} and this Node is for ${facts.platform}`;
    return [{code: 'WRONG_PROCESSOR', severity: 'error', problem, remedy: reinstall(libtorch)}];
  }
  const loads = devices !== null && 'cpuCapability' in devices;
  const severity = loads ? 'warning' : 'error';
  const problems: DoctorProblem[] = [];
  if (mixed !== null) {
    const {searchPath} = thisPlatform().system;
    const remedy = mixed.startsWith(searchPath)
      ? `take that folder out of ${searchPath}: sau-native needs no such variable`
      : reinstall(libtorch);
    problems.push({code: 'MIXED_VARIANTS', severity, problem: mixed, remedy});
  }
  for (const path of linking?.damaged ?? []) {
    const problem = `${path} is no whole shared library`;
    problems.push({code: 'BROKEN_LIBTORCH', severity, problem, remedy: reinstall(libtorch)});
  }
  for (const [remedy, missing] of byRemedy(linking, libtorch)) {
    const names = missing.map(({soname}) => soname).join(', ');
    const users = [...new Set(missing.map(({neededBy}) => neededBy))].join(', ');
    const problem = `missing: ${names}; needed by ${users}`;
    problems.push({code: 'MISSING_LIBRARY', severity, problem, remedy});
  }
  for (const {version, neededBy} of linking?.missingVersions ?? []) {
    const code = version.startsWith('GLIBC_') ? 'GLIBC_TOO_OLD' : 'LIBSTDCXX_TOO_OLD';
    const remedy = 'use a newer system or container: this LibTorch is built for a newer one';
    problems.push({code, severity, problem: `${neededBy} needs ${version}`, remedy});
  }
  const isExplained = problems.some((problem) => problem.severity === 'error');
  if (devices !== null && !loads && !isExplained) {
    problems.push({
      code: 'BROKEN_LIBTORCH',
      severity: 'error',
      problem: `LibTorch ${libtorch.version} in ${libtorch.root} does not load: ${devices.message}`,
      remedy: reinstall(libtorch),
    });
  }
  return problems;
}

/** Missing libraries with one remedy are one problem. */
function byRemedy(
  linking: LibraryCheck | null,
  libtorch: LibTorch,
): Map<string, LibraryCheck['missing'][number][]> {
  const groups = new Map<string, LibraryCheck['missing'][number][]>();
  for (const missing of linking?.missing ?? []) {
    const remedy = ofMissing(missing.soname, libtorch);
    groups.set(remedy, [...(groups.get(remedy) ?? []), missing]);
  }
  return groups;
}

type CudaFacts = Pick<DoctorFacts, 'libtorch' | 'driver' | 'devices' | 'pins'>;

/** Whether CUDA can be used, and if not why. */
export function cudaState(facts: CudaFacts): {usable: boolean; why: string} {
  const {libtorch, driver} = facts;
  const devices = seen(facts);
  if (libtorch === null) return {usable: false, why: 'there is no LibTorch'};
  if (devices?.cudaAvailable) {
    const names = devices.cudaDevices.map(({name}) => name).join(', ');
    return {usable: true, why: `LibTorch sees ${names}`};
  }
  if (libtorch.cuda === null) return {usable: false, why: 'this LibTorch is a CPU build'};
  if (driver === null) return {usable: false, why: 'no NVIDIA driver was found'};
  const needed = neededDriver(libtorch.cuda, facts.pins);
  if (needed !== null && isOlder(driver, needed)) {
    const why = `NVIDIA driver ${driver.version} is older than ${needed}, which CUDA ${libtorch.cuda} needs`;
    return {usable: false, why};
  }
  if (devices === null) return {usable: false, why: 'LibTorch does not load'};
  const hidden = process.env.CUDA_VISIBLE_DEVICES;
  const setting = hidden === undefined ? '' : ` (CUDA_VISIBLE_DEVICES is "${hidden}")`;
  return {usable: false, why: `LibTorch sees no GPU${setting}`};
}

/** Problems of a GPU that could work and does not. The CPU works meanwhile. */
function cudaProblems(facts: CudaFacts): DoctorProblem[] {
  const {libtorch, driver, pins} = facts;
  const {usable, why} = cudaState(facts);
  if (libtorch === null || usable) return [];
  const severity = 'warning';
  if (libtorch.cuda === null) {
    if (driver === null || isOlder(driver, pins.cuda.driver)) return [];
    const problem = `there is an NVIDIA driver (${driver.version}) but this LibTorch is a CPU build`;
    const remedy = '`npx sau-native setup --variant cuda` fetches one that can use the GPU';
    return [{code: 'CPU_BUILD', severity, problem, remedy}];
  }
  if (driver === null) {
    const problem =
      'this LibTorch is a CUDA build but no NVIDIA driver was found: only the CPU works';
    const remedy =
      "install NVIDIA's driver, or in a container use `--gpus all`; for the CPU alone do nothing";
    return [{code: 'NO_DRIVER', severity, problem, remedy}];
  }
  const needed = neededDriver(libtorch.cuda, pins);
  if (needed !== null && isOlder(driver, needed)) {
    const remedy = `update the driver to ${needed} or newer; the CPU works meanwhile`;
    return [{code: 'DRIVER_TOO_OLD', severity, problem: why, remedy}];
  }
  if (seen(facts) === null) return []; // it does not load, which is reported already
  const remedy =
    'check that nvidia-smi lists the GPU; unset CUDA_VISIBLE_DEVICES; in a container use `--gpus all`';
  return [{code: 'CUDA_UNUSABLE', severity, problem: why, remedy}];
}

function seen({devices}: CudaFacts): NativeDeviceInfo | null {
  return devices !== null && 'cpuCapability' in devices ? devices : null;
}

/**
 * The oldest driver for a CUDA version. A driver serves a whole major version; null for a major version that is not
 * pinned.
 */
function neededDriver(cuda: string, {cuda: pinned}: Pins): string | null {
  return cuda.split('.')[0] === pinned.version.split('.')[0] ? pinned.driver : null;
}

const SETUP = '`npx sau-native setup`';
const NVIDIA =
  /^lib(cudart|cublas|cublasLt|cudnn|cufft|cufile|cupti|curand|cusolver|cusparse|cusparseLt|nccl|nvrtc|nvJitLink|nvshmem)/;

/** How to replace this LibTorch by a whole one, depending on where it came from. */
function reinstall({source, root}: LibTorch): string {
  switch (source) {
    case 'cache':
      return `delete ${root}, then run ${SETUP}`;
    case 'SAU_NATIVE_LIBTORCH':
    case 'LIBTORCH':
      return `point ${source} to a whole one, or unset it and run ${SETUP}`;
    default:
      return `run ${SETUP}: its LibTorch goes before that of ${source}`;
  }
}

/** How to get a shared library that is missing. */
function ofMissing(soname: string, libtorch: LibTorch): string {
  if (soname.startsWith('libcuda.so')) {
    return 'it comes with the NVIDIA driver: install one, or in a container use `--gpus all`';
  }
  if (NVIDIA.test(soname)) {
    const drop = libtorch.source === 'cache' ? `delete ${libtorch.root} and ` : '';
    return (
      `${drop}run \`npx sau-native setup --variant cuda\` with python3 and pip at hand, which fetches NVIDIA's ` +
      'libraries too; for the CPU alone `--variant cpu` is enough'
    );
  }
  if (/^lib(torch|c10|shm)/.test(soname)) return reinstall(libtorch);
  if (soname.startsWith('libgomp')) {
    return 'install it: `apt-get install libgomp1` (Debian, Ubuntu) or `dnf install libgomp` (RHEL, Fedora)';
  }
  if (soname.startsWith('libstdc++') || soname.startsWith('libgcc_s')) {
    return 'install it: `apt-get install libstdc++6` (Debian, Ubuntu) or `dnf install libstdc++` (RHEL, Fedora)';
  }
  return `install the package of your system that has ${soname}`;
}
