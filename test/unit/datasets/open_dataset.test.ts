import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {loadPoisonedPngs} from '../../../lib/datasets/decode.js';
import type {DatasetChoice} from '../../../lib/datasets/known.js';
import {openDataset} from '../../../lib/datasets/open_dataset.js';
import {putCifarBinary, putCifarPython} from '../../support/cifar_files.js';
import {putPng} from '../../support/data_files.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

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
      expect(await openDataset({path})).toMatchObject({format: 'cifar10-binary', path: folder});
    }
  });

  it('prefers binary to pickled batches to an image folder', async () => {
    const parent = await temporaryFolder();
    await putImageFolder(join(parent, 'images'));
    expect(await openDataset({path: parent, size: SIZE})).toMatchObject({format: 'imagefolder'});
    await putCifarPython(join(parent, 'cifar-10-batches-py'), 'python3');
    expect(await openDataset({path: parent})).toMatchObject({format: 'cifar10-python'});
    await putCifarBinary(join(parent, 'cifar-10-batches-bin'));
    expect(await openDataset({path: parent})).toMatchObject({format: 'cifar10-binary'});
  });

  it('opens the format that is asked for', async () => {
    const parent = await temporaryFolder();
    await putImageFolder(parent);
    await putCifarBinary(join(parent, 'cifar10', 'cifar-10-batches-bin'));
    expect(await openDataset({path: parent})).toMatchObject({format: 'cifar10-binary'});
    expect(await openDataset({path: parent, dataset: 'imagefolder', size: SIZE})).toMatchObject({
      format: 'imagefolder',
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
        'cifar-100-binary/train.bin, cifar-100-python/train, Train/<class>/GT-<class>.csv or ' +
        'Final_Training/Images/<class>/GT-<class>.csv, tiny-imagenet-200/wnids.txt, train/<class>/* with test/<class>/* or val/<class>/*. Name its folder with data.',
    });
  });

  it.each(['auto', 'cifar10-python', 'imagefolder', 'gtsrb'] as const)(
    'says that the folder is not there (%s)',
    async (dataset) => {
      const path = join(await temporaryFolder(), 'gone');
      await expect(openDataset({path, dataset})).rejects.toMatchObject({
        code: 'ERR_DATASET',
        message: expect.stringContaining('there is no such folder'),
      });
    },
  );

  it.each<[string, DatasetChoice, string | null]>([
    ['data/cifar10', 'auto', 'cifar10 --out @/data'],
    ['data/cifar10', 'cifar10', 'cifar10 --out @/data'],
    ['sets', 'gtsrb', 'gtsrb --out @/sets'],
    ['data/cifar10', 'gtsrb', null],
    ['data/cifar10', 'imagefolder', null],
    ['data/imagenet', 'auto', null],
    ['sets', 'auto', null],
  ])('says how what is missing in %s as %s is fetched', async (place, dataset, command) => {
    const parent = await temporaryFolder();
    const path = join(parent, place);
    for (const make of [() => undefined, () => mkdir(path, {recursive: true})]) {
      await make();
      const {message, details} = await errorOf(openDataset({path, dataset}), 'ERR_DATASET');
      if (command === null) {
        expect(message).not.toContain('Fetch');
        expect(details).not.toHaveProperty('fetch');
      } else {
        const text = command.replace('@', parent);
        expect(message).toContain(`. Fetch it with \`npx sau-native data ${text}\`, or `);
        const [name, , out] = text.split(' ');
        expect(details.fetch).toEqual({dataset: name, out});
      }
    }
  });

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

  it('refuses a resize of CIFAR-10, whose images are not pictures of any size', async () => {
    const path = await putCifarBinary(await temporaryFolder());
    const transform = {resize: '40', crop: 32, interpolation: null};
    await expect(openDataset({path, transform})).rejects.toThrow(
      /Expected no resize for .*, whose images are all of 32x32, but received one/,
    );
    const same = openDataset({path, transform: {...transform, resize: '32'}});
    expect(await same).toMatchObject({height: 32, width: 32});
  });

  it('crops the pictures of an image folder after the resize', async () => {
    const path = await putImageFolder(await temporaryFolder());
    const transform = {resize: '8', crop: 4, interpolation: 'bicubic'} as const;
    const dataset = await openDataset({path, size: SIZE, transform});
    expect(dataset.transform).toEqual({
      ...SIZE,
      resize: {shorterSide: 8},
      interpolation: 'bicubic',
    });
    expect([...(await dataset.loadTrain([1])).images]).toEqual(
      [1, 2, 3].flatMap((level) => Array<number>(16).fill(level)),
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

async function putClasses(folder: string, names: readonly string[]): Promise<string> {
  for (const split of ['train', 'test']) {
    for (const name of names) await putPng(join(folder, split, name, '0.png'), [1, 2, 3]);
  }
  return folder;
}

const SIGNS = Array.from({length: 43}, (_, i) => String(i));

describe('the data set that is asked for', () => {
  it.each([
    ['cifar10-python', 'cifar10-binary'],
    ['cifar10-binary', 'cifar10-python'],
    ['imagefolder', 'cifar10-binary'],
    ['cifar10-binary', 'imagefolder'],
  ] as const)('is refused as %s where only %s is there', async (dataset, there) => {
    const path = await temporaryFolder();
    if (there === 'cifar10-binary') await putCifarBinary(path);
    else if (there === 'cifar10-python') await putCifarPython(path, 'python3');
    else await putImageFolder(path);
    await expect(openDataset({path, dataset, size: SIZE})).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: expect.stringMatching(
        `as dataset ${dataset} asks for, but found .*, which is of the format ${there}. Leave dataset at auto`,
      ),
    });
  });

  it('comes in the format that is named where others are beside it', async () => {
    const path = await temporaryFolder();
    await putCifarBinary(join(path, 'cifar-10-batches-bin'));
    await putCifarPython(join(path, 'cifar-10-batches-py'), 'python3');
    for (const format of ['cifar10-binary', 'cifar10-python'] as const) {
      expect(await openDataset({path, dataset: format})).toMatchObject({format, name: 'cifar10'});
    }
  });

  it('has the size of the one that is named, whose class folders alone do not tell', async () => {
    const path = await putClasses(await temporaryFolder(), SIGNS);
    await expect(openDataset({path})).rejects.toMatchObject({code: 'ERR_CONFIG'});
    const signs = await openDataset({path, dataset: 'gtsrb'});
    expect(signs).toMatchObject({name: 'gtsrb', numClasses: 43, height: 32, width: 32});
    expect((await signs.loadTest([0])).images).toHaveLength(3 * 32 * 32);
  });

  it('is found in any format that it comes in', async () => {
    const path = await temporaryFolder();
    await putImageFolder(join(path, 'aaa'));
    await putCifarPython(join(path, 'cifar-10-batches-py'), 'python3');
    expect(await openDataset({path, dataset: 'cifar10'})).toMatchObject({
      format: 'cifar10-python',
      name: 'cifar10',
    });
  });

  it.each([
    [
      'another number of classes',
      'gtsrb',
      ['a', 'b'],
      /Expected the 43 classes of GTSRB .* found 2 classes \(a, b/,
    ],
    [
      'other names',
      'cifar10',
      SIGNS.slice(0, 10).map((n) => `sign ${n}`),
      /\(airplane, automobile, bird, \.\.\.\) .* found 10 classes \(sign 0/,
    ],
  ] as const)('is refused where the folder has %s', async (_, dataset, classes, message) => {
    const path = await putClasses(await temporaryFolder(), classes);
    const opened = openDataset({path, dataset, size: SIZE});
    await expect(opened).rejects.toMatchObject({code: 'ERR_DATASET', details: {path, dataset}});
    await expect(opened).rejects.toThrow(message);
  });

  it('is refused where only another one is there', async () => {
    const path = await putCifarBinary(await temporaryFolder());
    await expect(openDataset({path, dataset: 'cifar100'})).rejects.toThrow(
      /of the form cifar-100-binary\/.*, as dataset cifar100 asks for, but found .* of the format cifar10-binary/,
    );
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
