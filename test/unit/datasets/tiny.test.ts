import {mkdirSync, renameSync, rmSync} from 'node:fs';
import {basename, join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import {openDataset} from '../../../lib/datasets/open_dataset.js';
import {picture, plain} from '../../support/data_files.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';
import {putFiles, tinyFiles, WNIDS} from '../../support/sign_files.js';

/** JPEGs of one color each, which tells which image it is. */
const images: Buffer[] = [];
beforeAll(async () => {
  for (let i = 0; i < 8; i++) {
    images.push(
      await picture(plain([32 * i, 16 * i, 0], 64, 64))
        .jpeg()
        .toBuffer(),
    );
  }
});
const image = (i: number): Buffer => images[i % 8] ?? Buffer.alloc(0);

async function putTiny(options: {moved?: boolean; perClass?: number; valCount?: number} = {}) {
  const parent = await temporaryFolder();
  return putFiles(parent, tinyFiles(image, {perClass: 1, valCount: 200, ...options}));
}

describe('Tiny ImageNet', () => {
  it('has its classes in the order of their ids, and what they are called', async () => {
    const parent = await putTiny();
    const folder = join(parent, 'tiny-imagenet-200');
    for (const path of [parent, folder]) {
      const data = await openDataset({path});
      expect(data).toMatchObject({
        ...{name: 'tiny', format: 'tiny-annotated', numClasses: 200, height: 64, width: 64},
        ...{trainCount: 200, testCount: 200, path: folder, root: parent},
      });
      expect(data.classNames).toEqual(WNIDS);
      expect(data.classTitles[3]).toBe('thing 3');
    }
  });

  it('has the files of a class in the order of their names as text', async () => {
    const data = await openDataset({path: await putTiny({perClass: 11, valCount: 1})});
    // 0, 1, 10, 2: image 10 of class 0 comes third.
    const {images: pixels} = await data.loadTrain([0, 1, 2, 3]);
    const reds = [0, 1, 2, 3].map((i) => Math.round((pixels[i * 3 * 64 * 64] ?? 0) / 32));
    expect(reds).toEqual([0, 1, 10 % 8, 2]);
  });

  it('gives the test images alike before and after the official tool has moved them', async () => {
    const load = async (moved: boolean) => {
      const data = await openDataset({path: await putTiny({moved})});
      return data.loadTest();
    };
    const [before, after] = [await load(false), await load(true)];
    expect([...before.labels]).toEqual(Array.from({length: 200}, (_, i) => i));
    expect(after.labels).toEqual(before.labels);
    expect(Buffer.compare(before.images, after.images)).toBe(0);
  });

  it('takes test images from where a move that was stopped has left them', async () => {
    const parent = await putTiny();
    const val = join(parent, 'tiny-imagenet-200/val');
    mkdirSync(join(val, WNIDS[7] ?? ''));
    renameSync(join(val, 'images/val_1.JPEG'), join(val, WNIDS[7] ?? '', 'val_1.JPEG'));
    expect((await openDataset({path: parent})).testCount).toBe(200);
  });

  it.each<[string, string, string, RegExp]>([
    [
      'an image that is not there',
      'val/val_annotations.txt',
      'val_7.JPEG\tn00000000\n',
      /"n00000000" in line 1/,
    ],
    [
      'a class that is not there',
      'val/val_annotations.txt',
      `none.JPEG\t${WNIDS[0]}\n`,
      /"none.JPEG" in line 1, and no such image/,
    ],
    ['nothing', 'val/val_annotations.txt', '\n', /a row for each image .* found none/],
    [
      'an id without a folder',
      'wnids.txt',
      'n99999999\n',
      /"n99999999" in line 1, and no such folder/,
    ],
  ])('is refused with a list of %s', async (_, name, text, message) => {
    const files = tinyFiles(image, {perClass: 1, valCount: 200});
    files.set(`tiny-imagenet-200/${name}`, Buffer.from(text));
    const folder = await putFiles(await temporaryFolder(), files);
    const error = await errorOf(openDataset({path: folder}), 'ERR_DATASET');
    expect(error.message).toMatch(message);
    expect(basename(String(error.details.file))).toBe(basename(name));
  });

  it('is refused with a class less', async () => {
    const parent = await putTiny();
    rmSync(join(parent, 'tiny-imagenet-200/train', WNIDS[5] ?? ''), {recursive: true});
    const error = await errorOf(openDataset({path: parent}), 'ERR_DATASET');
    expect(error.message).toMatch(
      /200 class folders in the Tiny ImageNet file .*train but found 199/,
    );
  });

  it('is refused where the moved test images lack a class', async () => {
    const parent = await putTiny({moved: true});
    rmSync(join(parent, 'tiny-imagenet-200/val', WNIDS[5] ?? ''), {recursive: true});
    const error = await errorOf(openDataset({path: parent}), 'ERR_DATASET');
    expect(error.message).toContain(`lacks [${WNIDS[5]}]`);
  });
});
