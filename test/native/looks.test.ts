import {describe, expect, it} from 'vitest';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import type {Session} from '../../lib/session/session.js';
import {range} from '../support/oracle.js';
import {tinySession} from '../support/sessions.js';

const COUNT = 3;
const CLASSES = 4;

/** Random images, the first of which are noise on their left alone. */
function imagesOf(side: number): ImageSet {
  const images = new Uint8Array(COUNT * 3 * side * side);
  let state = 1;
  for (let i = 0; i < images.length; i++) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    images[i] = i % side < side / 2 ? state >> 16 : 128;
  }
  const labels = new Int32Array(COUNT);
  const originalIndices = Int32Array.from({length: COUNT}, (_, i) => i);
  return {
    ...{images, labels, trueLabels: labels, originalIndices},
    ...{count: COUNT, height: side, width: side},
  };
}

async function sessionOf(model: string, side: number): Promise<Session> {
  const half = [0.5, 0.5, 0.5] as const;
  const session = await tinySession({model, numClasses: CLASSES, mean: half, std: half});
  await session.initialize();
  await session.setImages('cleanTest', imagesOf(side));
  return session;
}

/** Sets the head so that class 0 is the sum of all features, and class 1 nothing. */
async function withPlainHead(session: Session, weight: string, bias: string): Promise<number> {
  const state = new Map(await session.exportStateDict('trainee'));
  const head = state.get(weight);
  const [, width = 0] = head?.shape ?? [];
  const values = new Float32Array(CLASSES * width);
  values.fill(1, 0, width);
  const bytes = (of: Float32Array) => new Uint8Array(of.buffer);
  state.set(weight, {dtype: 'float32', shape: [CLASSES, width], data: bytes(values)});
  state.set(bias, {
    dtype: 'float32',
    shape: [CLASSES],
    data: bytes(new Float32Array(CLASSES)),
  });
  await session.loadStateDict(state, 'trainee');
  return width;
}

describe('the features of images', () => {
  it('are what the head takes, image by image', async () => {
    using session = await sessionOf('resnet18_w4', 64);
    const width = await withPlainHead(session, 'fc.weight', 'fc.bias');
    const all = await session.features('trainee', 'cleanTest', range(COUNT));
    expect(all).toHaveLength(COUNT * width);
    const one = await session.features('trainee', 'cleanTest', Int32Array.of(2));
    one?.forEach((value, i) => {
      expect(value).toBeCloseTo(all?.[2 * width + i] ?? Number.NaN, 4);
    });
    expect(new Set(all).size).toBeGreaterThan(width);
  });
});

describe('where a model looks', () => {
  it('is the class activation map of a net whose head takes the average of its last maps', async () => {
    using session = await sessionOf('resnet18_w4', 64);
    const width = await withPlainHead(session, 'fc.weight', 'fc.bias');
    const classes = new Int32Array(COUNT);
    const cam = await session.gradCam('trainee', 'cleanTest', range(COUNT), classes);
    expect(cam).toMatchObject({height: 2, width: 2});
    const features = await session.features('trainee', 'cleanTest', range(COUNT));
    // Each channel counts 1/4 a position, so that the mean of the map is a quarter of the sum of the averages.
    for (let i = 0; i < COUNT; i++) {
      const sum = (of: Float32Array | undefined) => of?.reduce((a, b) => a + b, 0) ?? Number.NaN;
      const mean = sum(cam?.maps.subarray(4 * i, 4 * i + 4)) / 4;
      expect(mean).toBeGreaterThan(0);
      expect(mean / (sum(features?.subarray(i * width, (i + 1) * width)) / 4)).toBeCloseTo(1, 4);
    }
  });

  it('is nowhere for a class that nothing speaks for', async () => {
    using session = await sessionOf('resnet18_w4', 64);
    await withPlainHead(session, 'fc.weight', 'fc.bias');
    const cam = await session.gradCam('trainee', 'cleanTest', range(COUNT), Int32Array.of(1, 1, 1));
    expect(new Set(cam?.maps)).toEqual(new Set([0]));
  });

  it.each([
    ['preactresnet18_w4', 32, 4],
    ['vgg11_bn_w4', 32, 2],
    ['densenet121_w4', 64, 2],
    ['convnext_tiny_w8', 64, 2],
    ['vit_b_16_w64', 32, 14], // its patches, without the class token
  ])('is a map of %s at %i pixels', async (model, side, cells) => {
    using session = await sessionOf(model, side);
    const cam = await session.gradCam('trainee', 'cleanTest', range(COUNT), new Int32Array(COUNT));
    expect(cam).toMatchObject({height: cells, width: cells});
    expect(cam?.maps).toHaveLength(COUNT * cells * cells);
    expect(cam?.maps.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
    expect(Math.max(...(cam?.maps ?? []))).toBeGreaterThan(0);
  });

  it('is asked for classes that there are, one for each image', async () => {
    using session = await sessionOf('resnet18_w4', 64);
    const ask = (classes: Int32Array) =>
      session.gradCam('trainee', 'cleanTest', range(COUNT), classes);
    await expect(ask(Int32Array.of(0, 1, CLASSES))).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: expect.stringContaining('classes from 0 to 3'),
    });
    await expect(ask(Int32Array.of(0))).rejects.toMatchObject({code: 'ERR_DATASET'});
  });
});
