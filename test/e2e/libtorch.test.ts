import {existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import {namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {sau} from '../support/program.js';
import {SCALE_FLAGS, useWorld} from '../support/world.js';

describe.skipIf(!IS_BUILT)('without a usable LibTorch', () => {
  const world = useWorld();
  const file = (name: string): string => join(world.folder, name);
  const choice = {LIBTORCH: undefined, LIBTORCH_BYPASS_VERSION_CHECK: undefined};
  /** No cache, no Python: nothing to be found. */
  const nowhere = () => ({
    ...choice,
    SAU_NATIVE_LIBTORCH: undefined,
    SAU_NATIVE_CACHE: file('no_cache'),
    HOME: file('no_cache'),
    PATH: file('no_programs'),
    VIRTUAL_ENV: file('no_venv'),
    CONDA_PREFIX: undefined,
  });

  beforeAll(() => {
    mkdirSync(file('empty'));
    mkdirSync(join(file('fake'), 'lib'), {recursive: true});
    writeFileSync(join(file('fake'), 'lib', 'libtorch_cpu.so'), '');
    writeFileSync(join(file('fake'), 'version.py'), "__version__ = '2.5.1+cpu'\n");
  });

  it('defend exits with 3 and names every place that it tried', () => {
    const args = ['defend', '--ckpt', world.record, '--clean', '10', '--out', 'out'];
    const {status, stderr} = sau(world.folder, args, nowhere());
    expect(status).toBe(3);
    expect(stderr).toContain('(ERR_LIBTORCH_NOT_FOUND)');
    const tried = [...stderr.matchAll(/^ {2}(\S+): (.*) \((.*)\)$/gm)].map((m) => m.slice(1, 3));
    expect(tried).toEqual([
      ['cache', expect.stringMatching(/no_cache\/libtorch-2\.\d+\.\d+-\*$/)],
      ['VIRTUAL_ENV', expect.stringContaining('no_venv')],
      ['python3', 'its torch'],
      ['system', '/usr'],
    ]);
    expect(stderr).toMatch(/Run `npx sau-native setup`.*SAU_NATIVE_LIBTORCH/);
    expect(namesIn(file('out'))).toEqual([]);
  });

  it.each([
    ['defend', ['--ckpt', 'absent.pt', '--out', 'nothing']],
    ['evaluate', ['--ckpt', 'absent.pt']],
    ['attack badnet', ['--data', 'absent', '--out', 'nothing']],
    ['demo', ['--out', 'nothing']],
  ])('%s says so before it reads or writes anything', (command, args) => {
    const {status, stderr} = sau(world.folder, [...command.split(' '), ...args], nowhere());
    expect(status).toBe(3);
    expect(stderr).toMatch(/^sau-native: Expected LibTorch .* but found none/);
    expect(stderr).toContain('(ERR_LIBTORCH_NOT_FOUND)');
    expect(existsSync(file('nothing'))).toBe(false);
  });

  it('poisoned images are made all the same', () => {
    const args = ['--data', world.data, '--out', 'poisoned', '--poison-only', ...SCALE_FLAGS];
    expect(sau(world.folder, ['attack', 'badnet', ...args], nowhere())).toMatchObject({status: 0});
    expect(namesIn(file('poisoned'))).toContain('bd_train_dataset');
  });

  it('an empty folder as SAU_NATIVE_LIBTORCH is an error, not skipped', () => {
    const env = {...choice, SAU_NATIVE_LIBTORCH: file('empty')};
    const {status, stderr} = sau(world.folder, ['evaluate', '--ckpt', world.record], env);
    expect(status).toBe(3);
    expect(stderr).toMatch(/LibTorch in .*empty \(SAU_NATIVE_LIBTORCH\)/);
    expect(stderr).toContain('(ERR_LIBTORCH_NOT_FOUND)');
  });

  it('another version is refused before it is loaded', () => {
    const env = {...choice, SAU_NATIVE_LIBTORCH: file('fake')};
    const {status, stderr} = sau(world.folder, ['evaluate', '--ckpt', world.record], env);
    expect(status).toBe(3);
    // Its library is an empty file: loading it would fail with the linker's words.
    expect(stderr).toMatch(/Expected LibTorch 2\.\d+\.\d+ but found 2\.5\.1 in .*fake/);
    expect(stderr).toContain('(ERR_LIBTORCH_VERSION)');
  });

  it('a broken one is named, with what the linker says', () => {
    const env = {
      ...choice,
      SAU_NATIVE_LIBTORCH: file('fake'),
      LIBTORCH_BYPASS_VERSION_CHECK: '1',
    };
    const {status, stderr} = sau(world.folder, ['evaluate', '--ckpt', world.record], env);
    expect(status).toBe(1);
    expect(stderr).toMatch(/Expected LibTorch 2\.5\.1 in .*fake .* to load but .*libc10\.so/);
    expect(stderr).toContain('(ERR_NATIVE)');
  });

  it('--help and inspect work', () => {
    expect(sau(world.folder, ['defend', '--help'], nowhere())).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(sau(world.folder, ['inspect', world.record], nowhere())).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(
        /^can be purified: unknown, because LibTorch.*\nformat: torch\n.*modelName: preactresnet18_w8/s,
      ),
    });
  });
});
