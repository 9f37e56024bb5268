import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {CIFAR100_CLASS_NAMES} from '../../../lib/datasets/class_names.js';
import {openDataset} from '../../../lib/datasets/open_dataset.js';
import {
  cifar100Batch,
  cifar100Meta,
  putCifar100Binary,
  putCifar100Python,
  type Splits,
} from '../../support/cifar_files.js';
import {put, someBytes} from '../../support/data_files.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

const IMAGE = 3072;
const SPLITS: Splits = {
  train: {labels: [99, 0, 42, 7, 7], pixels: someBytes(5 * IMAGE)},
  test: {labels: [1, 98], pixels: someBytes(2 * IMAGE, 9)},
};

async function putLayout(layout: 'binary' | 'python2' | 'python3', parent: string) {
  return layout === 'binary'
    ? putCifar100Binary(join(parent, 'cifar-100-binary'), SPLITS)
    : putCifar100Python(join(parent, 'cifar-100-python'), SPLITS, layout);
}

describe.each(['binary', 'python2', 'python3'] as const)('CIFAR-100 as %s', (layout) => {
  it('has the fine labels, the pixels and the order of its files', async () => {
    const parent = await temporaryFolder();
    const folder = await putLayout(layout, parent);
    const data = await openDataset({path: parent});
    expect(data).toMatchObject({
      ...{name: 'cifar100', numClasses: 100, height: 32, width: 32, path: folder, root: parent},
      ...{trainCount: 5, testCount: 2, format: `cifar100-${layout.replace(/\d/, '')}`},
    });
    expect(data.classNames).toEqual(CIFAR100_CLASS_NAMES);
    expect(data.classTitles).toEqual(CIFAR100_CLASS_NAMES);
    const train = await data.loadTrain();
    expect([...train.labels]).toEqual(SPLITS.train.labels);
    expect(Buffer.compare(train.images, SPLITS.train.pixels)).toBe(0);
    const some = await data.loadTrain([4, 0]);
    expect([...some.labels]).toEqual([7, 99]);
    expect(
      Buffer.compare(some.images.subarray(IMAGE), SPLITS.train.pixels.subarray(0, IMAGE)),
    ).toBe(0);
    const test = await data.loadTest();
    expect([...test.labels]).toEqual(SPLITS.test.labels);
    expect(Buffer.compare(test.images, SPLITS.test.pixels)).toBe(0);
  });
});

describe('damaged CIFAR-100', () => {
  it.each([0, 3073, 3074 * 2 + 1])('is refused in a binary file of %i bytes', async (bytes) => {
    const folder = await putCifar100Binary(await temporaryFolder(), SPLITS);
    await put(join(folder, 'train.bin'), someBytes(bytes));
    const {message} = await errorOf(openDataset({path: folder}), 'ERR_DATASET');
    expect(message).toMatch(
      `whole records of 3074 bytes in the CIFAR-100 file ${folder}/train.bin but found ${bytes}`,
    );
  });

  it('is refused with a fine label above 99; the coarse label is not looked at', async () => {
    const folder = await putCifar100Binary(await temporaryFolder(), SPLITS);
    await put(join(folder, 'test.bin'), Buffer.from([200, 100, ...someBytes(IMAGE)]));
    const {message} = await errorOf((await openDataset({path: folder})).loadTest(), 'ERR_DATASET');
    expect(message).toMatch(/labels 0 to 99 in the CIFAR-100 file .*test.bin but found 100/);
  });

  it.each<[string, Buffer, RegExp]>([
    ['half a pickle', cifar100Batch(SPLITS.train, 'python2').subarray(0, 9000), /a whole pickle/],
    [
      'fewer images than labels',
      cifar100Batch({...SPLITS.train, pixels: someBytes(4 * IMAGE)}, 'python2'),
      /"data" of shape \[5,3072\]/,
    ],
    ['no labels', cifar100Meta(['a'], 'python2'), /a uint8 array "data"/],
    [
      'no image',
      cifar100Batch({labels: [], pixels: someBytes(0)}, 'python2'),
      /a list "fine_labels"/,
    ],
  ])(
    'is refused when it is opened, for there the images are counted: %s',
    async (_, bytes, what) => {
      const folder = await putCifar100Python(await temporaryFolder(), SPLITS);
      await put(join(folder, 'train'), bytes);
      const {message} = await errorOf(openDataset({path: folder}), 'ERR_DATASET');
      expect(message).toMatch(what);
      expect(message).toContain(join(folder, 'train'));
    },
  );

  it('is refused with another number of names', async () => {
    const folder = await putCifar100Python(await temporaryFolder(), SPLITS);
    await put(join(folder, 'meta'), cifar100Meta(['apple'], 'python2'));
    const {message} = await errorOf(openDataset({path: folder}), 'ERR_DATASET');
    expect(message).toMatch(/100 "fine_label_names" in the CIFAR-100 file .*meta/);
  });
});
