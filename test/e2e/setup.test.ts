import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {PLATFORMS, THIS_TUPLE} from '../../lib/native/platforms.js';
import {namesIn} from '../support/folders.js';
import {expectSchema} from '../support/json_schemas.js';
import {ADDON, IS_BUILT} from '../support/paths.js';
import {sau} from '../support/program.js';
import {makeZip, type ZipEntry} from '../support/raw_zip.js';
import {
  HAS_PIP,
  LIBRARY,
  libTorchEntries,
  NAME,
  sha256,
  useSetupWorld,
  VERSION,
} from '../support/setup_world.js';

/** The real one that the tests run with. */
const REAL: {root: string; version: string; cuda: string | null} | null = IS_BUILT
  ? JSON.parse(sau(__dirname, ['doctor', '--json']).stdout).libtorch
  : null;
const HAS_DRIVER = existsSync('/proc/driver/nvidia');

describe.skipIf(!IS_BUILT)('setup from a file or folder', () => {
  const world = useSetupWorld();
  const installed = (...names: string[]) => join(world.cache, NAME, 'torch', ...names);
  const setup = (from: string, ...more: string[]) =>
    world.sau(['setup', '--yes', '--from', from, ...more]);

  it('says what comes from where and how much, and asks nobody without a terminal', async () => {
    const zip = world.file('libtorch.zip', makeZip(libTorchEntries()));
    const {status, stdout, stderr} = await world.sau(['setup', '--from', zip]);
    expect({status, stdout}).toEqual({status: 2, stdout: ''});
    expect(stderr).toMatch(new RegExp(`^LibTorch +${VERSION}`, 'm'));
    expect(stderr).toMatch(new RegExp(`^from +${zip}$`, 'm'));
    expect(stderr).toMatch(/^size +about 20\d kB packed$/m);
    expect(stderr).toMatch(new RegExp(`^to +${world.cache}/libtorch-`, 'm'));
    expect(stderr).toMatch(/Expected --yes.*Nothing was changed.*\n.*ERR_CONFIG/);
    expect(existsSync(world.cache)).toBe(false);
  });

  it('keeps the modes and links of a zip', async () => {
    const {stdout} = await setup(world.file('libtorch.zip', makeZip(libTorchEntries())));
    expect(stdout).toContain(`LibTorch ${VERSION} (cpu) is now in ${installed()}`);
    expect(lstatSync(installed('lib', 'libtorch_cpu.so')).mode & 0o777).toBe(0o755);
    expect(lstatSync(installed('build-version')).mode & 0o777).toBe(0o644);
    expect(readlinkSync(installed('lib', 'libtorch.so.1'))).toBe('libtorch_cpu.so');
    expect(namesIn(world.cache)).toEqual([NAME]);
  });

  it('says at once that what it has put there does not load', async () => {
    const {status, stdout} = await setup(world.file('a.zip', makeZip(libTorchEntries())));
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /error: .*libtorch_cpu.so is no whole shared library \(BROKEN_LIBTORCH\)/,
    );
    expect(stdout).toContain(`so: delete ${installed()}`);
  });

  it.each<[string, ZipEntry, RegExp]>([
    ['a name that leads out', {name: '../evil', data: 'x'}, /\.\.\/evil/],
    ['an absolute name', {name: '/sau-evil', data: 'x'}, /absolute path: \/sau-evil/],
    [
      'a link that leads out',
      {name: 'libtorch/lib/out', data: '../../../evil', mode: 0o120777},
      /libtorch\/lib\/out leads out of the archive/,
    ],
    [
      'a link to an absolute path',
      {name: 'libtorch/lib/out', data: '/etc/passwd', mode: 0o120777},
      /leads out of the archive, to \/etc\/passwd/,
    ],
    ['a device', {name: 'libtorch/null', mode: 0o020666}, /no file, folder or link/],
    ['a wrong sum', {name: 'libtorch/lib/libc10.so', data: 'x', crc: 1}, /libc10.so is damaged/],
  ])('refuses a zip with %s, and leaves nothing', async (_, entry, words) => {
    const zip = world.file('evil.zip', makeZip([...libTorchEntries(), entry]));
    const {status, stderr} = await setup(zip);
    expect({status, stderr}).toEqual({status: 1, stderr: expect.stringMatching(words)});
    expect(stderr).toContain('(ERR_ARCHIVE)');
    expect(namesIn(world.folder)).toEqual(['cache', 'evil.zip']);
    expect(namesIn(world.cache)).toEqual([]);
  });

  it('refuses a zip that is cut off, and one that holds no LibTorch', async () => {
    const zip = makeZip(libTorchEntries());
    const cut = await setup(world.file('cut.zip', zip.subarray(0, 5000)));
    expect(cut.stderr).toMatch(/Expected a whole and safe archive .*\n.*\(ERR_ARCHIVE\)/);
    const other = await setup(world.file('other.zip', makeZip([{name: 'a', data: 'b'}])));
    expect(other.stderr).toMatch(/found no lib\/libtorch_cpu.so.*\n.*\(ERR_ARCHIVE\)/);
    expect(namesIn(world.cache)).toEqual([]);
  });

  it('refuses a LibTorch for another processor before anything is put in place', async () => {
    const library = readFileSync(join(ADDON, 'sau_native.node'));
    const other = PLATFORMS.find(({elfMachine}) => elfMachine !== library.readUInt16LE(18));
    library.writeUInt16LE(other?.elfMachine ?? 0, 18);
    const entries = libTorchEntries().map((entry) =>
      entry.name.endsWith('/libtorch_cpu.so') ? {...entry, data: library} : entry,
    );
    const {status, stderr} = await setup(world.file('other.zip', makeZip(entries)));
    expect(status).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `Expected a LibTorch for ${THIS_TUPLE} from .*other\\.zip but received one for ${other?.tuple}\\.`,
      ),
    );
    expect(stderr).toContain('(ERR_ARCHIVE)');
    expect(namesIn(world.cache)).toEqual([]);
  });

  it('refuses another version before anything is put in place', async () => {
    const {status, stderr} = await setup(world.file('old.zip', makeZip(libTorchEntries('2.5.1'))));
    expect(status).toBe(3);
    expect(stderr).toMatch(/Expected LibTorch 2\.\d+\.\d+ in .*old.zip but found 2.5.1/);
    expect(stderr).toContain('(ERR_LIBTORCH_VERSION)');
    expect(namesIn(world.cache)).toEqual([]);
  });

  it('refuses another variant than was asked for, and takes it unasked', async () => {
    const zip = world.file('cuda.zip', makeZip(libTorchEntries(VERSION, 'cu130')));
    const asked = await setup(zip, '--variant', 'cpu');
    expect(asked.stderr).toMatch(/Expected a cpu build .* one for CUDA .*--variant cuda/s);
    expect(namesIn(world.cache)).toEqual([]);
    await setup(zip);
    expect(namesIn(world.cache)).toEqual([expect.stringMatching(/^libtorch-.*-cu/)]);
  });

  it('checks the sum of a file where one is given', async () => {
    const data = makeZip(libTorchEntries());
    const zip = world.file('libtorch.zip', data);
    const wrong = await setup(zip, '--sha256', sha256(Buffer.from('')));
    expect(wrong.stderr).toContain('(ERR_CHECKSUM)');
    expect(namesIn(world.cache)).toEqual([]);
    await setup(`file://${zip}`, '--sha256', sha256(data));
    expect(existsSync(installed())).toBe(true);
  });

  it('copies a folder, with all that its links lead to', async () => {
    world.file('elsewhere/libtorch_cpu.so', LIBRARY);
    world.file('mine/torch/version.py', `__version__ = '${VERSION}+cpu'\n`);
    mkdirSync(join(world.folder, 'mine', 'torch', 'lib'));
    const lib = join(world.folder, 'mine', 'torch', 'lib');
    symlinkSync(join(world.folder, 'elsewhere', 'libtorch_cpu.so'), join(lib, 'libtorch_cpu.so'));
    symlinkSync('libtorch_cpu.so', join(lib, 'libtorch.so'));
    await setup(join(world.folder, 'mine'));
    expect(lstatSync(installed('lib', 'libtorch_cpu.so')).isFile()).toBe(true);
    expect(readlinkSync(installed('lib', 'libtorch.so'))).toBe('libtorch_cpu.so');
    expect(readFileSync(installed('lib', 'libtorch_cpu.so')).equals(LIBRARY)).toBe(true);
  });

  it.each<[string, readonly string[], string]>([
    ['a path with nothing there', ['--from', 'absent.zip'], 'there is nothing'],
    ['another scheme', ['--from', 'ftp://example.com/a.zip'], 'none of http, https and file'],
    ['a sum of a folder', ['--from', '.', '--sha256', 'a'.repeat(64)], 'a folder has no checksum'],
    ['a short sum', ['--from', '.', '--sha256', 'abc'], 'Expected 64 hexadecimal digits'],
    ['an unknown variant', ['--variant', 'rocm'], 'Expected auto, cpu or cuda'],
    ['more than --remove', ['--remove', '--variant', 'cpu'], 'Expected --remove alone'],
  ])('refuses %s', async (_, args, words) => {
    const {status, stderr} = await world.sau(['setup', '--yes', ...args]);
    expect({status, stderr}).toEqual({status: 2, stderr: expect.stringContaining(words)});
    expect(existsSync(world.cache)).toBe(false);
  });

  it('--remove takes away what setup has put there, and only that', async () => {
    await setup(world.file('libtorch.zip', makeZip(libTorchEntries())));
    world.file('cache/libtorch-2.13.0-mine/lib/libtorch_cpu.so', 'placed by hand');
    world.file('cache/downloads/part', 'half');
    world.file('cache/downloads/sau-native-setup.json', '{}');
    world.file('cache/.setup-mine/notes.txt', 'mine');
    const {status, stdout} = await world.sau(['setup', '--remove', '--yes', '--json']);
    expect(status).toBe(0);
    expectSchema('setup-remove', JSON.parse(stdout));
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      action: 'removed',
      cache: world.cache,
      removed: [join(world.cache, 'downloads'), join(world.cache, NAME)],
      kept: [join(world.cache, '.setup-mine'), join(world.cache, 'libtorch-2.13.0-mine')],
      freedBytes: expect.any(Number),
    });
    expect(namesIn(world.cache)).toEqual(['.setup-mine', 'libtorch-2.13.0-mine']);
  });

  it('--remove asks, and where nobody can be asked it removes nothing and says what it would', async () => {
    await setup(world.file('libtorch.zip', makeZip(libTorchEntries())));
    const {status, stderr} = await world.sau(['setup', '--remove']);
    expect(status).toBe(2);
    expect(stderr).toContain(`to remove: ${join(world.cache, NAME)}\n`);
    expect(stderr).toContain('Run `npx sau-native setup --remove --yes`');
    expect(namesIn(world.cache)).toContain(NAME);
  });

  it('--remove takes an empty cache away whole, and is content where there is none', async () => {
    await setup(world.file('libtorch.zip', makeZip(libTorchEntries())));
    const first = await world.sau(['setup', '--remove', '--yes']);
    expect(first).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`removed ${world.cache}`),
    });
    expect(existsSync(world.cache)).toBe(false);
    const second = await world.sau(['setup', '--remove']);
    expect(second).toMatchObject({status: 0, stdout: `nothing to remove in ${world.cache}\n`});
  });

  it.skipIf(REAL === null)('does nothing where a LibTorch is in the cache that works', async () => {
    mkdirSync(world.cache);
    symlinkSync(dirname(REAL?.root ?? ''), join(world.cache, NAME));
    const {status, stdout} = await world.sau(['setup']); // asks for nothing
    expect(stdout).toContain(`is already in ${join(world.cache, NAME)}`);
    expect(status).toBe(0);
    expect(namesIn(world.cache)).toEqual([NAME]);
  });
});

