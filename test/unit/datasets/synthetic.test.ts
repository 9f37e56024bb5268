import {createHash} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {makeSyntheticDataset} from '../../../lib/datasets/synthetic.js';

const OPTIONS = {seed: 0, trainPerClass: 3, testPerClass: 2, size: 32};
const IMAGE_BYTES = 3 * 32 * 32;

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('makeSyntheticDataset', () => {
  it('makes balanced splits of ten classes', async () => {
    const {train, test, classNames} = await makeSyntheticDataset(OPTIONS);
    expect(classNames).toHaveLength(10);
    expect(new Set(classNames).size).toBe(10);
    expect(train).toMatchObject({count: 30, height: 32, width: 32});
    expect(test.count).toBe(20);
    expect(train.images).toHaveLength(30 * IMAGE_BYTES);
    for (let label = 0; label < 10; label++) {
      expect([...train.labels].filter((each) => each === label)).toHaveLength(3);
    }
  });

  it('gives the same bytes for the same seed and others for another', async () => {
    const first = await makeSyntheticDataset(OPTIONS);
    const again = await makeSyntheticDataset(OPTIONS);
    const other = await makeSyntheticDataset({...OPTIONS, seed: 1});
    expect(sha(again.train.images)).toBe(sha(first.train.images));
    expect(sha(again.test.images)).toBe(sha(first.test.images));
    expect(sha(other.train.images)).not.toBe(sha(first.train.images));
  });

  it('repeats no image', async () => {
    const {train, test} = await makeSyntheticDataset(OPTIONS);
    const hashes = [train, test].flatMap(({images, count}) =>
      Array.from({length: count}, (_, i) =>
        sha(images.subarray(i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES)),
      ),
    );
    expect(new Set(hashes).size).toBe(50);
  });

  it('draws every shape clearly lighter than its background', async () => {
    const {train} = await makeSyntheticDataset({...OPTIONS, trainPerClass: 5});
    for (let i = 0; i < train.count; i++) {
      const image = [...train.images.subarray(i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES)];
      const light = Array.from(
        {length: 1024},
        (_, p) => (image[p] ?? 0) + (image[1024 + p] ?? 0) + (image[2048 + p] ?? 0),
      ).sort((a, b) => a - b);
      expect((light[1003] ?? 0) - (light[100] ?? 0), `image ${i}`).toBeGreaterThan(90);
    }
  });

  it('tells color nothing: the mean colors of two classes are alike', async () => {
    const {train} = await makeSyntheticDataset({...OPTIONS, trainPerClass: 40, size: 16});
    const area = 256;
    const mean = (label: number, c: number): number => {
      let sum = 0;
      for (let i = label; i < train.count; i += 10) {
        const at = (i * 3 + c) * area;
        sum += train.images.subarray(at, at + area).reduce((total, v) => total + v, 0);
      }
      return sum / (40 * area);
    };
    for (const label of [2, 3, 9]) {
      expect(Math.abs(mean(label, 0) - mean(label, 2))).toBeLessThan(12);
    }
  });

  it.each([
    ['trainPerClass', 0],
    ['testPerClass', 1.5],
    ['size', 15],
    ['seed', -1],
  ])('refuses %s %d', async (name, value) => {
    await expect(makeSyntheticDataset({...OPTIONS, [name]: value})).rejects.toMatchObject({
      code: 'ERR_CONFIG',
    });
  });
});
