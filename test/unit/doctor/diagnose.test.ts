import {expect, it} from 'vitest';
import {SauError} from '../../../lib/base/errors.js';
import {cudaState, type DoctorFacts, diagnose} from '../../../lib/doctor/diagnose.js';
import {readPins} from '../../../lib/setup/pins.js';

const CPU = {root: '/lt/torch', version: '2.13.0', cuda: null, source: 'cache'};
const CUDA = {...CPU, cuda: '13.0'};
const SEEN = {
  libtorchVersion: '2.13.0',
  cpuCapability: 'AVX2',
  threads: 2,
  cudaBuilt: false,
  cudaLibrary: false,
  cpuBf16: false,
  cudaAvailable: false,
  cudaDevices: [],
};
const LINKING = {checked: [], missing: [], missingVersions: [], damaged: []};
const driver = (version: string) => ({version, source: 'nvidia-smi', gpus: ['H100']});

/** All is well on a machine without a GPU. */
const GOOD: DoctorFacts = {
  platform: 'linux-x64',
  libraries: [
    {name: 'glibc', found: '2.36', needed: '2.28'},
    {name: 'libstdc++', found: '3.4.30', needed: '3.4.22'},
  ],
  failures: [],
  tried: [],
  libtorch: CPU,
  linking: LINKING,
  mixed: null,
  foreign: null,
  driver: null,
  devices: SEEN,
  pins: readPins(),
};

it('finds nothing wrong where all is well', () => {
  expect(diagnose(GOOD)).toEqual([]);
});

it.each<[string, Partial<DoctorFacts>, string, string, RegExp]>([
  ['another platform', {platform: 'darwin-x64'}, 'UNSUPPORTED_PLATFORM', 'error', /Debian/],
  [
    'a platform that nobody has run',
    {platform: 'win32-x64'},
    'UNTRIED_PLATFORM',
    'warning',
    /tell/,
  ],
  [
    'a LibTorch for another processor',
    {foreign: {path: '/lt/torch/lib/libc10.so', platform: 'linux-arm64'}},
    'WRONG_PROCESSOR',
    'error',
    /^delete \/lt\/torch, then run/,
  ],
  [
    'musl',
    {libraries: [{name: 'other', found: null, needed: '2.28'}]},
    'NO_GLIBC',
    'error',
    /node:20-slim/,
  ],
  [
    'an old glibc',
    {libraries: [{name: 'glibc', found: '2.17', needed: '2.28'}]},
    'GLIBC_TOO_OLD',
    'error',
    /newer system/,
  ],
  [
    'an old libstdc++',
    {libraries: [{name: 'libstdc++', found: '3.4.19', needed: '3.4.22'}]},
    'LIBSTDCXX_TOO_OLD',
    'error',
    /libstdc\+\+6/,
  ],
  [
    'a CUDA build without a driver',
    {libtorch: CUDA},
    'NO_DRIVER',
    'warning',
    /install NVIDIA's driver.*--gpus all/,
  ],
  [
    'a CUDA build with an old driver',
    {libtorch: CUDA, driver: driver('535.1')},
    'DRIVER_TOO_OLD',
    'warning',
    /update the driver to 580/,
  ],
  [
    'a CUDA build that sees no GPU',
    {libtorch: CUDA, driver: driver('580.95')},
    'CUDA_UNUSABLE',
    'warning',
    /nvidia-smi/,
  ],
  [
    'a CPU build beside a driver',
    {driver: driver('580.95')},
    'CPU_BUILD',
    'warning',
    /npx sau-native setup --variant cuda/,
  ],
  [
    'a missing libgomp',
    {
      linking: {...LINKING, missing: [{soname: 'libgomp.so.1', neededBy: 'libtorch_cpu.so'}]},
      devices: new SauError('ERR_NATIVE', 'libgomp.so.1: cannot open'),
    },
    'MISSING_LIBRARY',
    'error',
    /apt-get install libgomp1/,
  ],
  [
    'a missing NVIDIA library',
    {
      libtorch: CUDA,
      driver: driver('580.95'),
      linking: {...LINKING, missing: [{soname: 'libcudnn.so.9', neededBy: 'libtorch_cuda.so'}]},
      devices: new SauError('ERR_NATIVE', 'libcudnn.so.9: cannot open'),
    },
    'MISSING_LIBRARY',
    'error',
    /delete \/lt\/torch and run `npx sau-native setup --variant cuda`/,
  ],
  [
    'a LibTorch that does not load for a reason that only the linker knows',
    {devices: new SauError('ERR_NATIVE', 'undefined symbol: x')},
    'BROKEN_LIBTORCH',
    'error',
    /delete \/lt\/torch, then run `npx sau-native setup`/,
  ],
])('tells of %s, and what to do', (_, change, code, severity, remedy) => {
  expect(diagnose({...GOOD, ...change})).toEqual([
    {code, severity, problem: expect.any(String), remedy: expect.stringMatching(remedy)},
  ]);
});

it('says nothing of an old driver beside a CPU build, which needs none', () => {
  expect(diagnose({...GOOD, driver: driver('470.1')})).toEqual([]);
});

it.each<[string, Partial<DoctorFacts>, boolean, RegExp]>([
  ['no LibTorch', {libtorch: null, devices: null}, false, /no LibTorch/],
  ['a CPU build', {}, false, /CPU build/],
  ['no driver', {libtorch: CUDA}, false, /no NVIDIA driver/],
  ['an old driver', {libtorch: CUDA, driver: driver('470.1')}, false, /older than 580/],
  [
    'a GPU',
    {
      libtorch: CUDA,
      driver: driver('580.95'),
      devices: {
        ...SEEN,
        cudaAvailable: true,
        cudaDevices: [{index: 0, name: 'H100', memoryBytes: 1, capability: '9.0'}],
      },
    },
    true,
    /H100/,
  ],
])('says whether CUDA can be used with %s', (_, change, usable, why) => {
  expect(cudaState({...GOOD, ...change})).toEqual({usable, why: expect.stringMatching(why)});
});
