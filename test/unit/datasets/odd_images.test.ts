import {spawnSync} from 'node:child_process';
import {readFileSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import sharp, {type SharpOptions} from 'sharp';
import {describe, expect, it} from 'vitest';
import {QuickReads} from '../../../lib/base/quick_reads.js';
import {decodeAll} from '../../../lib/datasets/decode.js';
import {decodedBytes, decodeImageFile, readImageFile} from '../../../lib/datasets/decode_file.js';
import {imagesBelow} from '../../../lib/datasets/image_files.js';
import {ImageMemory} from '../../../lib/datasets/image_memory.js';
import {readImageHeaders} from '../../../lib/datasets/image_sizes.js';
import {picture, plain, put, putPng} from '../../support/data_files.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

const SIZE = {height: 4, width: 4};
const PIPES = process.platform === 'linux' && spawnSync('mkfifo', ['--version']).status === 0;

/** The header of an RGB image, and nothing of its pixels. */
function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR________\x08\x02\0\0\0____', 'latin1');
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  return header;
}

/** A comment and the frame header of an RGB image, and nothing of its pixels. */
function jpegHeader(width: number, height: number): Buffer {
  const start = Buffer.from('\xff\xd8\xff\xfe\0\x04hi\xff\xc0\0\x11\x08____\x03', 'latin1');
  start.writeUInt16BE(height, 13);
  start.writeUInt16BE(width, 15);
  return Buffer.concat([start, Buffer.alloc(9)]);
}

