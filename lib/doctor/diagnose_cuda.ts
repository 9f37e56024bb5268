import type {NativeDeviceInfo} from '../native/contract.js';
import type {Pins} from '../setup/pins.js';
import {isOlder} from '../setup/variant.js';
import type {DoctorFacts} from './facts.js';
import type {DoctorProblem} from './report.js';

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
export function cudaProblems(facts: CudaFacts): DoctorProblem[] {
  const {libtorch, driver, pins} = facts;
  const {usable, why} = cudaState(facts);
  if (libtorch === null || usable) return [];
  const severity = 'warning';
  if (libtorch.cuda === null) {
    if (driver === null || isOlder(driver, pins.variants.cuda.driver)) return [];
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
function neededDriver(cuda: string, {variants}: Pins): string | null {
  const {cuda: pinned, driver} = variants.cuda;
  return cuda.split('.')[0] === pinned.split('.')[0] ? driver : null;
}
