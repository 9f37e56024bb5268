import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {
  cacheFolder,
  findLibTorch,
  librariesOf,
  libTorchNotFound,
  readLibTorch,
} from '../../../lib/native/libtorch.js';

const VERSION = '2.13.0';
let folder: string;
/** The search sees this and no other environment. */
let env: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sau-libtorch-'));
  env = {HOME: folder, PATH: join(folder, 'bin'), SAU_NATIVE_CACHE: join(folder, 'cache')};
});
afterEach(() => rmSync(folder, {recursive: true}));

interface Made {
  readonly version?: string;
  readonly cuda?: string;
  /** A Python package has version.py, the official zip build-version. */
  readonly form?: 'wheel' | 'zip';
}

/** Makes what a search looks at; returns the folder with lib/. */
function makeLibTorch(name: string, {version = VERSION, cuda, form = 'wheel'}: Made = {}): string {
  const root = join(folder, name);
  mkdirSync(join(root, 'lib'), {recursive: true});
  writeFileSync(join(root, 'lib', 'libtorch_cpu.so'), '');
  if (cuda !== undefined) writeFileSync(join(root, 'lib', 'libtorch_cuda.so'), '');
  const suffix = cuda === undefined ? 'cpu' : `cu${cuda.replace('.', '')}`;
  if (form === 'zip') {
    writeFileSync(join(root, 'build-version'), `${version}+${suffix}\n`);
  } else {
    const lines = [`__version__ = '${version}+${suffix}'`, 'debug = False'];
    lines.push(`cuda: Optional[str] = ${cuda === undefined ? 'None' : `'${cuda}'`}`);
    writeFileSync(join(root, 'version.py'), `${lines.join('\n')}\n`);
  }
  return root;
}

/** A python3 that says where torch is. */
function makePython(answer: string): void {
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'python3'), `#!/bin/sh\necho '${answer}'\n`);
  chmodSync(join(folder, 'bin', 'python3'), 0o755);
}

describe('a folder', () => {
  it('is a LibTorch of a wheel, of the zip, or above torch/', () => {
    const wheel = makeLibTorch('wheel/torch');
    const zip = makeLibTorch('zip', {form: 'zip', version: '2.14.1'});
    const found = {version: VERSION, cuda: null, source: 'x'};
    expect(readLibTorch(wheel, 'x')).toEqual({...found, root: wheel});
    expect(readLibTorch(join(folder, 'wheel'), 'x')).toEqual({...found, root: wheel});
    expect(readLibTorch(zip, 'x')).toEqual({...found, version: '2.14.1', root: zip});
  });

  it('has CUDA where the library is there', () => {
    const root = makeLibTorch('gpu', {cuda: '13.0'});
    expect(readLibTorch(root, 'x')).toMatchObject({version: VERSION, cuda: '13.0'});
    rmSync(join(root, 'lib', 'libtorch_cuda.so'));
    expect(readLibTorch(root, 'x')).toMatchObject({cuda: null});
  });

  it('without the library is none, and without a version is of an unknown one', () => {
    mkdirSync(join(folder, 'lib'));
    expect(readLibTorch(folder, 'x')).toBeNull();
    writeFileSync(join(folder, 'lib', 'libtorch_cpu.so'), '');
    expect(readLibTorch(folder, 'x')).toMatchObject({version: 'unknown'});
  });

  it('has its libraries opened in the order in which they need each other', () => {
    const names = (cuda: string | null) =>
      librariesOf({root: '/r', version: VERSION, cuda, source: 'x'});
    expect(names(null)).toEqual([
      '/r/lib/libc10.so',
      '/r/lib/libtorch_cpu.so',
      '/r/lib/libtorch.so',
    ]);
    expect(names('13.0')).toEqual([
      '/r/lib/libc10.so',
      '/r/lib/libtorch_cpu.so',
      '/r/lib/libc10_cuda.so',
      '/r/lib/libtorch_cuda.so',
      '/r/lib/libtorch.so',
    ]);
  });
});

