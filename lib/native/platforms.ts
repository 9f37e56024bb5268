/** A system with a prebuilt binary and a LibTorch. What differs between them stands in one row here. */
export interface Platform {
  /** `process.platform`-`process.arch`: the folder in prebuilds/, where node-gyp-build looks too. */
  readonly tuple: string;
  /** The binaries need the GNU C library, so that musl (Alpine) is another platform. */
  readonly needsGlibc: boolean;
  /** The files of the addon, in one folder. */
  readonly addon: AddonNames;
  /** LibTorch's libraries, each in the order in which they are opened. */
  readonly libtorch: LibTorchNames;
  /** `e_machine` of its ELF files. */
  readonly elfMachine: number;
  /** The dynamic linker, which libraries with thread-local storage name too. */
  readonly dynamicLinker: string;
  /** What a wheel of LibTorch for it has in its name; pip finds that itself. */
  readonly wheelTag: string;
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
} as const;

const X64: Platform = {
  ...LINUX,
  tuple: 'linux-x64',
  elfMachine: 62,
  dynamicLinker: 'ld-linux-x86-64.so.2',
  wheelTag: 'manylinux_2_28_x86_64',
};

export const PLATFORMS: readonly Platform[] = [X64];

/** `process.platform`-`process.arch` of this process, whether there is a binary for it or not. */
export const THIS_TUPLE = `${process.platform}-${process.arch}`;

export function findPlatform(tuple: string): Platform | null {
  return PLATFORMS.find((platform) => platform.tuple === tuple) ?? null;
}

/** The row of this process; elsewhere that of linux-x64, so that a search for files finds nothing and says so. */
export function thisPlatform(): Platform {
  return findPlatform(THIS_TUPLE) ?? X64;
}

/** Such as "linux-x64 or linux-arm64 with glibc". */
export function supportedPlatforms(): string {
  return `${PLATFORMS.map(({tuple}) => tuple).join(' or ')} with glibc`;
}
