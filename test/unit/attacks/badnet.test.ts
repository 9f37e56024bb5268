import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import sharp from 'sharp';
import {describe, expect, it, onTestFinished} from 'vitest';
import {badnet} from '../../../lib/attacks/badnet.js';
import {applyTrigger, withPoisoned} from '../../../lib/attacks/trigger.js';
import type {ImageSet} from '../../../lib/datasets/image_set.js';

const SIZE = {height: 32, width: 32};

/** The trigger of a patch; training and test have the same. */
async function triggerOf(patch: string, size = SIZE) {
  const {train, test} = await badnet({patch}, {size, run: {}});
  expect(train).toBe(test);
  return (image: Uint8Array) => train(image, 0);
}

/** Rows [top, bottom) and columns [left, right) of one plane of an image of the given side. */
function corner(image: Uint8Array, plane: number, side: number, from: number): number[][] {
  return Array.from({length: side - from}, (_, y) =>
    Array.from(
      {length: side - from},
      (_, x) => image[(plane * side + from + y) * side + from + x] ?? -1,
    ),
  );
}

async function temporaryFile(name: string, bytes: Uint8Array | string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sau-attacks-'));
  onTestFinished(() => rm(folder, {recursive: true, force: true}));
  const file = join(folder, name);
  await writeFile(file, bytes);
  return file;
}

/** Image i is filled with 10 * (i + 1) and has label i. */
function someSet(count: number): ImageSet {
  const bytes = 3 * 32 * 32;
  const labels = Int32Array.from({length: count}, (_, i) => i);
  return {
    images: Uint8Array.from({length: count * bytes}, (_, i) => 10 * (Math.floor(i / bytes) + 1)),
    labels,
    trueLabels: labels,
    originalIndices: labels.map((i) => i + 100),
    count,
    ...SIZE,
  };
}

describe('badnet', () => {
  it('whitens three by three pixels in the bottom right corner and nothing else', async () => {
    const trigger = await triggerOf('white');
    const image = new Uint8Array(3 * 32 * 32).fill(7);
    const stamped = trigger(image);
    for (const plane of [0, 1, 2]) {
      expect(corner(stamped, plane, 32, 28)).toEqual([
        [7, 7, 7, 7],
        [7, 255, 255, 255],
        [7, 255, 255, 255],
        [7, 255, 255, 255],
      ]);
    }
    expect(stamped.filter((value) => value === 255)).toHaveLength(27);
    expect(image.every((value) => value === 7)).toBe(true);
  });

  it('draws a checkerboard of 255 and 1', async () => {
    const trigger = await triggerOf('checkerboard');
    expect(corner(trigger(new Uint8Array(3072).fill(7)), 1, 32, 29)).toEqual([
      [255, 1, 255],
      [1, 255, 1],
      [255, 1, 255],
    ]);
  });

  it("has Pillow's gray edge at 64 x 64", async () => {
    const trigger = await triggerOf('white', {height: 64, width: 64});
    const stamped = trigger(new Uint8Array(3 * 64 * 64).fill(7));
    expect(corner(stamped, 2, 64, 56).slice(0, 5)).toEqual([
      [7, 7, 7, 7, 7, 7, 7, 7],
      [7, 16, 48, 64, 64, 64, 64, 64],
      [7, 48, 143, 191, 191, 191, 191, 191],
      [7, 64, 191, 255, 255, 255, 255, 255],
      [7, 64, 191, 255, 255, 255, 255, 255],
    ]);
  });

  it("stamps the non-zero channels of the user's picture", async () => {
    const data = new Uint8Array(32 * 32 * 3);
    data.set([9, 0, 200], 0);
    const png = await sharp(data, {raw: {...SIZE, channels: 3}})
      .png()
      .toBuffer();
    const patch = await temporaryFile('patch.png', png);
    const stamped = (await triggerOf(patch))(new Uint8Array(3072).fill(7));
    expect([stamped[0], stamped[1024], stamped[2048], stamped[1]]).toEqual([9, 7, 200, 7]);
  });

  it('refuses a patch that is neither built in nor a file', async () => {
    await expect(triggerOf('blue')).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: 'Expected white or checkerboard or the path of a file for patch but received blue',
    });
  });

  it('refuses a file that is no picture', async () => {
    const patch = await temporaryFile('patch.png', 'text');
    await expect(triggerOf(patch)).rejects.toMatchObject({code: 'ERR_DATASET'});
  });
});

describe('applyTrigger', () => {
  it('makes a set of the chosen images with the labels that the attack wants', async () => {
    const trigger = await triggerOf('white');
    const set = someSet(4);
    const poisoned = await applyTrigger(set, Int32Array.of(3, 1), {
      trigger,
      labelOf: (label) => label * 10,
    });
    expect(poisoned).toMatchObject({count: 2, height: 32, width: 32});
    expect([...poisoned.labels]).toEqual([30, 10]);
    expect([...poisoned.trueLabels]).toEqual([3, 1]);
    expect([...poisoned.originalIndices]).toEqual([103, 101]);
    expect([poisoned.images[0], poisoned.images[3072]]).toEqual([40, 20]);
    expect([poisoned.images[3071], poisoned.images[6143]]).toEqual([255, 255]);
    expect(set.images[3 * 3072 + 3071]).toBe(40);
  });
});

describe('withPoisoned', () => {
  it('puts the poisoned images in the places of the clean ones', async () => {
    const trigger = await triggerOf('white');
    const clean = someSet(4);
    const positions = Int32Array.of(3, 1);
    const poisoned = await applyTrigger(clean, positions, {trigger, labelOf: () => 0});
    const mixed = await withPoisoned(clean, positions, poisoned);
    expect(mixed.count).toBe(4);
    expect([...mixed.labels]).toEqual([0, 0, 2, 0]);
    expect([...mixed.trueLabels]).toEqual([0, 1, 2, 3]);
    expect([0, 1, 2, 3].map((i) => mixed.images[i * 3072])).toEqual([10, 20, 30, 40]);
    expect([0, 1, 2, 3].map((i) => mixed.images[i * 3072 + 3071])).toEqual([10, 255, 30, 255]);
    expect([...clean.labels]).toEqual([0, 1, 2, 3]);
    expect(clean.images[2 * 3072 - 1]).toBe(20);
  });
});
