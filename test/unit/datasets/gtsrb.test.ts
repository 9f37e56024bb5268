import {spawnSync} from 'node:child_process';
import {mkdirSync, renameSync, rmSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {decodeAll} from '../../../lib/datasets/decode.js';
import {openDataset} from '../../../lib/datasets/open_dataset.js';
import {picture, put, someBytes} from '../../support/data_files.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';
import {ppm, putFiles, type SignLayout, signFiles, someSigns} from '../../support/sign_files.js';

const TRAIN = someSigns(2);
const TEST = someSigns(1, 50).toReversed();
const PIPES = process.platform === 'linux' && spawnSync('mkfifo', ['--version']).status === 0;

async function putSigns(layout: SignLayout = 'reference'): Promise<string> {
  return putFiles(await temporaryFolder(), signFiles({train: TRAIN, test: TEST}, layout));
}

describe.each(['reference', 'archive'] as const)('GTSRB in the layout of the %s', (layout) => {
  it('comes in the order of the rows, resized as the general decoder resizes', async () => {
    const folder = await putSigns(layout);
    const path = layout === 'archive' ? join(folder, 'GTSRB') : folder;
    const data = await openDataset({path: folder});
    expect(data).toMatchObject({
      ...{name: 'gtsrb', format: 'gtsrb-ppm', numClasses: 43, height: 32, width: 32},
      ...{trainCount: 86, testCount: 43, path, root: folder},
    });
    expect(data.classNames[14]).toBe('00014');
    expect(data.classTitles[14]).toBe('stop');
    expect(new Set(data.classTitles).size).toBe(43);
    const train = await data.loadTrain();
    expect([...train.labels]).toEqual(TRAIN.map(({label}) => label));
    const pngs = await Promise.all(
      TRAIN.map(async ({picture: sign}, i) =>
        put(join(folder, 'png', `${i}.png`), await picture(sign).png().toBuffer()),
      ),
    );
    expect(Buffer.compare(train.images, await decodeAll(pngs, data))).toBe(0);
    const test = await data.loadTest([42, 0]);
    expect([...test.labels]).toEqual([0, 42]);
  });
});

describe('GTSRB', () => {
  it('takes the table of the test images from its own archive, beside the folder of the images', async () => {
    const folder = await putSigns('archive');
    renameSync(join(folder, 'GT-final_test.csv'), join(folder, 'GTSRB', 'GT-final_test.csv'));
    expect((await openDataset({path: join(folder, 'GTSRB')})).testCount).toBe(43);
  });

  it('is found in a folder of its name', async () => {
    const parent = await temporaryFolder();
    await putFiles(join(parent, 'gtsrb'), signFiles({train: TRAIN, test: TEST}, 'archive'));
    const data = await openDataset({path: parent});
    expect(data.root).toBe(join(parent, 'gtsrb'));
  });

  it.each<[string, string, (text: string) => string, RegExp]>([
    [
      'a class beyond the 43',
      'Test/GT-final_test.csv',
      (t) => t.replace(/;42\r/, ';43\r'),
      /classes 0 to 42 .* found 43 in line 2/,
    ],
    [
      'a class that is no number',
      'Test/GT-final_test.csv',
      (t) => t.replace(/;42\r/, ';x\r'),
      /found x in line 2/,
    ],
    [
      'a row without a class',
      'Test/GT-final_test.csv',
      (t) => t.replace(/;42\r/, '\r'),
      /found none in line 2/,
    ],
    [
      'a row without an image',
      'Train/00003/GT-00003.csv',
      (t) => `${t}00009_00000.ppm;20;20;5;5;15;15;3\n`,
      /a row for each image .* found "00009_00000.ppm" in line 4/,
    ],
    [
      'a row that leads elsewhere',
      'Train/00003/GT-00003.csv',
      (t) => `${t}../00000/00000_00000.ppm;20;20;5;5;15;15;3\n`,
      /and no such image/,
    ],
    [
      'the class of another folder',
      'Train/00003/GT-00003.csv',
      (t) => t.replaceAll(/;3\r/g, ';4\r'),
      /class 3 alone .* found 4 in line 2/,
    ],
    [
      'another header',
      'Train/00003/GT-00003.csv',
      (t) => t.replaceAll(';', ','),
      /header Filename;\.\.\.;ClassId/,
    ],
    [
      'no row',
      'Train/00003/GT-00003.csv',
      (t) => t.slice(0, t.indexOf('\n')),
      /a row for each image .* found none/,
    ],
    ['nothing', 'Train/00003/GT-00003.csv', () => '', /header .* found nothing/],
  ])('is refused with a table of %s', async (_, name, change, message) => {
    const files = signFiles({train: TRAIN, test: TEST}, 'reference');
    files.set(name, Buffer.from(change(String(files.get(name)))));
    const folder = await putFiles(await temporaryFolder(), files);
    const error = await errorOf(openDataset({path: folder}), 'ERR_DATASET');
    expect(error.message).toMatch(message);
    expect(error.details.file).toBe(join(folder, name));
  });

  it.each(['Test/GT-final_test.csv', 'Train/00042/GT-00042.csv'])(
    'is refused without %s',
    async (name) => {
      const folder = await putSigns();
      rmSync(join(folder, name));
      const error = await errorOf(openDataset({path: folder}), 'ERR_DATASET');
      expect(error.message).toContain(`Expected the GTSRB file ${join(folder, name)}`);
    },
  );

  it('is refused without one of the classes', async () => {
    const folder = await putSigns();
    rmSync(join(folder, 'Train/00017'), {recursive: true});
    const error = await errorOf(openDataset({path: folder}), 'ERR_DATASET');
    expect(error.message).toMatch(/class folders 00000 to 00042 .* found 42 folders without 00017/);
  });

  it.each<[string, Buffer, RegExp]>([
    [
      'cut',
      ppm({data: someBytes(3 * 20 * 20), height: 20, width: 20}).subarray(0, 800),
      /of 20x20 ends after 787 of 1200 bytes/,
    ],
    ['16-bit', Buffer.from('P6 1 1 65535\n123456'), /values go to 65535/],
    ['empty', Buffer.from('P6 0 5 255\n'), /has 0x5 pixels/],
    ['a text', Buffer.from('P6 hello'), /header of the PPM is damaged/],
    ['a huge one', Buffer.from('P6 20000 99999 255\n'), /20000 x 99999/],
  ])('names an image that is %s', async (_, bytes, why) => {
    const folder = await putSigns();
    const file = await put(join(folder, 'Test/00000.ppm'), bytes);
    const data = await openDataset({path: folder});
    const error = await errorOf(data.loadTest([0]), 'ERR_DATASET');
    expect(error.message).toMatch(why);
    expect(error.details).toMatchObject({file});
  });

  it('has headers with comments', async () => {
    const file = join(await temporaryFolder(), 'a.ppm');
    await put(file, Buffer.from('P6 # signs\n#by hand\n 1\t1 # one\n255\nabc'));
    expect(String(Buffer.from(await decodeAll([file], {height: 1, width: 1})))).toBe('abc');
  });

  it.skipIf(!PIPES)(
    'is refused where a pipe or a device stands for a table or an image',
    async () => {
      for (const place of ['Train/00000/GT-00000.csv', 'Test/00001.ppm']) {
        for (const make of [
          (path: string) => spawnSync('mkfifo', [path]),
          (path: string) => symlinkSync('/dev/zero', path),
        ]) {
          const folder = await putSigns();
          rmSync(join(folder, place));
          make(join(folder, place));
          const error = await errorOf(openDataset({path: folder}), 'ERR_DATASET');
          expect(error.message).toContain(place.slice(place.lastIndexOf('/') + 1));
        }
      }
    },
  );
});

describe('a folder with two data sets', () => {
  it('is refused, and taken where the name says which', async () => {
    const parent = await temporaryFolder();
    await putFiles(join(parent, 'gtsrb'), signFiles({train: TRAIN, test: TEST}, 'reference'));
    mkdirSync(join(parent, 'cifar-10-batches-bin'));
    for (const name of [1, 2, 3, 4, 5].map((i) => `data_batch_${i}`).concat('test_batch')) {
      await put(join(parent, 'cifar-10-batches-bin', `${name}.bin`), someBytes(3073).fill(1, 0, 1));
    }
    const error = await errorOf(openDataset({path: parent}), 'ERR_DATASET');
    expect(error.message).toBe(
      `Expected one data set in ${parent} but found ${parent}/cifar-10-batches-bin (CIFAR-10) and ` +
        `${parent}/gtsrb (GTSRB). Name one of the folders, or say which data set it is with dataset.`,
    );
    for (const name of ['gtsrb', 'cifar10'] as const) {
      expect((await openDataset({path: parent, dataset: name})).name).toBe(name);
      expect((await openDataset({path: parent, likely: name})).name).toBe(name);
    }
  });
});
