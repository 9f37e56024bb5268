import {mkdir, rm, symlink} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {CIFAR10_CLASS_NAMES} from '../../../lib/datasets/class_names.js';
import type {Dataset} from '../../../lib/datasets/dataset.js';
import {
  loadCleanFolder,
  openImageFolder as readImageFolder,
} from '../../../lib/datasets/image_folder.js';
import {openDataset} from '../../../lib/datasets/open_dataset.js';
import {put, putPng} from '../../support/data_files.js';
import {temporaryFolder} from '../../support/folders.js';

const SIZE = {height: 4, width: 4};

function openImageFolder(path: string, size?: typeof SIZE): Promise<Dataset> {
  return openDataset({path, dataset: 'imagefolder', size});
}

/** The gray level of each image, which tells which file it is. */
function levels(images: Uint8Array): number[] {
  return [...images].filter((_, i) => i % 48 === 0);
}

function gray(level: number): number[] {
  return [level, level, level];
}

/** Classes a and b; 10.png sorts before 2.png. */
async function putFolder(testName = 'test'): Promise<string> {
  const folder = await temporaryFolder();
  await putPng(join(folder, 'train/b/2.png'), gray(1));
  await putPng(join(folder, 'train/b/10.png'), gray(2));
  await putPng(join(folder, 'train/a/z.png'), gray(3));
  await putPng(join(folder, 'train/a/m/deep.PNG'), gray(4));
  await put(join(folder, 'train/a/notes.txt'), 'not an image');
  await putPng(join(folder, testName, 'a/0.png'), gray(5));
  await putPng(join(folder, testName, 'b/0.png'), gray(6));
  return folder;
}

describe('openDataset of an image folder', () => {
  it("loads in torchvision's order: classes by name, then files by name", async () => {
    const data = await openImageFolder(await putFolder(), SIZE);
    expect(data).toMatchObject({name: null, numClasses: 2, trainCount: 4, testCount: 2});
    expect(data.classNames).toEqual(['a', 'b']);
    const train = await data.loadTrain();
    expect(levels(train.images)).toEqual([3, 4, 2, 1]);
    expect([...train.labels]).toEqual([0, 0, 1, 1]);
    expect([...train.originalIndices]).toEqual([0, 1, 2, 3]);
  });

  it('takes val for the test split where there is no test', async () => {
    const data = await openImageFolder(await putFolder('val'), SIZE);
    expect(levels((await data.loadTest()).images)).toEqual([5, 6]);
  });

  it('decodes only the chosen images', async () => {
    const folder = await putFolder();
    await put(join(folder, 'train/b/10.png'), 'damaged');
    const data = await openImageFolder(folder, SIZE);
    const chosen = await data.loadTrain([3, 0]);
    expect(levels(chosen.images)).toEqual([1, 3]);
    expect([...chosen.labels]).toEqual([1, 0]);
    expect([...chosen.originalIndices]).toEqual([3, 0]);
    await expect(data.loadTrain()).rejects.toMatchObject({code: 'ERR_DATASET'});
  });

  it('follows links to class folders', async () => {
    const folder = await putFolder();
    await symlink(join(folder, 'train/b'), join(folder, 'train/c'));
    await symlink(join(folder, 'test/b'), join(folder, 'test/c'));
    expect(await openImageFolder(folder, SIZE)).toMatchObject({numClasses: 3, trainCount: 6});
  });

  it('knows CIFAR-10 and its size by the class names', async () => {
    const folder = await temporaryFolder();
    for (const name of CIFAR10_CLASS_NAMES) {
      await putPng(join(folder, 'train', name, '0.png'), gray(9));
      await putPng(join(folder, 'test', name, '0.png'), gray(9));
    }
    expect(await openImageFolder(folder)).toMatchObject({name: 'cifar10', height: 32, width: 32});
  });

  it('asks for a size that it cannot know', async () => {
    await expect(openImageFolder(await putFolder())).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('Expected a height and width'),
    });
  });

  it('refuses a folder without both splits', async () => {
    const folder = await putFolder();
    await rm(join(folder, 'test'), {recursive: true});
    await expect(readImageFolder(folder)).rejects.toThrow(/train and test \(or val\)/);
  });

  it('refuses splits with other classes', async () => {
    const folder = await putFolder();
    await putPng(join(folder, 'test/c/0.png'), gray(0));
    await expect(openImageFolder(folder, SIZE)).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: expect.stringContaining('lacks [] and adds [c]'),
    });
  });

  it('refuses a class folder without images', async () => {
    const folder = await putFolder();
    await mkdir(join(folder, 'train/c'));
    await expect(openImageFolder(folder, SIZE)).rejects.toThrow(/train\/c but found none/);
  });

  it('refuses a split with fewer than two class folders', async () => {
    const folder = await putFolder();
    await rm(join(folder, 'train/a'), {recursive: true});
    await expect(openImageFolder(folder, SIZE)).rejects.toThrow(/one folder per class .* found 1/);
  });

  it('refuses a format that it would have to leave out', async () => {
    const folder = await putFolder();
    const file = await put(join(folder, 'train/a/0.bmp'), 'BM');
    await expect(openImageFolder(folder, SIZE)).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: `Expected JPEG, PNG, WebP, TIFF or PPM images but found ${file}; convert the .bmp files to PNG`,
    });
  });

  it('refuses an index beyond the split', async () => {
    const data = await openImageFolder(await putFolder(), SIZE);
    await expect(data.loadTest([2])).rejects.toThrow(/from 0 to 1 of the test set/);
  });
});

