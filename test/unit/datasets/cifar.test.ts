import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {Dataset} from '../../../lib/datasets/dataset.js';
import {openDataset} from '../../../lib/datasets/open_dataset.js';
import {
  cifarBatch,
  cifarImage,
  cifarMeta,
  putCifarBinary,
  putCifarPython,
} from '../../support/cifar_files.js';
import {put, someBytes} from '../../support/data_files.js';
import {temporaryFolder} from '../../support/folders.js';

type Layout = 'binary' | 'python2' | 'python3';
const LAYOUTS: Layout[] = ['binary', 'python2', 'python3'];

async function putLayout(layout: Layout): Promise<string> {
  const folder = await temporaryFolder();
  return layout === 'binary' ? putCifarBinary(folder) : putCifarPython(folder, layout);
}

function openLayout(layout: Layout, folder: string): Promise<Dataset> {
  return layout === 'binary' ? openCifarBinary(folder) : openCifarPython(folder);
}

function openCifarBinary(path: string): Promise<Dataset> {
  return openDataset({path, dataset: 'cifar10-binary'});
}

function openCifarPython(path: string): Promise<Dataset> {
  return openDataset({path, dataset: 'cifar10-python'});
}

describe.each(LAYOUTS)('CIFAR-10 in its %s layout', (layout) => {
  it('tells its counts and classes', async () => {
    const data = await openLayout(layout, await putLayout(layout));
    expect(data).toMatchObject({
      name: 'cifar10',
      numClasses: 10,
      height: 32,
      width: 32,
      trainCount: 10,
      testCount: 2,
    });
    expect(data.classNames[3]).toBe(layout === 'binary' ? 'cat' : 'c3');
  });

  it('loads every training image in the order of the batches', async () => {
    const data = await openLayout(layout, await putLayout(layout));
    const train = await data.loadTrain();
    const expected = Array.from({length: 10}, (_, i) => cifarImage(i));
    expect(train.count).toBe(10);
    expect([...train.labels]).toEqual(expected.map(({label}) => label));
    expect([...train.trueLabels]).toEqual([...train.labels]);
    expect([...train.originalIndices]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(Buffer.concat(expected.map(({pixels}) => pixels)).equals(train.images)).toBe(true);
  });

  it('loads chosen images in the given order, repeats included', async () => {
    const data = await openLayout(layout, await putLayout(layout));
    const seen: number[] = [];
    const chosen = await data.loadTrain([9, 0, 9, 4], {onImages: (done) => seen.push(done)});
    const expected = [9, 0, 9, 4].map(cifarImage);
    expect([...chosen.originalIndices]).toEqual([9, 0, 9, 4]);
    expect([...chosen.labels]).toEqual([9, 0, 9, 4]);
    expect(Buffer.concat(expected.map(({pixels}) => pixels)).equals(chosen.images)).toBe(true);
    expect(seen.at(-1)).toBe(4);
  });

  it('loads the test images', async () => {
    const data = await openLayout(layout, await putLayout(layout));
    const test = await data.loadTest(Int32Array.of(1));
    expect(Buffer.from(cifarImage(101).pixels).equals(test.images)).toBe(true);
    expect([...test.labels]).toEqual([1]);
  });

  it.each([-1, 10, 0.5])('refuses training index %d', async (index) => {
    const data = await openLayout(layout, await putLayout(layout));
    await expect(data.loadTrain([0, index])).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: `Expected indices from 0 to 9 of the train set but received ${index}`,
    });
  });

  it('names a missing batch when it is opened', async () => {
    const folder = await putLayout(layout);
    await rm(join(folder, layout === 'binary' ? 'data_batch_4.bin' : 'data_batch_4'));
    await expect(openLayout(layout, folder)).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: expect.stringContaining('data_batch_4'),
    });
  });

  it('rejects with the reason of an aborted signal', async () => {
    const data = await openLayout(layout, await putLayout(layout));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(data.loadTrain([0], {signal})).rejects.toThrow('enough');
  });
});

