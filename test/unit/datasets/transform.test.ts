import {describe, expect, it} from 'vitest';
import {type RgbImage, resizedPlanes, writeTransformed} from '../../../lib/datasets/rgb_image.js';
import {
  makeTransform,
  NO_TRANSFORM,
  placeTransform,
  type Transform,
} from '../../../lib/datasets/transform.js';

/** The same 4x5 picture that Pillow resized to give the numbers below. */
const SOURCE: RgbImage = {
  data: Uint8Array.from({length: 60}, (_, i) => (i * 73 + ((i * i) % 91)) % 256),
  height: 4,
  width: 5,
};

async function planesOf(transform: Transform, image = SOURCE): Promise<Uint8Array> {
  const planes = new Uint8Array(3 * transform.height * transform.width).fill(99);
  await writeTransformed(image, transform, planes, 0);
  return planes;
}

/** Planes [3,H,W] -> [H,W,3], as Pillow gives pixels. */
function interleaved(planes: Uint8Array): number[] {
  const area = planes.length / 3;
  return Array.from(planes, (_, i) => planes[(i % 3) * area + Math.trunc(i / 3)] ?? -1);
}

describe('a resize', () => {
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
  ])("gives Pillow's bilinear bytes at %i x %i", async (height, width, expected) => {
    expect(interleaved(await resizedPlanes(SOURCE, {height, width}))).toEqual(expected);
  });

  it("gives Pillow's bytes when enlarging one axis", async () => {
    const resized = interleaved(await resizedPlanes(SOURCE, {height: 4, width: 9}));
    expect(resized.slice(0, 27)).toEqual([
      0, 74, 150, 76, 67, 145, 203, 54, 136, 224, 50, 135, 218, 48, 136, 222, 147, 97, 219, 202, 59,
      183, 78, 30, 161, 3, 12,
    ]);
  });

  it.each([
    [3, 2, [130, 96, 173, 208, 98, 82, 134, 169, 135, 122, 112, 154, 209, 58, 83, 111, 162, 130]],
    [
      4,
      2,
      [
        149, 65, 142, 209, 106, 63, 94, 182, 224, 181, 87, 143, 181, 140, 45, 70, 140, 157, 212, 34,
        109, 133, 165, 120,
      ],
    ],
  ])("gives Pillow's bicubic bytes at %i x %i", async (height, width, expected) => {
    const planes = await planesOf({height, width, interpolation: 'bicubic'});
    expect(interleaved(planes)).toEqual(expected);
  });

  it('clips what the bicubic filter overshoots, as Pillow does', async () => {
    const planes = await planesOf({height: 6, width: 7, interpolation: 'bicubic'});
    const pixels = interleaved(planes);
    expect(pixels.slice(0, 12)).toEqual([0, 66, 146, 130, 52, 136, 253, 36, 130, 227, 45, 131]);
    expect(pixels.slice(-5)).toEqual([227, 111, 137, 237, 252]);
  });

  it('leaves an image of the right size alone', async () => {
    expect(interleaved(await planesOf({height: 4, width: 5}))).toEqual([...SOURCE.data]);
  });
});

describe('a crop', () => {
  /** Of torchvision's Resize and CenterCrop: [picture, resize, crop, resized, top and left of the crop]. */
  it.each([
    [[4, 5], 3, 2, [3, 3], [0, 0]],
    [[4, 5], 4, 3, [4, 5], [0, 1]],
    [[4, 5], 2, 5, [2, 2], [-1, -1]],
    [[7, 9], 256, 224, [256, 329], [16, 52]],
    [[100, 333], 3, 2, [3, 9], [0, 4]],
    [[100, 333], 2, 5, [2, 6], [-1, 0]],
    [[100, 333], 256, 224, [256, 852], [16, 314]],
    [[5, 2], 3, 2, [7, 3], [2, 0]],
    [[333, 100], 3, 2, [9, 3], [4, 0]],
    [[223, 224], 256, 224, [256, 257], [16, 16]],
  ] as const)(
    'of a picture of %j after a resize to %i is %i as torchvision has it',
    (picture, resize, crop, resized, [top, left]) => {
      const [height, width] = picture;
      const transform = makeTransform(
        {height: crop, width: crop},
        {...NO_TRANSFORM, resize: String(resize), crop},
      );
      expect(placeTransform(transform, {height, width})).toMatchObject({
        ...{resizedHeight: resized[0], resizedWidth: resized[1], top, left},
        ...{height: crop, width: crop},
      });
    },
  );

  it('takes the middle of a picture', async () => {
    const planes = await planesOf({height: 2, width: 3, resize: null});
    const rows = [1, 2].map((y) => [...SOURCE.data.slice((5 * y + 1) * 3, (5 * y + 4) * 3)]);
    expect(interleaved(planes)).toEqual(rows.flat());
  });

  it('of more than the picture has a black border', async () => {
    const planes = await planesOf({height: 7, width: 5, resize: null});
    const black = Array<number>(15).fill(0);
    expect(interleaved(planes)).toEqual([...black, ...SOURCE.data, ...black, ...black]);
  });

  it('of a resized picture is the same part of the whole', async () => {
    const whole = await planesOf({height: 8, width: 10, interpolation: 'bicubic'});
    const part = await planesOf({
      ...{height: 4, width: 6, interpolation: 'bicubic', resize: {height: 8, width: 10}},
    });
    const pixels = interleaved(whole);
    const rows = [2, 3, 4, 5].map((y) => pixels.slice((10 * y + 2) * 3, (10 * y + 8) * 3));
    expect(interleaved(part)).toEqual(rows.flat());
  });

  it('of another size than the images of the model is refused', () => {
    const options = {...NO_TRANSFORM, crop: 224};
    expect(() => makeTransform({height: 32, width: 32}, options)).toThrow(
      /^Expected 32 for crop, which is the size of the model's images, but received 224\./,
    );
  });
});