describe('loadCleanFolder', () => {
  const classNames = ['zebra', 'ant', 'bee'];

  it("labels folders by the data set's class order, whatever their own", async () => {
    const folder = await temporaryFolder();
    await putPng(join(folder, 'ant/0.png'), gray(1));
    await putPng(join(folder, 'zebra/0.png'), gray(2));
    const set = await loadCleanFolder(folder, {numClasses: 3, classNames, transform: SIZE});
    expect([...set.labels]).toEqual([1, 0]);
    expect([...set.trueLabels]).toEqual([1, 0]);
    expect(levels(set.images)).toEqual([1, 2]);
    expect([...set.originalIndices]).toEqual([0, 1]);
  });

  it.each([[classNames], [null]])(
    'takes integer folder names as labels (classes %o)',
    async (known) => {
      const folder = await temporaryFolder();
      await putPng(join(folder, '2/0.png'), gray(1));
      await putPng(join(folder, '0/0.png'), gray(2));
      const set = await loadCleanFolder(folder, {
        numClasses: 3,
        classNames: known,
        transform: SIZE,
      });
      expect([...set.labels]).toEqual([0, 2]);
    },
  );

  it('ranks folders by name when nothing else is known', async () => {
    const folder = await temporaryFolder();
    await putPng(join(folder, 'y/0.png'), gray(1));
    await putPng(join(folder, 'x/0.png'), gray(2));
    const set = await loadCleanFolder(folder, {numClasses: 2, classNames: null, transform: SIZE});
    expect(levels(set.images)).toEqual([2, 1]);
    expect([...set.labels]).toEqual([0, 1]);
  });

  it.each([
    ['an unknown class', classNames, 'cow', 'named as the classes (zebra, ant, bee, ...)'],
    ['too few classes', null, 'cow', 'Expected 3 class folders, or folders named 0 to 2'],
    ['a label out of range', null, '3', 'Expected 3 class folders, or folders named 0 to 2'],
  ])('refuses %s', async (_, known, name, message) => {
    const folder = await temporaryFolder();
    await putPng(join(folder, name, '0.png'), gray(1));
    await expect(
      loadCleanFolder(folder, {numClasses: 3, classNames: known, transform: SIZE}),
    ).rejects.toMatchObject({code: 'ERR_DATASET', message: expect.stringContaining(message)});
  });

  it('refuses a folder without images', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'ant'));
    await expect(
      loadCleanFolder(folder, {numClasses: 3, classNames, transform: SIZE}),
    ).rejects.toThrow(/but found none/);
  });

  it('refuses a folder that is not there', async () => {
    const folder = join(await temporaryFolder(), 'gone');
    await expect(
      loadCleanFolder(folder, {numClasses: 3, classNames, transform: SIZE}),
    ).rejects.toThrow(/Expected a folder of images at .*gone but it cannot be read/);
  });
});