describe('the search', () => {
  it('goes from the explicit choice to the environment, the cache, python and the system', async () => {
    const explicit = makeLibTorch('explicit');
    const places = ['SAU_NATIVE_LIBTORCH', 'LIBTORCH'].map((name) => {
      env[name] = makeLibTorch(name);
      return name;
    });
    makeLibTorch(`cache/libtorch-${VERSION}-cpu/torch`);
    for (const name of ['VIRTUAL_ENV', 'CONDA_PREFIX']) {
      makeLibTorch(`${name}/lib/python3.12/site-packages/torch`);
      env[name] = join(folder, name);
    }
    makePython(join(makeLibTorch('python/torch'), '__init__.py'));
    const sourceOf = async (option?: string) =>
      (await findLibTorch(VERSION, option, env)).found?.source;

    expect(await sourceOf(explicit)).toBe('option libtorch');
    for (const name of places) {
      expect(await sourceOf()).toBe(name);
      delete env[name];
    }
    expect(await sourceOf()).toBe('cache');
    rmSync(join(folder, 'cache'), {recursive: true});
    for (const name of ['VIRTUAL_ENV', 'CONDA_PREFIX']) {
      expect(await sourceOf()).toBe(name);
      delete env[name];
    }
    expect(await sourceOf()).toBe('python3');
  });

  it('passes over another version that nobody chose, and says so', async () => {
    makeLibTorch('CONDA_PREFIX/lib/python3.11/site-packages/torch', {version: '2.5.1'});
    env.CONDA_PREFIX = join(folder, 'CONDA_PREFIX');
    makePython(join(makeLibTorch('python/torch'), '__init__.py'));
    const {found, tried} = await findLibTorch(VERSION, undefined, env);
    expect(found?.source).toBe('python3');
    expect(tried.map(({source, outcome}) => [source, outcome])).toEqual([
      ['cache', 'no lib/libtorch_cpu.so'],
      ['CONDA_PREFIX', 'version 2.5.1'],
      ['python3', 'chosen'],
    ]);
  });

  it('prefers a CUDA build in the cache, which serves the CPU too', async () => {
    makeLibTorch(`cache/libtorch-${VERSION}-cpu/torch`);
    const cuda = makeLibTorch(`cache/libtorch-${VERSION}-cu130/torch`, {cuda: '13.0'});
    makeLibTorch('cache/libtorch-2.14.1-cpu/torch', {version: '2.14.1'});
    expect((await findLibTorch(VERSION, undefined, env)).found).toMatchObject({
      root: cuda,
      cuda: '13.0',
    });
  });

  it.each(['SAU_NATIVE_LIBTORCH', 'LIBTORCH'])('never passes over what %s says', async (name) => {
    makeLibTorch(`cache/libtorch-${VERSION}-cpu/torch`);
    env[name] = join(folder, 'nothing');
    await expect(findLibTorch(VERSION, undefined, env)).rejects.toMatchObject({
      code: 'ERR_LIBTORCH_NOT_FOUND',
      message: expect.stringContaining(`${join(folder, 'nothing')} (${name})`),
    });
    env[name] = makeLibTorch('old', {version: '2.5.1'});
    await expect(findLibTorch(VERSION, undefined, env)).rejects.toMatchObject({
      code: 'ERR_LIBTORCH_VERSION',
      details: {expected: VERSION, found: '2.5.1', source: name},
    });
  });

  it('takes another version where its check is bypassed', async () => {
    env.SAU_NATIVE_LIBTORCH = makeLibTorch('old', {version: '2.5.1'});
    env.LIBTORCH_BYPASS_VERSION_CHECK = '1';
    const {found} = await findLibTorch(VERSION, undefined, env);
    expect(found).toMatchObject({version: '2.5.1', source: 'SAU_NATIVE_LIBTORCH'});
  });

  it('finds nothing with a python3 that has no torch, and lists every place', async () => {
    makePython('');
    env.VIRTUAL_ENV = join(folder, 'venv');
    const {found, tried} = await findLibTorch(VERSION, undefined, env);
    expect(found).toBeNull();
    const {message, details} = libTorchNotFound(VERSION, tried);
    expect(message).toContain(`cache: ${join(folder, 'cache', `libtorch-${VERSION}-*`)}`);
    expect(message).toContain('VIRTUAL_ENV: ');
    expect(message).toContain('python3: its torch (not installed)');
    expect(message).toContain('system: /usr');
    expect(message).toMatch(/\nRun `npx sau-native setup`/);
    expect(message).toContain(`torch==${VERSION}`);
    expect(details).toEqual({version: VERSION, tried});
  });
});

describe('the cache', () => {
  it('that cannot be read is passed over and told of', async () => {
    writeFileSync(join(folder, 'cache'), 'a file');
    makePython('');
    const {found, tried} = await findLibTorch(VERSION, undefined, env);
    expect(found).toBeNull();
    expect(tried[0]).toEqual({
      source: 'cache',
      path: join(folder, 'cache'),
      outcome: expect.stringMatching(/^cannot be read: ENOTDIR/),
    });
  });

  it("is SAU_NATIVE_CACHE, else in the user's cache folder", () => {
    expect(cacheFolder(env)).toBe(join(folder, 'cache'));
    expect(cacheFolder({XDG_CACHE_HOME: '/x'})).toBe('/x/sau-native');
    expect(cacheFolder({})).toMatch(/\/\.cache\/sau-native$/);
  });
});
