import {mkdirSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {homedir, tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {cacheFolder, librariesOf, packageFolders} from '../../../lib/native/libtorch.js';
import {
  findPlatform,
  isTried,
  PLATFORMS,
  type Platform,
  supportedPlatforms,
  thisPlatform,
  UNTRIED_PLATFORMS,
} from '../../../lib/native/platforms.js';
import {ROOT} from '../../support/paths.js';

const ALL = [...PLATFORMS, ...UNTRIED_PLATFORMS];

describe('the table of platforms', () => {
  it('names what npm may install the package on', () => {
    const {os, cpu} = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const parts = PLATFORMS.map(({tuple}) => tuple.split('-'));
    expect(new Set(parts.map(([system]) => system))).toEqual(new Set(os));
    expect(new Set(parts.map(([, chip]) => chip))).toEqual(new Set(cpu));
    expect(supportedPlatforms()).toBe('linux-x64 or linux-arm64 with glibc');
  });

  it('has a row for this process, and none for a system without LibTorch', () => {
    expect(thisPlatform()).toBe(findPlatform(`${process.platform}-${process.arch}`));
    expect(findPlatform('freebsd-x64')).toBeNull();
  });

  it('tells rows that nobody has run from the others', () => {
    expect(UNTRIED_PLATFORMS.map(({tuple}) => tuple)).toEqual(['darwin-arm64', 'win32-x64']);
    expect(UNTRIED_PLATFORMS.some(isTried)).toBe(false);
    expect(PLATFORMS.every(isTried)).toBe(true);
    expect(UNTRIED_PLATFORMS.map(({tuple}) => findPlatform(tuple))).toEqual(UNTRIED_PLATFORMS);
  });

  it.each(ALL)('$tuple opens what shows that a folder is a LibTorch', ({libtorch}) => {
    expect(libtorch.cpu).toContain(libtorch.mark);
    expect(libtorch.cpu).not.toContain(libtorch.cudaMark);
    expect(libtorch.cuda).toEqual(expect.arrayContaining([...libtorch.cpu, libtorch.cudaMark]));
  });
});

describe('paths of each platform', () => {
  it.each([
    ['linux-x64', 'XDG_CACHE_HOME', join(homedir(), '.cache')],
    ['darwin-arm64', 'XDG_CACHE_HOME', join(homedir(), 'Library', 'Caches')],
    ['win32-x64', 'LOCALAPPDATA', join(homedir(), 'AppData', 'Local')],
  ])('%s caches where %s says, else in the usual folder of its users', (tuple, variable, usual) => {
    const row = rowOf(tuple);
    expect(cacheFolder({}, row)).toBe(join(usual, 'sau-native'));
    expect(cacheFolder({[variable]: '/c'}, row)).toBe(join('/c', 'sau-native'));
    expect(cacheFolder({[variable]: '/c', SAU_NATIVE_CACHE: '/own'}, row)).toBe('/own');
  });

  it.each([
    ['linux-x64', ['libc10.so', 'libtorch_cpu.so', 'libtorch.so']],
    ['darwin-arm64', ['libc10.dylib', 'libtorch_cpu.dylib', 'libtorch.dylib']],
    ['win32-x64', ['c10.dll', 'torch_cpu.dll', 'torch.dll']],
  ])('%s opens the libraries of a CPU build before the core', (tuple, names) => {
    const paths = librariesOf(
      {root: '/t', version: '2.13.0', cuda: null, source: 'cache'},
      rowOf(tuple),
    );
    expect(paths).toEqual(names.map((name) => join('/t', 'lib', name)));
  });

  it.each([
    ['linux-x64', ['lib', 'python3.*']],
    ['darwin-arm64', ['lib', 'python3.*']],
    ['win32-x64', ['Lib', 'site-packages']],
  ])('%s has the packages of a Python environment in its own folder', (tuple, folder) => {
    expect(packageFolders('/venv', rowOf(tuple))).toEqual([join('/venv', ...folder)]);
  });

  it('has a folder of packages for each Python of an environment', () => {
    const prefix = mkdtempSync(join(tmpdir(), 'sau-venv-'));
    try {
      for (const name of ['python3.11', 'python3.12', 'python-tools'])
        mkdirSync(join(prefix, 'lib', name), {recursive: true});
      const folders = ['python3.11', 'python3.12'].map((name) =>
        join(prefix, 'lib', name, 'site-packages'),
      );
      expect(packageFolders(prefix, rowOf('linux-x64')).sort()).toEqual(folders);
    } finally {
      rmSync(prefix, {recursive: true});
    }
  });
});

function rowOf(tuple: string): Platform {
  const row = findPlatform(tuple);
  if (row === null) throw new Error(`expected a row for ${tuple}`);
  return row;
}
