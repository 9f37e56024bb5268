import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {decodeAll} from '../../../lib/datasets/decode.js';
import {picture, plain, put, putPng, someBytes} from '../../support/data_files.js';
import {temporaryFolder} from '../../support/folders.js';

const SIZE = {height: 4, width: 5};

/** [H,W,3] -> [3,H,W] */
function planes(data: Uint8Array): number[] {
  return [0, 1, 2].flatMap((c) => [...data].filter((_, i) => i % 3 === c));
}

describe('decodeAll', () => {
  it('gives planes in the order of the files', async () => {
    const folder = await temporaryFolder();
    const pictures = [0, 7].map((start) => ({data: someBytes(60, start), ...SIZE}));
    const files = await Promise.all(
      pictures.map(async (each, i) =>
        put(join(folder, `${i}.png`), await picture(each).png().toBuffer()),
      ),
    );
    const images = await decodeAll(files, SIZE);
    expect([...images]).toEqual(pictures.flatMap(({data}) => planes(data)));
  });

  it.each([
    ['none', {adaptiveFiltering: false}],
    ['adaptive', {adaptiveFiltering: true}],
  ])('reads PNG row filters of kind %s as the general decoder does', async (_, filtering) => {
    const folder = await temporaryFolder();
    const data = Uint8Array.from({length: 40 * 40 * 3}, (_, i) => (i * i + 5 * i) >> 6);
    const whole = {data, height: 40, width: 40};
    const png = await picture(whole).png(filtering).toBuffer();
    const tiff = await picture(whole).tiff({compression: 'none'}).toBuffer();
    const images = await decodeAll(
      [await put(join(folder, 'a.png'), png), await put(join(folder, 'a.tiff'), tiff)],
      whole,
    );
    expect([...images.slice(0, data.length)]).toEqual(planes(data));
    expect([...images.slice(data.length)]).toEqual(planes(data));
  });

  it('repeats the channel of a gray image', async () => {
    const folder = await temporaryFolder();
    const gray = {data: someBytes(20), channels: 1 as const, ...SIZE};
    const file = await put(
      join(folder, 'g.png'),
      await picture(gray).toColourspace('b-w').png().toBuffer(),
    );
    const images = await decodeAll([file], SIZE);
    expect([...images]).toEqual([...gray.data, ...gray.data, ...gray.data]);
  });

  it('drops alpha without blending', async () => {
    const folder = await temporaryFolder();
    const data = Uint8Array.from({length: 80}, (_, i) => [200, 100, 50, i][i % 4] ?? 0);
    const rgba = {data, channels: 4 as const, ...SIZE};
    const file = await put(join(folder, 'a.png'), await picture(rgba).png().toBuffer());
    const images = await decodeAll([file], SIZE);
    expect([...images]).toEqual(planes(plain([200, 100, 50], 4, 5).data));
  });

  it('reads palette and interlaced PNG and WebP', async () => {
    const folder = await temporaryFolder();
    const two = {
      data: Uint8Array.from({length: 60}, (_, i) => (i < 30 ? 255 : 0)),
      ...SIZE,
    };
    const images = await decodeAll(
      [
        await put(join(folder, 'p.png'), await picture(two).png({palette: true}).toBuffer()),
        await put(join(folder, 'i.png'), await picture(two).png({progressive: true}).toBuffer()),
        await put(join(folder, 'w.webp'), await picture(two).webp({lossless: true}).toBuffer()),
      ],
      SIZE,
    );
    expect([...images]).toEqual([0, 1, 2].flatMap(() => planes(two.data)));
  });

  it('ignores the EXIF orientation of a JPEG', async () => {
    const folder = await temporaryFolder();
    const halves = {
      data: Uint8Array.from({length: 16 * 16 * 3}, (_, i) => (i < 384 ? 255 : 0)),
      height: 16,
      width: 16,
    };
    const jpeg = await picture(halves).withMetadata({orientation: 3}).jpeg().toBuffer();
    const images = await decodeAll([await put(join(folder, 'a.jpg'), jpeg)], halves);
    expect(images[0]).toBeGreaterThan(200);
    expect(images[255]).toBeLessThan(50);
  });

  it('resizes to the wanted size', async () => {
    const folder = await temporaryFolder();
    const file = await putPng(join(folder, 'a.png'), [10, 20, 30]);
    const images = await decodeAll([file], {height: 2, width: 3});
    expect([...images]).toEqual([10, 20, 30].flatMap((c) => Array<number>(6).fill(c)));
  });

  it('counts the images it has read', async () => {
    const folder = await temporaryFolder();
    const file = await putPng(join(folder, 'a.png'), [1, 2, 3]);
    const seen: string[] = [];
    await decodeAll([file, file], SIZE, {onImages: (done, total) => seen.push(`${done}/${total}`)});
    expect(seen).toEqual(['1/2', '2/2']);
  });

  it('names a missing file', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'absent.png');
    await expect(decodeAll([file], SIZE)).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: expect.stringContaining(`Expected an image at ${file}`),
    });
  });

  it.each(['cut', 'flipped', 'text'])('names a corrupt file (%s)', async (damage) => {
    const folder = await temporaryFolder();
    const png = await picture({data: someBytes(1200), height: 20, width: 20})
      .png()
      .toBuffer();
    const flipped = Buffer.from(png);
    flipped[60] = (flipped[60] ?? 0) ^ 0xff;
    const bytes = {cut: png.subarray(0, png.length - 300), flipped, text: 'no image'}[damage] ?? '';
    const file = await put(join(folder, 'bad.png'), bytes);
    await expect(decodeAll([file], SIZE)).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: expect.stringContaining(`${file} cannot be decoded`),
    });
  });

  it('names a truncated JPEG', async () => {
    const folder = await temporaryFolder();
    const jpeg = await picture({data: someBytes(30000), height: 100, width: 100})
      .jpeg()
      .toBuffer();
    const file = await put(join(folder, 'bad.jpg'), jpeg.subarray(0, jpeg.length >> 1));
    await expect(decodeAll([file], SIZE)).rejects.toMatchObject({code: 'ERR_DATASET'});
  });

  it('rejects with the reason of an aborted signal', async () => {
    const folder = await temporaryFolder();
    const file = await putPng(join(folder, 'a.png'), [1, 2, 3]);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(decodeAll([file], SIZE, {signal})).rejects.toThrow('enough');
  });
});
