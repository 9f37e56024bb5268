import {describe, expect, it} from 'vitest';
import {resizeBilinear} from '../../../lib/datasets/rgb_image.js';

/** The same 4x5 picture that Pillow resized to give the numbers below. */
const SOURCE = {
  data: Uint8Array.from({length: 60}, (_, i) => (i * 73 + ((i * i) % 91)) % 256),
  height: 4,
  width: 5,
};

describe('resizeBilinear', () => {
  it.each([
    [1, 1, [149, 117, 128]],
    [3, 2, [137, 99, 161, 197, 103, 91, 137, 160, 135, 129, 117, 150, 197, 72, 93, 119, 153, 128]],
    [
      2,
      5,
      [
        81, 127, 172, 162, 140, 155, 138, 84, 157, 216, 168, 121, 150, 37, 68, 213, 58, 112, 183,
        144, 93, 131, 85, 93, 122, 168, 130, 93, 145, 184,
      ],
    ],
  ])("gives Pillow's bytes at %i x %i", async (height, width, expected) => {
    const resized = await resizeBilinear(SOURCE, height, width);
    expect([...resized.data]).toEqual(expected);
  });

  it("gives Pillow's bytes when enlarging one axis", async () => {
    const resized = await resizeBilinear(SOURCE, 4, 9);
    expect([...resized.data.slice(0, 27)]).toEqual([
      0, 74, 150, 76, 67, 145, 203, 54, 136, 224, 50, 135, 218, 48, 136, 222, 147, 97, 219, 202, 59,
      183, 78, 30, 161, 3, 12,
    ]);
  });

  it('leaves an image of the right size alone', async () => {
    expect((await resizeBilinear(SOURCE, 4, 5)).data).toBe(SOURCE.data);
  });
});
