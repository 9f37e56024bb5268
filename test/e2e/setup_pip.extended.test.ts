import {existsSync, mkdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {makeZip, type ZipEntry} from '../support/raw_zip.js';
import {HAS_PIP, LIBRARY, NAME, useSetupWorld, VERSION} from '../support/setup_world.js';

describe.skipIf(!IS_BUILT || !HAS_PIP)('setup through pip', () => {
  const world = useSetupWorld();

  /** A wheel that pip takes: names and contents besides the metadata. */
  function makeWheel(name: string, version: string, entries: readonly ZipEntry[], more = ''): void {
    const info = `${name}-${version}.dist-info`;
    const wheel = 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n';
    const metadata = `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${more}`;
    const all = [
      ...entries,
      {name: `${info}/METADATA`, data: metadata},
      {name: `${info}/WHEEL`, data: wheel},
    ];
    const record = [...all.map((entry) => `${entry.name},,`), `${info}/RECORD,,`].join('\n');
    const data = makeZip([...all, {name: `${info}/RECORD`, data: record}]);
    world.file(`wheels/${name}-${version}-py3-none-any.whl`, data);
  }

  const torchOf = (variant: 'cpu' | 'cu130'): ZipEntry[] => [
    {
      name: 'torch/version.py',
      data: `__version__ = '${VERSION}+${variant}'\ncuda = ${variant === 'cpu' ? 'None' : "'13.0'"}\n`,
    },
    {name: 'torch/lib/libtorch_cpu.so', data: LIBRARY, mode: 0o100755},
    ...(variant === 'cpu' ? [] : [{name: 'torch/lib/libtorch_cuda.so', data: 'CUDA'}]),
  ];

  /** pip sees these wheels and nothing else. */
  const setup = (variant: string) =>
    world.sau(['setup', '--yes', '--variant', variant], {
      PIP_NO_INDEX: '1',
      PIP_FIND_LINKS: join(world.folder, 'wheels'),
      PIP_CONFIG_FILE: '/dev/null',
      PIP_USER: '1', // as some configure it: it must not get in the way
    });

  it('installs the CPU build, asking for it by name', async () => {
    makeWheel('torch', `${VERSION}+cpu`, torchOf('cpu'));
    makeWheel('torch', `${VERSION}+cu130`, torchOf('cu130')); // pip would rather take this one
    const {stdout, stderr} = await setup('cpu');
    expect(stderr).toContain(`asking pip for torch==${VERSION}+cpu ...`);
    expect(stdout).toContain(
      `LibTorch ${VERSION} (cpu) is now in ${join(world.cache, NAME, 'torch')}`,
    );
    expect(readFileSync(join(world.cache, NAME, 'torch/lib/libtorch_cpu.so')).equals(LIBRARY)).toBe(
      true,
    );
    expect(namesIn(world.cache)).toEqual([NAME]);
  });

  it('installs the CUDA build with the NVIDIA libraries that it names', async () => {
    const needs = 'Requires-Dist: nvidia-cudnn-cu13==9.1; platform_system == "Linux"\n';
    makeWheel('torch', `${VERSION}+cu130`, torchOf('cu130'), `${needs}Requires-Dist: sympy\n`);
    const cudnn = 'nvidia/cudnn/lib/libcudnn.so.9';
    makeWheel('nvidia_cudnn_cu13', '9.1', [{name: cudnn, data: 'cuDNN'}]);
    await setup('cuda');
    const destination = join(world.cache, `libtorch-${VERSION}-cu130`);
    expect(existsSync(join(destination, 'torch/lib/libtorch_cuda.so'))).toBe(true);
    expect(readFileSync(join(destination, cudnn), 'utf8')).toBe('cuDNN');
  });

  it('refuses a CPU build where CUDA was asked for, and leaves nothing', async () => {
    makeWheel('torch', `${VERSION}+cpu`, torchOf('cpu'));
    const {status, stderr} = await setup('cuda');
    expect(status).toBe(1);
    expect(stderr).toMatch(/Expected a cuda build of LibTorch .* received one for the CPU alone/);
    expect(stderr).toMatch(/note: .*\nasking pip for torch==.*\+cu130, with https:/);
    expect(namesIn(world.cache)).toEqual([]);
  });

  it('says what pip said where it finds nothing, and leaves nothing', async () => {
    mkdirSync(join(world.folder, 'wheels'));
    const {status, stderr} = await setup('cpu');
    expect(status).toBe(1);
    expect(stderr).toMatch(/No matching distribution found for torch==.*\(ERR_DOWNLOAD\)/s);
    expect(stderr).toContain('for Python 3.12 ...');
    expect(namesIn(world.cache)).toEqual([]);
  });
});
