import {spawn} from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {DoctorReport} from '../../lib/doctor.js';
import {readLibTorch} from '../../lib/native/libtorch.js';
import {PLATFORMS, THIS_TUPLE} from '../../lib/native/platforms.js';
import {expectSchema} from '../support/json_schemas.js';
import {IS_BUILT, ROOT} from '../support/paths.js';
import {sau} from '../support/program.js';
import {finished, useSetupWorld, VERSION} from '../support/setup_world.js';

/** The LibTorch that the tests run with. */
const REAL: DoctorReport['libtorch'] = IS_BUILT
  ? JSON.parse(sau(__dirname, ['doctor', '--json']).stdout).libtorch
  : null;
/** A CUDA build to look at; no GPU is needed. */
const CUDA_FOLDER = process.env.SAU_TEST_CUDA_LIBTORCH;
const CUDA_LIBTORCH =
  CUDA_FOLDER === undefined ? undefined : readLibTorch(CUDA_FOLDER, 'test')?.root;

describe.skipIf(REAL === null)('doctor', () => {
  const world = useSetupWorld();

  async function doctor(env: Readonly<Record<string, string | undefined>> = {}) {
    const {status, stdout} = await world.sau(['doctor', '--json'], env);
    expectSchema('doctor', JSON.parse(stdout));
    return {status, report: JSON.parse(stdout) as DoctorReport};
  }
  const problems = ({problems}: DoctorReport) => problems.map(({code}) => code);

  /** A LibTorch of links to the real one, but for the files that a test changes or leaves out. */
  function linked(root: string, but: Readonly<Record<string, Buffer | string | null>>): string {
    const target = join(world.folder, 'linked', 'torch');
    mkdirSync(join(target, 'lib'), {recursive: true});
    for (const name of ['version.py', 'build-version']) {
      if (existsSync(join(root, name))) symlinkSync(join(root, name), join(target, name));
    }
    for (const name of readdirSync(join(root, 'lib'))) {
      if (!(name in but)) symlinkSync(join(root, 'lib', name), join(target, 'lib', name));
    }
    for (const [name, data] of Object.entries(but)) {
      if (data !== null) writeFileSync(join(target, 'lib', name), data);
    }
    return target;
  }
  const libraryOf = (name: string) => readFileSync(join(REAL?.root ?? '', 'lib', name));
  /** Changes a name in a binary for another one of the same length. */
  const renamed = (data: Buffer, from: string, to: string) =>
    Buffer.from(data.toString('latin1').replaceAll(from, to), 'latin1');

  it('tells the whole story where all is well', async () => {
    const {status, report} = await doctor({SAU_NATIVE_LIBTORCH: REAL?.root});
    expect(status).toBe(0);
    expect(report).toEqual({
      schemaVersion: 1,
      sauNative: expect.stringMatching(/^\d+\.\d+\.\d+/),
      node: process.versions.node,
      nodeApi: process.versions.napi,
      nodeAbi: process.versions.modules,
      platform: THIS_TUPLE,
      libraries: [
        {
          name: 'glibc',
          found: expect.stringMatching(/^2\./),
          needed: expect.stringMatching(/^2\./),
        },
        {name: 'libstdc++', found: expect.stringMatching(/^3\.4/), needed: expect.any(String)},
      ],
      addon: {
        loader: expect.stringMatching(/sau_native\.node$/),
        core: expect.stringMatching(/sau_core\.so$/),
        libtorchVersion: VERSION,
        kind: expect.stringMatching(/^(built|prebuilt)$/),
      },
      cache: world.cache,
      cacheFreeBytes: expect.any(Number),
      libtorch: {...REAL, source: 'SAU_NATIVE_LIBTORCH'},
      tried: [{source: 'SAU_NATIVE_LIBTORCH', path: REAL?.root, outcome: 'chosen'}],
      linking: {checked: expect.any(Array), missing: [], missingVersions: [], damaged: []},
      driver: report.driver,
      cuda: {usable: expect.any(Boolean), why: expect.any(String)},
      devices: expect.objectContaining({libtorchVersion: expect.stringContaining(VERSION)}),
      sandbox: {
        ...{landlock: expect.any(Number), files: expect.any(Boolean)},
        ...{systemCalls: expect.any(Boolean), why: report.sandbox.why},
      },
      proxies: [],
      problems: report.problems.filter(({severity}) => severity === 'warning'),
    });
  });

  it('finds no LibTorch and says how to get one', async () => {
    const nowhere = {
      PATH: join(world.folder, 'no_programs'),
      VIRTUAL_ENV: undefined,
      CONDA_PREFIX: undefined,
    };
    const {status, report} = await doctor(nowhere);
    expect(status).toBe(3);
    expect(report).toMatchObject({libtorch: null, devices: null, linking: null});
    expect(report.problems).toEqual([
      {
        code: 'ERR_LIBTORCH_NOT_FOUND',
        severity: 'error',
        problem: expect.stringMatching(
          /^Expected LibTorch .* but found none\. Tried:\n {2}cache: /,
        ),
        remedy: expect.stringMatching(/^Run `npx sau-native setup`/),
      },
    ]);
    expect(report.tried.map(({source}) => source)).toEqual(['cache', 'python3', 'system']);
    const human = await world.sau(['doctor'], nowhere);
    expect(human.stdout).toMatch(/^LibTorch +none$/m);
    expect(human.stdout).toMatch(
      /^error: Expected .*\n( {4}.*\n)+ {4}.*\(ERR_LIBTORCH_NOT_FOUND\)\n {3}so: /m,
    );
  });

  it('finds another version, which is not loaded', async () => {
    world.file('old/lib/libtorch_cpu.so', '');
    world.file('old/build-version', '2.5.1+cpu\n');
    const {status, report} = await doctor({SAU_NATIVE_LIBTORCH: join(world.folder, 'old')});
    expect(status).toBe(3);
    expect(problems(report)).toEqual(['ERR_LIBTORCH_VERSION']);
    expect(report.problems[0]?.problem).toMatch(
      /but found 2\.5\.1 in .*old \(SAU_NATIVE_LIBTORCH\)\.$/,
    );
    expect(report.problems[0]?.remedy).toMatch(
      /^Unset SAU_NATIVE_LIBTORCH and run `npx sau-native setup`/,
    );
  });

  it('names a shared library that is missing, and who needs it', async () => {
    const c10 = renamed(libraryOf('libc10.so'), 'libgcc_s.so.1', 'libgcc_X.so.1');
    const root = linked(REAL?.root ?? '', {'libc10.so': c10});
    const {status, report} = await doctor({SAU_NATIVE_LIBTORCH: root});
    expect(status).toBe(1);
    expect(report.devices).toBeNull();
    expect(report.linking?.missing).toEqual([
      {soname: 'libgcc_X.so.1', neededBy: join(root, 'lib', 'libc10.so')},
    ]);
    expect(problems(report)).toEqual(['MISSING_LIBRARY']);
  });

  it.skipIf(CUDA_LIBTORCH === undefined)(
    'names the NVIDIA libraries that are missing',
    async () => {
      const root = linked(CUDA_LIBTORCH ?? '', {});
      const {report} = await doctor({
        SAU_NATIVE_LIBTORCH: root,
        LIBTORCH_BYPASS_VERSION_CHECK: '1',
      });
      const missing = report.linking?.missing.map(({soname}) => soname);
      expect(missing).toEqual(expect.arrayContaining(['libcudnn.so.9', 'libcublas.so.13']));
      expect(problems(report)[0]).toBe('MISSING_LIBRARY');
      expect(report.problems[0]?.remedy).toContain('npx sau-native setup --variant cuda');
    },
  );

  it('names a symbol version that the C library here is too old for', async () => {
    const c10 = renamed(libraryOf('libc10.so'), 'GLIBC_2.17', 'GLIBC_2.99');
    const {status, report} = await doctor({
      SAU_NATIVE_LIBTORCH: linked(REAL?.root ?? '', {'libc10.so': c10}),
    });
    expect(status).toBe(1);
    expect(report.linking?.missingVersions).toEqual([
      {version: 'GLIBC_2.99', neededBy: expect.stringMatching(/libc10\.so$/)},
    ]);
    expect(problems(report)).toEqual(['GLIBC_TOO_OLD']);
  });

  it('says that a LibTorch is for another processor, and nothing else of it', async () => {
    const c10 = libraryOf('libc10.so');
    const other = PLATFORMS.find(({elfMachine}) => elfMachine !== c10.readUInt16LE(18));
    c10.writeUInt16LE(other?.elfMachine ?? 0, 18);
    const root = linked(REAL?.root ?? '', {'libc10.so': c10});
    const {status, report} = await doctor({SAU_NATIVE_LIBTORCH: root});
    expect(status).toBe(1);
    expect(report.problems).toEqual([
      {
        code: 'WRONG_PROCESSOR',
        severity: 'error',
        problem: `${root}/lib/libc10.so is for ${other?.tuple} and this Node is for ${THIS_TUPLE}`,
        remedy: expect.stringMatching(/unset it and run `npx sau-native setup`/),
      },
    ]);
  });

  it.each<[string, Record<string, Buffer | null>, RegExp]>([
    ['a file that is absent', {'libc10.so': null}, /libc10\.so \(absent\)/],
    [
      'a file that is cut off',
      {'libtorch_cpu.so': Buffer.alloc(5000, '\x7fELF')},
      /libtorch_cpu\.so/,
    ],
  ])('finds %s', async (_, but, name) => {
    const {status, report} = await doctor({
      SAU_NATIVE_LIBTORCH: linked(REAL?.root ?? '', but),
    });
    expect(status).toBe(1);
    expect(report.problems[0]).toEqual({
      code: 'BROKEN_LIBTORCH',
      severity: 'error',
      problem: expect.stringMatching(name),
      remedy: expect.stringMatching(/unset it and run `npx sau-native setup`/),
    });
  });

  it.skipIf(REAL?.cuda !== null)('finds a CUDA library in a CPU build', async () => {
    const root = linked(REAL?.root ?? '', {'libtorch_cuda.so': 'of another build'});
    const {status, report} = await doctor({SAU_NATIVE_LIBTORCH: root});
    expect(status).toBe(1);
    expect(report.problems[0]).toMatchObject({
      code: 'MIXED_VARIANTS',
      problem: expect.stringMatching(/says it is .*\+cpu but holds libtorch_cuda\.so/),
    });
  });

  it('warns of another LibTorch in LD_LIBRARY_PATH', async () => {
    world.file('other/libc10.so', '');
    const {report} = await doctor({
      SAU_NATIVE_LIBTORCH: REAL?.root,
      LD_LIBRARY_PATH: join(world.folder, 'other'),
    });
    expect(problems(report)).toContain('MIXED_VARIANTS');
  });

  it('tells of a cache that cannot be read', async () => {
    const cache = world.file('a_file', '');
    const env = {
      SAU_NATIVE_CACHE: cache,
      PATH: '',
      VIRTUAL_ENV: undefined,
      CONDA_PREFIX: undefined,
    };
    const {status, report} = await doctor(env);
    expect(status).toBe(3);
    expect(problems(report)).toEqual(['ERR_LIBTORCH_NOT_FOUND', 'CACHE_UNREADABLE']);
    expect(report.problems[1]?.remedy).toContain('SAU_NATIVE_CACHE');
  });

  it.skipIf(REAL?.cuda !== null || existsSync('/proc/driver/nvidia'))(
    'tells of a GPU that a CPU build leaves idle, without failing',
    async () => {
      const smi = world.file('bin/nvidia-smi', "#!/bin/sh\necho '580.95.05, NVIDIA H100'\n");
      chmodSync(smi, 0o755);
      const {status, report} = await doctor({
        SAU_NATIVE_LIBTORCH: REAL?.root,
        PATH: `${dirname(smi)}:${process.env.PATH}`,
      });
      expect(status).toBe(0);
      const driver = {version: '580.95.05', source: 'nvidia-smi', gpus: ['NVIDIA H100']};
      expect(report).toMatchObject({driver, cuda: {usable: false}});
      expect(problems(report)).toEqual(['CPU_BUILD']);
    },
  );

  it('shows the proxies without their passwords', async () => {
    const {stdout} = await world.sau(['doctor'], {
      SAU_NATIVE_LIBTORCH: REAL?.root,
      HTTPS_PROXY: 'http://me:secret@proxy.example.com:3128',
    });
    expect(stdout).toMatch(/^HTTPS_PROXY +http:\/\/\*\*\*@proxy\.example\.com:3128$/m);
  });

  it('works without an addon, and says that there is none for this platform', async () => {
    const copy = join(world.folder, 'package');
    mkdirSync(copy);
    for (const name of ['dist', 'package.json', 'libtorch.json']) {
      cpSync(join(ROOT, name), join(copy, name), {recursive: true});
    }
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));

    const program = join(copy, 'dist', 'bin', 'sau-native.js');
    const {status, stdout} = await finished(spawn(process.execPath, [program, 'doctor', '--json']));
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      addon: null,
      problems: [
        {
          code: 'ERR_NATIVE',
          problem: expect.stringMatching(/^Expected a native addon for linux-\w+ in .*package/),
          remedy: expect.stringContaining('no prebuilt binary'),
        },
      ],
    });
    rmSync(copy, {recursive: true});
  });
});
