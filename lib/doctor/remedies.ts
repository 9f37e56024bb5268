import type {LibTorch} from '../native/libtorch.js';

const SETUP = '`npx sau-native setup`';
const NVIDIA =
  /^lib(cudart|cublas|cublasLt|cudnn|cufft|cufile|cupti|curand|cusolver|cusparse|cusparseLt|nccl|nvrtc|nvJitLink|nvshmem)/;

/** How to replace this LibTorch by a whole one, depending on where it came from. */
export function reinstall({source, root}: LibTorch): string {
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
export function ofMissing(soname: string, libtorch: LibTorch): string {
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
