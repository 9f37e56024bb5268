import {chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {type DriverPlaces, findNvidiaDriver} from '../../../lib/native/nvidia_driver.js';

let folder: string;
let places: DriverPlaces;
const env = () => ({PATH: join(folder, 'bin')});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sau-driver-'));
  const libraries = [join(folder, 'cuda', 'stubs'), join(folder, 'lib')];
  places = {proc: join(folder, 'proc'), libraries, smi: []};
});
afterEach(() => rmSync(folder, {recursive: true}));

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(path, text);
  return path;
}

it('is none where nothing tells of one', async () => {
  write('cuda/stubs/libcuda.so.1', 'a stub of the toolkit');
  expect(await findNvidiaDriver(env(), places)).toBeNull();
});

it('is told by the kernel, with the GPUs', async () => {
  const line =
    'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\nGCC version: 12';
  const source = write('proc/version', line);
  write('proc/gpus/0000:01:00.0/information', 'Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 5\n');
  const gpus = ['NVIDIA H100 80GB HBM3'];
  expect(await findNvidiaDriver(env(), places)).toEqual({version: '580.95.05', source, gpus});
});

it('is told by nvidia-smi, as in WSL, where the kernel tells nothing', async () => {
  const script = "#!/bin/sh\necho '575.10, RTX A'\necho '575.10, RTX B'\n";
  chmodSync(write('bin/nvidia-smi', script), 0o755);
  const found = {version: '575.10', source: 'nvidia-smi', gpus: ['RTX A', 'RTX B']};
  expect(await findNvidiaDriver(env(), places)).toEqual(found);
});

it('is not believed of an nvidia-smi that finds no driver', async () => {
  const script = "#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n";
  chmodSync(write('bin/nvidia-smi', script), 0o755);
  expect(await findNvidiaDriver(env(), places)).toBeNull();
});

it('is told by the name of libcuda, as in a container without nvidia-smi', async () => {
  const source = write('lib/libcuda.so.550.54.14', '');
  symlinkSync(source, join(folder, 'lib', 'libcuda.so.1'));
  expect(await findNvidiaDriver(env(), places)).toEqual({version: '550.54.14', source, gpus: []});
});