describe('an image file', () => {
  it.each([
    [
      '16-bit.png',
      () =>
        picture(plain([10, 20, 30]))
          .toColourspace('rgb16')
          .png(),
    ],
    [
      'cmyk.jpg',
      () =>
        picture(plain([10, 20, 30]))
          .toColourspace('cmyk')
          .jpeg({quality: 100}),
    ],
    ['animated.webp', () => picture(plain([10, 20, 30])).webp({lossless: true, loop: 0})],
    [
      'alpha.png',
      () =>
        picture(plain([10, 20, 30]))
          .ensureAlpha(0.5)
          .png(),
    ],
  ])('that is unusual is 8-bit RGB all the same: %s', async (name, encode) => {
    const file = await put(join(await temporaryFolder(), name), await encode().toBuffer());
    const images = await decodeAll([file], SIZE);
    for (const [channel, value] of [10, 20, 30].entries()) {
      expect(Math.abs((images[channel * 16] ?? 0) - value)).toBeLessThanOrEqual(40); // CMYK has no such dark color
    }
  });

  it.each([
    [3, {height: 2, width: 3, reds: [60, 50, 40, 30, 20, 10]}],
    [6, {height: 3, width: 2, reds: [40, 10, 50, 20, 60, 30]}],
    [8, {height: 3, width: 2, reds: [30, 60, 20, 50, 10, 40]}],
  ])(
    'that is a TIFF is turned by its orientation %i, as Pillow does',
    async (orientation, turned) => {
      const stored = {data: Uint8Array.from([10, 20, 30, 40, 50, 60]), height: 2, width: 3};
      const tiff = await picture({...stored, channels: 1})
        .withMetadata({orientation})
        .tiff({compression: 'none'})
        .toBuffer();
      const file = await put(join(await temporaryFolder(), 'a.tif'), tiff);
      const {height, width, data} = await decodeImageFile(
        await readImageFile(file, new QuickReads()),
      );
      const reds = [...data].filter((_, i) => i % 3 === 0);
      expect({height, width, reds}).toEqual(turned);
      const {sizes} = await readImageHeaders([file]);
      expect(sizes.largest).toEqual({height, width, file});
    },
  );

  it('that is a TIFF in CIELAB is refused', async () => {
    const tiff = await picture(plain([10, 20, 30]))
      .toColourspace('lab')
      .tiff({compression: 'none'})
      .toBuffer();
    const file = await put(join(await temporaryFolder(), 'a.tif'), tiff);
    const {message} = await errorOf(decodeAll([file], SIZE), 'ERR_DATASET');
    expect(message).toContain('its colors are CIELAB, not RGB');
  });

  it('of many pixels takes memory of the common budget by its header, before it is decoded', async () => {
    const file = await put(join(await temporaryFolder(), 'a.png'), pngHeader(13000, 13000));
    const read = await readImageFile(file, new QuickReads());
    expect(decodedBytes(read)).toBe(6 * 13000 ** 2);
  });

  it('of two frames is its first', async () => {
    const frames = {
      create: {width: 4, height: 8, channels: 3, background: '#0a141e', pageHeight: 4},
    };
    const webp = await sharp(frames as SharpOptions)
      .webp({lossless: true})
      .toBuffer();
    const file = await put(join(await temporaryFolder(), 'two.webp'), webp);
    expect([...(await decodeAll([file], SIZE))].slice(0, 16)).toEqual(Array(16).fill(10));
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('no image')],
    ['half', readFileSync(__filename).subarray(0, 3)],
  ])('that is none is refused with what to do: %s', async (_, bytes) => {
    const file = await put(join(await temporaryFolder(), 'a.png'), bytes);
    const {message} = await errorOf(decodeAll([file], SIZE), 'ERR_DATASET');
    expect(message).toContain(file);
    expect(message).toMatch(/Get it again, save it anew or remove it$/);
  });

  it.each([
    ['a GIF', Buffer.from('GIF89a')],
    [
      'an SVG drawing',
      Buffer.from('<?xml version="1.0"?>\n<!-- no --><svg width="9" height="9"/>'),
    ],
    ['an HTML page', Buffer.from('\n<!DOCTYPE html><html>404</html>')],
    ['a HEIF or video', Buffer.from('\0\0\0\x18ftypmif1', 'latin1')],
    ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1')],
  ])('is refused by its content, whatever its name: %s', async (what, bytes) => {
    const file = await put(join(await temporaryFolder(), 'a.jpg'), bytes);
    const {message} = await errorOf(decodeAll([file], SIZE), 'ERR_DATASET');
    expect(message).toContain(`${file} cannot be decoded: its content is ${what}.`);
  });

  it.each([
    ['png', pngHeader(20000, 20000)],
    ['jpg', jpegHeader(20000, 20000)],
  ])('of too many pixels is refused by its header: %s', async (extension, bytes) => {
    const file = await put(join(await temporaryFolder(), `a.${extension}`), bytes);
    const {message} = await errorOf(decodeAll([file], SIZE), 'ERR_DATASET');
    expect(message).toBe(
      `Expected at most 178956970 pixels in ${file} but its header names 20000 x 20000. Scale it down or remove it`,
    );
  });

  it('of a size that no memory holds is refused with what to do', async () => {
    const file = await putPng(join(await temporaryFolder(), 'a.png'), [1, 2, 3]);
    const huge = {height: 1e6, width: 1e6};
    const memory = new ImageMemory(Number.POSITIVE_INFINITY);
    const {message} = await errorOf(decodeAll([file], huge, {memory}), 'ERR_OUT_OF_MEMORY');
    expect(message).toMatch(/1 images of 1000000x1000000, 2794\.0 GiB, .* Lower imageSize/);
  });

  it.skipIf(!PIPES)('that is a pipe is refused and does not block', async () => {
    const folder = await temporaryFolder();
    const pipe = join(folder, 'class', 'a.png');
    await putPng(join(folder, 'class', 'b.png'), [1, 2, 3]);
    spawnSync('mkfifo', [pipe]);
    expect((await errorOf(imagesBelow(join(folder, 'class')), 'ERR_DATASET')).message).toMatch(
      /a\.png but it is a pipe, a socket or a device; remove it$/,
    );
    await errorOf(decodeAll([pipe], SIZE), 'ERR_DATASET'); // as a record may name it
  });

  it.skipIf(process.platform !== 'linux')('that leads to a device is refused', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'a.png');
    symlinkSync('/dev/zero', file);
    const {message} = await errorOf(decodeAll([file], SIZE), 'ERR_DATASET');
    expect(message).toMatch(/a\.png but it is a pipe, a socket or a device; remove it$/);
    expect((await errorOf(imagesBelow(folder), 'ERR_DATASET')).message).toMatch(/or a device/);
  });
});
