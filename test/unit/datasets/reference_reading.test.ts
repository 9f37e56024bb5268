import {execFile} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {describe, expect, it} from 'vitest';
import type {ImageSet} from '../../../lib/datasets/image_set.js';
import {openDataset} from '../../../lib/datasets/open_dataset.js';
import {putCifar100Python, type Splits} from '../../support/cifar_files.js';
import {type Picture, picture, someBytes} from '../../support/data_files.js';
import {temporaryFolder} from '../../support/folders.js';
import {ROOT} from '../../support/paths.js';
import {putFiles, signFiles, someSigns, tinyFiles} from '../../support/sign_files.js';

const PYTHON = process.env.SAU_TEST_PYTHON ?? '';
const READER = join(ROOT, 'scripts/oracle/read_datasets.py');
const cifar = join(process.env.SAU_TEST_DATA ?? '', 'cifar');
const HAS_CIFAR = Boolean(process.env.SAU_TEST_DATA) && existsSync(cifar);
const IMAGE = 3072;

/** The first images of CIFAR-10, uint8 [count,3,32,32], where there are any; else drawn ones. */
async function planes(count: number): Promise<Uint8Array> {
  if (!HAS_CIFAR) return someBytes(count * IMAGE);
  const positions = Array.from({length: count}, (_, i) => i);
  return (await (await openDataset({path: cifar})).loadTrain(positions)).images;
}

/** Image i of planes, pixel by pixel. */
function interleaved(images: Uint8Array, i: number): Picture {
  const at = (pixel: number, channel: number) => i * IMAGE + channel * 1024 + pixel;
  const data = Uint8Array.from(
    {length: IMAGE},
    (_, j) => images[at(Math.floor(j / 3), j % 3)] ?? 0,
  );
  return {data, height: 32, width: 32};
}

/** The largest difference between pixels of our reading and of torchvision's and Pillow's; labels must be equal. */
async function difference(name: 'cifar100' | 'gtsrb' | 'tiny', root: string): Promise<number> {
  const out = await temporaryFolder();
  await promisify(execFile)(PYTHON, ['-W', 'ignore', READER, name, root, out]);
  const data = await openDataset({path: root});
  expect(data.name).toBe(name);
  const compare = (set: ImageSet, split: string): number => {
    const labels = readFileSync(join(out, `${split}.txt`), 'utf8')
      .trim()
      .split('\n');
    expect([...set.labels].map(String)).toEqual(labels);
    const pixels = readFileSync(join(out, `${split}.bin`));
    expect(set.images.length).toBe(pixels.length);
    return set.images.reduce((most, v, i) => Math.max(most, Math.abs(v - (pixels[i] ?? -1000))), 0);
  };
  return Math.max(compare(await data.loadTrain(), 'train'), compare(await data.loadTest(), 'test'));
}

describe.skipIf(!existsSync(PYTHON))('what torchvision and Pillow read (SAU_TEST_PYTHON)', () => {
  it('is read alike of CIFAR-100', async () => {
    const root = await temporaryFolder();
    const images = await planes(30);
    const splits: Splits = {
      train: {
        labels: Array.from({length: 25}, (_, i) => (i * 37) % 100),
        pixels: images.subarray(0, 25 * IMAGE),
      },
      test: {labels: [99, 1, 50, 0, 98], pixels: images.subarray(25 * IMAGE)},
    };
    await putCifar100Python(join(root, 'cifar-100-python'), splits);
    expect(await difference('cifar100', root)).toBe(0);
  });

  it('is read alike of GTSRB, resized', async () => {
    const images = await planes(43);
    const real = await Promise.all(
      Array.from({length: 43}, async (_, i) => {
        const [height, width] = [15 + 5 * i, 250 - 5 * i];
        const data = await picture(interleaved(images, i))
          .resize(width, height, {fit: 'fill'})
          .raw()
          .toBuffer();
        return {label: (i * 5) % 43, picture: {data, height, width}};
      }),
    );
    const root = await putFiles(
      await temporaryFolder(),
      signFiles({train: [...someSigns(2), ...real], test: real.toReversed()}, 'reference'),
    );
    // Weights of the resize are rounded.
    expect(await difference('gtsrb', root)).toBeLessThanOrEqual(1);
  });

  it('is read alike of Tiny ImageNet, gray images among it', async () => {
    const images = await planes(60);
    const jpegs = await Promise.all(
      Array.from({length: 60}, async (_, i) => {
        const large = picture(interleaved(images, i)).resize(64, 64);
        const colored = i % 5 === 4 ? large.toColourspace('b-w') : large;
        return colored.jpeg({chromaSubsampling: i % 2 === 0 ? '4:2:0' : '4:4:4'}).toBuffer();
      }),
    );
    const jpeg = (i: number): Buffer => jpegs[i % 60] ?? Buffer.alloc(0);
    const files = tinyFiles(jpeg, {perClass: 2, valCount: 200, moved: true});
    const root = await putFiles(await temporaryFolder(), files);
    // Two decoders of JPEG.
    expect(await difference('tiny', root)).toBeLessThanOrEqual(2);
  });
});
