import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {ImageMemory, isMapped} from '../../../lib/datasets/image_memory.js';
import {type ImageSet, selectImages} from '../../../lib/datasets/image_set.js';
import {imageTools} from '../../../lib/native/image_tools.js';
import {put} from '../../support/data_files.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

const SIZE = {height: 100, width: 100};
/** Images of SIZE that are worth a file: 3 MB. */
const MANY = 100;

describe('the memory of images', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await temporaryFolder();
    vi.stubEnv('TMPDIR', folder);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('is ordinary memory until the budget is used up, and then a file without a name', async () => {
    const memory = new ImageMemory(4e6);
    const first = await memory.allocate(MANY, SIZE);
    const second = await memory.allocate(MANY, SIZE);
    expect([first, second].map(isMapped)).toEqual([false, true]);
    expect(second.length).toBe(3e6);
    second.fill(7, 0, 2e6);
    expect([second[0], second[1_999_999], second[2_000_000]]).toEqual([7, 7, 0]);
    expect(isMapped(second.subarray(5, 9))).toBe(true);
    expect(await readdir(folder)).toEqual([]);
  });

  it('keeps small arrays out of files', async () => {
    expect(isMapped(await new ImageMemory(0).allocate(1, SIZE))).toBe(false);
  });

  it('has the copies of a set where the set is', async () => {
    const images = await new ImageMemory(0).allocate(MANY, SIZE);
    images.set([1, 2, 3], 30_000);
    const labels = Int32Array.from({length: MANY}, (_, i) => i);
    const set: ImageSet = {
      ...{images, labels, trueLabels: labels, originalIndices: labels, count: MANY, ...SIZE},
    };
    const chosen = await selectImages(
      set,
      labels.map((i) => MANY - 1 - i),
    );
    expect(isMapped(chosen.images)).toBe(true);
    const at = (MANY - 2) * 30_000;
    expect([...chosen.images.slice(at, at + 3)]).toEqual([1, 2, 3]);
    expect(isMapped((await selectImages(set, labels.slice(0, 2))).images)).toBe(false);
  });

  it.each([
    ['the folder does not exist', (root: string) => join(root, 'absent')],
    ['it is no folder', (root: string) => put(join(root, 'file'), 'text')],
  ])('says what to do where %s', async (why, folderOf) => {
    vi.stubEnv('TMPDIR', await folderOf(folder));
    const {message} = await errorOf(new ImageMemory(0).allocate(MANY, SIZE), 'ERR_OUTPUT');
    expect(message).toMatch(
      `Expected room for 0.0 GiB of images in a temporary file in ${process.env.TMPDIR} but ${why}. Free space, name another folder with the environment variable TMPDIR, or raise dataMemory`,
    );
  });

  it('takes all room on the disk at once, and leaves nothing where there is too little', async () => {
    const tooMuch = imageTools().mapMemory(folder, 10 * 2 ** 40);
    await expect(tooMuch).rejects.toMatchObject({errno: expect.toBeOneOf([27, 28])}); // EFBIG, ENOSPC
    expect(await readdir(folder)).toEqual([]);
  });
});
