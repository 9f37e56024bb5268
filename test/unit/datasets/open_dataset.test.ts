import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {DATASETS, isDatasetName, recogniseDataset} from '../../../lib/datasets/datasets.js';
import {openDataset} from '../../../lib/datasets/open_dataset.js';
import {loadPoisonedPngs} from '../../../lib/datasets/poisoned_pngs.js';
import {putCifarBinary, putCifarPython} from './cifar_files.js';
import {putPng, temporaryFolder} from './files.js';

const SIZE = {height: 4, width: 4};

async function putImageFolder(folder: string): Promise<string> {
  for (const split of ['train', 'test']) {
    for (const name of ['a', 'b']) await putPng(join(folder, split, name, '0.png'), [1, 2, 3]);
  }
  return folder;
}

describe('openDataset', () => {
  it('opens the folder itself or its parent', async () => {
    const parent = await temporaryFolder();
    const folder = await putCifarBinary(join(parent, 'cifar-10-batches-bin'));
    for (const path of [folder, parent]) {
      expect(await openDataset({path})).toMatchObject({kind: 'cifarBinary', path: folder});
    }
  });

  it('prefers binary to pickled batches to an image folder', async () => {
    const parent = await temporaryFolder();
    await putImageFolder(join(parent, 'images'));
    expect(await openDataset({path: parent, size: SIZE})).toMatchObject({kind: 'imageFolder'});
    await putCifarPython(join(parent, 'cifar-10-batches-py'), 'python3');
    expect(await openDataset({path: parent})).toMatchObject({kind: 'cifarPython'});
    await putCifarBinary(join(parent, 'cifar-10-batches-bin'));
    expect(await openDataset({path: parent})).toMatchObject({kind: 'cifarBinary'});
  });

  it('opens the kind that is asked for', async () => {
    const parent = await temporaryFolder();
    await putImageFolder(parent);
    await putCifarBinary(join(parent, 'cifar10', 'cifar-10-batches-bin'));
    expect(await openDataset({path: parent})).toMatchObject({kind: 'cifarBinary'});
    expect(await openDataset({path: parent, kind: 'imageFolder', size: SIZE})).toMatchObject({
      kind: 'imageFolder',
      path: parent,
    });
  });

  it('says what it looked for', async () => {
    const path = await temporaryFolder();
    await expect(openDataset({path})).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message:
        `Expected a data set in ${path} or in a folder there but found none of ` +
        'cifar-10-batches-bin/data_batch_1.bin, cifar-10-batches-py/data_batch_1, ' +
        'train/<class>/* with test/<class>/* or val/<class>/*; name its folder with --data',
    });
  });

  it.each(['auto', 'cifarPython', 'imageFolder'] as const)(
    'says that the folder is not there (%s)',
    async (kind) => {
      const path = join(await temporaryFolder(), 'gone');
      await expect(openDataset({path, kind})).rejects.toMatchObject({
        code: 'ERR_DATASET',
        message: expect.stringContaining('there is no such folder'),
      });
    },
  );

  it('refuses to choose between two image folders', async () => {
    const path = await temporaryFolder();
    await putImageFolder(join(path, 'one'));
    await putImageFolder(join(path, 'two'));
    await expect(openDataset({path, size: SIZE})).rejects.toThrow(
      /Expected one data set in .* but found .*one and .*two/,
    );
  });

  it('refuses another size than that of CIFAR-10', async () => {
    const path = await putCifarBinary(await temporaryFolder());
    await expect(openDataset({path, size: {height: 64, width: 64}})).rejects.toThrow(
      /Expected images of 64x64 but those of .* are 32x32/,
    );
  });

  it('looks past files and empty folders beside the image folder', async () => {
    const path = await temporaryFolder();
    await mkdir(join(path, 'empty'));
    await writeFile(join(path, 'readme'), '');
    await putImageFolder(join(path, 'images'));
    expect(await openDataset({path, size: SIZE})).toMatchObject({trainCount: 2, testCount: 2});
  });
});

describe('recogniseDataset', () => {
  const names = (count: number, name: (i: number) => string): string[] =>
    Array.from({length: count}, (_, i) => name(i));

  it('tells data sets by their class folders', () => {
    expect(recogniseDataset(names(43, (i) => String(i).padStart(5, '0')))).toBe('gtsrb');
    expect(recogniseDataset(names(200, (i) => `n${10000000 + i}`))).toBe('tiny');
    expect(recogniseDataset(names(1000, (i) => `n${10000000 + i}`))).toBe('imagenet');
  });

  it('does not guess', () => {
    expect(recogniseDataset(names(10, String))).toBeNull();
    expect(recogniseDataset(names(43, (i) => `sign ${i}`))).toBeNull();
    expect(recogniseDataset(names(7, String))).toBeNull();
  });
});

describe('DATASETS', () => {
  it('has the constants of the official tool', () => {
    expect(DATASETS.cifar10.std).toEqual([0.247, 0.243, 0.261]);
    expect(DATASETS.tiny).toMatchObject({numClasses: 200, size: 64});
  });

  it('tells its names from inherited ones', () => {
    expect(isDatasetName('gtsrb')).toBe(true);
    expect(isDatasetName('toString')).toBe(false);
  });
});

describe('loadPoisonedPngs', () => {
  it('keeps attack label, true label and original index of each image', async () => {
    const folder = await temporaryFolder();
    const entries = await Promise.all(
      [7, 3].map(async (i) => ({
        path: await putPng(join(folder, `${i}.png`), [i, i, i]),
        attackLabel: 0,
        originalLabel: i + 1,
        originalIndex: i,
      })),
    );
    const set = await loadPoisonedPngs(entries, SIZE);
    expect(set).toMatchObject({count: 2, height: 4, width: 4});
    expect([...set.labels]).toEqual([0, 0]);
    expect([...set.trueLabels]).toEqual([8, 4]);
    expect([...set.originalIndices]).toEqual([7, 3]);
    expect([set.images[0], set.images[48]]).toEqual([7, 3]);
  });

  it('names a missing image', async () => {
    const path = join(await temporaryFolder(), '5.png');
    const entry = {path, attackLabel: 0, originalLabel: 1, originalIndex: 5};
    await expect(loadPoisonedPngs([entry], SIZE)).rejects.toMatchObject({
      code: 'ERR_DATASET',
      details: {file: path},
    });
  });
});