describe.skipIf(!IS_BUILT)('the plan of setup', () => {
  const world = useSetupWorld();
  /** A PATH with nothing but what is put there. */
  const bin = () => join(world.folder, 'bin');
  const smi = (answer: string) =>
    chmodSync(world.file('bin/nvidia-smi', `#!/bin/sh\necho '${answer}'\n`), 0o755);

  it('without pip is the official zip, with its address and size', async () => {
    const {status, stderr} = await world.sau(['setup', '--variant', 'cpu'], {PATH: bin()});
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^from +https:\/\/download\.pytorch\.org\/libtorch\/cpu\/libtorch-shared-with-deps-.*\.zip$/m,
    );
    expect(stderr).toMatch(/^size +about 126 MB to fetch, 800 MB on disk$/m);
  });

  it.skipIf(!HAS_PIP)('with pip is its command', async () => {
    const {stderr} = await world.sau(['setup', '--variant', 'cpu']);
    expect(stderr).toMatch(
      new RegExp(`^from +python3 -I -m pip install .*--target DIR torch==${VERSION}\\+cpu$`, 'm'),
    );
  });

  it.skipIf(HAS_DRIVER)('goes by the driver, and says why', async () => {
    const plan = async (env: Record<string, string> = {}) =>
      /^LibTorch +(.*)$/m.exec((await world.sau(['setup'], env)).stderr)?.[1];
    expect(await plan()).toBe(`${VERSION}, cpu (no NVIDIA driver was found)`);
    const PATH = `${bin()}:${process.env.PATH}`;
    smi('470.82.01, Tesla T4');
    expect(await plan({PATH})).toMatch(/, cpu \(NVIDIA driver 470.82.01 is older than 580/);
    smi('580.95.05, NVIDIA H100');
    if (HAS_PIP) {
      expect(await plan({PATH})).toMatch(
        /, cuda \(NVIDIA driver 580.95.05 was found \(nvidia-smi\)\)/,
      );
    }
    expect(await plan({PATH: bin()})).toMatch(/, cpu \(.* there is no python3 with pip/);
  });
});