describe('the binary batches', () => {
  it('takes the class names of batches.meta.txt', async () => {
    const folder = await putLayout('binary');
    await put(join(folder, 'batches.meta.txt'), 'a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n');
    expect((await openCifarBinary(folder)).classNames.join('')).toBe('abcdefghij');
  });

  it.each([0, 3072, 3074])('refuses a batch of %i bytes', async (bytes) => {
    const folder = await putLayout('binary');
    await put(join(folder, 'data_batch_2.bin'), someBytes(bytes));
    await expect(openCifarBinary(folder)).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: expect.stringMatching(
        `whole records of 3073 bytes in the CIFAR-10 file .*2.bin but found ${bytes} bytes`,
      ),
    });
  });

  it('refuses a batch that was cut between two images', async () => {
    const folder = await putLayout('binary');
    await put(join(folder, 'data_batch_3.bin'), Buffer.from([3, ...someBytes(3072)]));
    await expect(openCifarBinary(folder)).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: expect.stringMatching(
        /Expected 2 records, as many as .* 5 training files, in the CIFAR-10 file .*3.bin but found 1/,
      ),
    });
  });

  it('says that it is not the whole data set', async () => {
    const data = await openLayout('binary', await putLayout('binary'));
    expect(data.note).toMatch(
      /has 10 training images and 2 test images; CIFAR-10 has 50000 and 10000$/,
    );
  });

  it('refuses a label above 9', async () => {
    const folder = await putLayout('binary');
    await put(join(folder, 'test_batch.bin'), Buffer.from([10, ...someBytes(3072)]));
    const data = await openCifarBinary(folder);
    await expect(data.loadTest()).rejects.toThrow(/Expected labels 0 to 9 in .* but found 10/);
  });

  it('notices a batch that shrank after it was opened', async () => {
    const folder = await putLayout('binary');
    const data = await openCifarBinary(folder);
    await put(join(folder, 'test_batch.bin'), someBytes(3073));
    await expect(data.loadTest()).rejects.toThrow(/not to shrink while it is read/);
  });
});

describe('the pickled batches', () => {
  const pixels = someBytes(2 * 3072);

  it.each([
    ['a label above 9', cifarBatch({labels: [1, 10], pixels}, 'python3'), 'labels 0 to 9'],
    ['too few labels', cifarBatch({labels: [1], pixels}, 'python3'), '2 "labels"'],
    [
      'too few images',
      cifarBatch({labels: [1, 2], pixels: pixels.subarray(3072)}, 'python3'),
      '"data" of shape [2,3072]',
    ],
    ['no data', cifarMeta(2, 'python3'), 'a uint8 array "data"'],
    ['no dict', Buffer.from('\x80\x02].', 'latin1'), 'a dict'],
    [
      'half a pickle',
      cifarBatch({labels: [1, 2], pixels}, 'python3').subarray(0, 3000),
      'a whole pickle',
    ],
  ])('refuses a batch with %s', async (_, bytes, expected) => {
    const folder = await putLayout('python3');
    const file = await put(join(folder, 'test_batch'), bytes);
    const data = await openCifarPython(folder);
    await expect(data.loadTest()).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: expect.stringContaining(`Expected ${expected}`),
      details: {file},
    });
  });

  it('executes nothing that a pickle names', async () => {
    const folder = await putLayout('python3');
    await put(join(folder, 'test_batch'), "cos\nsystem\n(S'true'\ntR.");
    const data = await openCifarPython(folder);
    await expect(data.loadTest()).rejects.toMatchObject({code: 'ERR_UNSAFE_PICKLE'});
  });

  it.each([
    ['names', cifarBatch({labels: [1, 2], pixels}, 'python3'), '10 "label_names"'],
    ['a count', cifarMeta(0, 'python3'), 'a positive "num_cases_per_batch"'],
  ])('refuses a batches.meta without %s', async (_, bytes, expected) => {
    const folder = await putLayout('python3');
    await put(join(folder, 'batches.meta'), bytes);
    await expect(openCifarPython(folder)).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: expect.stringContaining(`Expected ${expected}`),
    });
  });
});
