/** A system with a LibTorch. What differs between them stands in one row here. */
export interface Platform {
  /** `process.platform`-`process.arch`: the folder in prebuilds/, where node-gyp-build looks too. */
  readonly tuple: string;
  /** The binaries need the GNU C library, so that musl (Alpine) is another platform. */
  readonly needsGlibc: boolean;
  /** The files of the addon, in one folder. */
  readonly addon: AddonNames;
  /** LibTorch's libraries, each in the order in which they are opened. */
  readonly libtorch: LibTorchNames;
  /** `e_machine` of its ELF files; null where its libraries have another form. */
  readonly elfMachine: number | null;
  /** What GNU and Debian call it: begins the names of the cross tools, and is the folder of its system's libraries. */
  readonly triplet: string;
  /** The dynamic linker, which libraries with thread-local storage name too; null where none is named. */
  readonly dynamicLinker: string | null;
  /** What a wheel of LibTorch for it has in its name; pip finds that itself. */
  readonly wheelTag: string;
  /** What the system calls things. */
  readonly system: SystemNames;
}

interface AddonNames {
  /** What `require` loads where it was installed; node-gyp-build finds it by its ending. */
  readonly loader: string;
  readonly core: string;
  /** The part that needs a CUDA LibTorch. */
  readonly cuda: string;
}

interface LibTorchNames {
  /** The library that shows that a folder is a LibTorch. */
  readonly mark: string;
  /** The library that shows that it is a CUDA build. */
  readonly cudaMark: string;
  readonly cpu: readonly string[];
  readonly cuda: readonly string[];
}

interface SystemNames {
  /** Python 3 as a command. */
  readonly python: string;
  /** The variable with folders of shared libraries. */
  readonly searchPath: string;
  /** The user's cache folder: a variable, else a folder below the home folder. */
  readonly cache: {readonly variable: string; readonly folder: readonly string[]};
  /** Where a Python environment has its packages: `byVersion` below a folder python3.x. */
  readonly packages: {readonly folder: string; readonly byVersion: boolean};
}

/** Says which LibTorch the binaries beside it are for, and from which sources they were built. */
export const BUILD_DESCRIPTION = 'sau_build.json';

const LINUX = {
  needsGlibc: true,
  addon: {loader: 'sau-native.glibc.node', core: 'sau_core.so', cuda: 'sau_cuda.so'},
  libtorch: {
    mark: 'libtorch_cpu.so',
    cudaMark: 'libtorch_cuda.so',
    cpu: ['libc10.so', 'libtorch_cpu.so', 'libtorch.so'],
    cuda: ['libc10.so', 'libtorch_cpu.so', 'libc10_cuda.so', 'libtorch_cuda.so', 'libtorch.so'],
  },
  system: {
    python: 'python3',
    searchPath: 'LD_LIBRARY_PATH',
    cache: {variable: 'XDG_CACHE_HOME', folder: ['.cache']},
    packages: {folder: 'lib', byVersion: true},
  },
} as const;

const X64: Platform = {
  ...LINUX,
  tuple: 'linux-x64',
  elfMachine: 62,
  triplet: 'x86_64-linux-gnu',
  dynamicLinker: 'ld-linux-x86-64.so.2',
  wheelTag: 'manylinux_2_28_x86_64',
};

export const PLATFORMS: readonly Platform[] = [
  X64,
  {
    ...LINUX,
    tuple: 'linux-arm64',
    elfMachine: 183,
    triplet: 'aarch64-linux-gnu',
    dynamicLinker: 'ld-linux-aarch64.so.1',
    wheelTag: 'manylinux_2_28_aarch64',
  },
];

/**
 * Platforms that the sources have a branch for and that nobody has run yet (docs/platforms.md): there are no prebuilt
 * binaries, npm refuses them, and doctor says so.
 */
export const UNTRIED_PLATFORMS: readonly Platform[] = [
  {
    tuple: 'darwin-arm64',
    needsGlibc: false,
    addon: {loader: 'sau-native.node', core: 'sau_core.dylib', cuda: 'sau_cuda.dylib'},
    libtorch: {
      mark: 'libtorch_cpu.dylib',
      cudaMark: 'libtorch_cuda.dylib', // there is none
      cpu: ['libc10.dylib', 'libtorch_cpu.dylib', 'libtorch.dylib'],
      cuda: ['libc10.dylib', 'libtorch_cpu.dylib', 'libtorch_cuda.dylib', 'libtorch.dylib'],
    },
    elfMachine: null,
    triplet: 'arm64-apple-darwin',
    dynamicLinker: null,
    wheelTag: 'macosx_14_0_arm64',
    system: {
      ...LINUX.system,
      searchPath: 'DYLD_LIBRARY_PATH',
      cache: {variable: 'XDG_CACHE_HOME', folder: ['Library', 'Caches']},
    },
  },
  {
    tuple: 'win32-x64',
    needsGlibc: false,
    addon: {loader: 'sau-native.node', core: 'sau_core.dll', cuda: 'sau_cuda.dll'},
    libtorch: {
      mark: 'torch_cpu.dll',
      cudaMark: 'torch_cuda.dll',
      cpu: ['c10.dll', 'torch_cpu.dll', 'torch.dll'],
      cuda: ['c10.dll', 'torch_cpu.dll', 'c10_cuda.dll', 'torch_cuda.dll', 'torch.dll'],
    },
    elfMachine: null,
    triplet: 'x86_64-pc-windows-msvc',
    dynamicLinker: null,
    wheelTag: 'win_amd64',
    system: {
      python: 'python',
      searchPath: 'PATH',
      cache: {variable: 'LOCALAPPDATA', folder: ['AppData', 'Local']},
      packages: {folder: 'Lib', byVersion: false},
    },
  },
];

/** `process.platform`-`process.arch` of this process, whether there is a binary for it or not. */
export const THIS_TUPLE = `${process.platform}-${process.arch}`;

export function findPlatform(tuple: string): Platform | null {
  const all = [...PLATFORMS, ...UNTRIED_PLATFORMS];
  return all.find((platform) => platform.tuple === tuple) ?? null;
}

/** Whether somebody has run the package there. */
export function isTried({tuple}: Platform): boolean {
  return PLATFORMS.some((platform) => platform.tuple === tuple);
}

/** The row of this process; elsewhere that of linux-x64, so that a search for files finds nothing and says so. */
export function thisPlatform(): Platform {
  return findPlatform(THIS_TUPLE) ?? X64;
}

/** The platform whose ELF files have this `e_machine`, for people. */
export function platformOf(elfMachine: number): string {
  const found = PLATFORMS.find((platform) => platform.elfMachine === elfMachine);
  return found?.tuple ?? `another processor (ELF machine ${elfMachine})`;
}

/** Such as "linux-x64 or linux-arm64 with glibc". */
export function supportedPlatforms(): string {
  return `${PLATFORMS.map(({tuple}) => tuple).join(' or ')} with glibc`;
}
