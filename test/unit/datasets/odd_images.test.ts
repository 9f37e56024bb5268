import {spawnSync} from 'node:child_process';
import {readFileSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import sharp, {type SharpOptions} from 'sharp';
import {describe, expect, it} from 'vitest';
import {decodeAll} from '../../../lib/datasets/decode.js';
import {imagesBelow} from '../../../lib/datasets/image_files.js';
import {picture, plain, put, putPng} from '../../support/data_files.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

const SIZE = {height: 4, width: 4};
const PIPES = process.platform === 'linux' && spawnSync('mkfifo', ['--version']).status === 0;

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
    ['a_gif_by_another_name.png', () => picture(plain([10, 20, 30])).gif()],
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

  it('of a size that no memory holds is refused with what to do', async () => {
    const file = await putPng(join(await temporaryFolder(), 'a.png'), [1, 2, 3]);
    const huge = {height: 1e6, width: 1e6};
    const {message} = await errorOf(decodeAll([file], huge), 'ERR_OUT_OF_MEMORY');
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
    symlinkSync('/dev/zero', join(folder, 'a.png'));
    expect((await errorOf(imagesBelow(folder), 'ERR_DATASET')).message).toMatch(/or a device/);
  });
});
