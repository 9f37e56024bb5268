import {mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {writeWholeFile} from '../../../lib/base/whole_file.js';
import {withOutput} from '../../../lib/report/output_folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sau-output-'));
});
afterEach(() => rm(folder, {recursive: true}));

const options = {force: false, reserveBytes: 1000};
const prepareOutput = (dir: string, given: typeof options) =>
  withOutput(dir, given, async (path) => path);

describe('the output folder', () => {
  it('is made with its parents, and is left empty', async () => {
    const path = await prepareOutput(join(folder, 'a', 'b'), options);
    expect(path).toBe(join(folder, 'a', 'b'));
    expect(await readdir(path)).toEqual([]);
  });

  it('may have other files in it', async () => {
    await writeFile(join(folder, 'notes.txt'), 'x');
    await prepareOutput(folder, options);
    expect(await readdir(folder)).toEqual(['notes.txt']);
  });

  it('with a result is refused, unless forced', async () => {
    await writeFile(join(folder, 'defense_result.pt'), 'x');
    await expect(prepareOutput(folder, options)).rejects.toMatchObject({
      code: 'ERR_OUTPUT',
      message: `Expected a folder without a result at ${folder} but received ${join(folder, 'defense_result.pt')}; set force to overwrite it`,
    });
    await prepareOutput(folder, {...options, force: true});
    expect(await readFile(join(folder, 'defense_result.pt'), 'utf8')).toBe('x');
  });

  it('is refused where it cannot be told whether it has a result', async () => {
    const path = join(folder, 'defense_result.pt');
    await symlink(path, path);
    await expect(prepareOutput(folder, options)).rejects.toMatchObject({
      code: 'ERR_OUTPUT',
      details: {path, errno: 'ELOOP'},
    });
    await prepareOutput(folder, {...options, force: true});
  });

  it('without room for the result is refused, and not left behind', async () => {
    const path = join(folder, 'new', 'out');
    await expect(prepareOutput(path, {...options, reserveBytes: 2 ** 60})).rejects.toMatchObject({
      code: 'ERR_OUTPUT',
      message: expect.stringMatching(/^Expected 1099511627776\.0 MiB of free space at /),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('cannot be below a file', async () => {
    await writeFile(join(folder, 'file'), 'x');
    await expect(prepareOutput(join(folder, 'file', 'out'), options)).rejects.toMatchObject({
      code: 'ERR_OUTPUT',
      message: expect.stringMatching(/^Expected a folder that can be created at .* but received /),
    });
  });

  it('that is a file is refused', async () => {
    await writeFile(join(folder, 'file'), 'x');
    await expect(prepareOutput(join(folder, 'file'), options)).rejects.toMatchObject({
      code: 'ERR_OUTPUT',
      message: expect.stringMatching(/^Expected a folder that can be created at .* but received /),
    });
  });

  it.skipIf(process.platform !== 'linux')('cannot be where nobody can make one', async () => {
    await expect(prepareOutput('/proc/a/b', options)).rejects.toMatchObject({
      code: 'ERR_OUTPUT',
      message: expect.stringMatching(/^Expected a folder that can be created at \/proc\/a\/b /),
    });
  });

  it.skipIf(process.platform !== 'linux')('must be writable', async () => {
    await expect(prepareOutput('/proc/self', options)).rejects.toMatchObject({
      code: 'ERR_OUTPUT',
      message: expect.stringMatching(/^Expected a writable folder at \/proc\/self but received /),
    });
  });
});

describe('a file', () => {
  it('is written whole, replacing the old one, with nothing beside it', async () => {
    const path = join(folder, 'x.txt');
    await writeWholeFile(path, 'old');
    await writeWholeFile(path, new Uint8Array([110, 101, 119]));
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['x.txt']);
  });

  it('that cannot be put in its place leaves no temporary behind', async () => {
    await mkdir(join(folder, 'x', 'full'), {recursive: true});
    await expect(writeWholeFile(join(folder, 'x'), 'data')).rejects.toMatchObject({
      code: 'ERR_OUTPUT',
      message: expect.stringMatching(/^Expected to write .* but there is a folder of that name/),
    });
    expect(await readdir(folder)).toEqual(['x']);
  });
});
