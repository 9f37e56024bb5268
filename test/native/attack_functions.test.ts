import {describe, expect, it} from 'vitest';
import type {NativeAttackFunctions} from '../../lib/native/attack_contract.js';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeTensors} from '../../lib/native/data_contract.js';
import {expectBelow, largestDifference, relative} from '../support/closeness.js';
import {floatsOf, tensorsOf} from '../support/oracle.js';

const SIDE = 16;
const COUNT = 2;
const SIZES = {count: COUNT, height: SIDE, width: SIDE};
const WARP = {gridSize: 4, warpStrength: 0.5, gridRescale: 1, crossRatio: 2};

async function functions(): Promise<NativeAttackFunctions> {
  return (await loadCore()).core.functional.attacks;
}

/** Three equal channels of one image. */
function gray(rows: readonly (readonly number[])[]) {
  const plane = rows.flat();
  const images = Float32Array.from([...plane, ...plane, ...plane]);
  return {images, count: 1, height: rows.length, width: rows[0]?.length ?? 0};
}

function firstPlane(images: Float32Array, {height, width}: {height: number; width: number}) {
  return Array.from({length: height}, (_, y) => [...images.slice(y * width, (y + 1) * width)]);
}

describe("WaNet's warp", () => {
  it("has the oracle's grid for the same control points", async () => {
    const oracle = await tensorsOf('attacks.pt');
    const control = floatsOf(oracle, 'wanet.control');
    const grid = (await functions()).warpGrid({...WARP, control, size: SIDE});
    expectBelow('grid', largestDifference(grid, floatsOf(oracle, 'wanet.grid')), 1e-6);
  });

  it.each([
    ['warped', null],
    ['crossed', 'wanet.noise'],
  ])("gives the oracle's %s images", async (name, noise) => {
    const oracle = await tensorsOf('attacks.pt');
    const warped = (await functions()).warp({
      images: floatsOf(oracle, 'images'),
      ...SIZES,
      grid: floatsOf(oracle, 'wanet.grid'),
      noise: noise === null ? null : floatsOf(oracle, noise),
    });
    expectBelow(name, largestDifference(warped, floatsOf(oracle, `wanet.${name}`)), 1e-5);
  });

  it('is none without strength, and a magnification with a rescaled grid', async () => {
    const {warpGrid} = await functions();
    const control = Float32Array.from({length: 32}, (_, i) => Math.sin(i));
    const axis = Array.from({length: SIDE}, (_, i) => (2 * i) / (SIDE - 1) - 1);
    const identity = axis.flatMap((y) => axis.flatMap((x) => [x, y]));
    const none = warpGrid({...WARP, warpStrength: 0, control, size: SIDE});
    expect(largestDifference(none, identity)).toBeLessThan(1e-6);
    const half = warpGrid({...WARP, warpStrength: 0, gridRescale: 0.5, control, size: SIDE});
    expect(
      largestDifference(
        half,
        identity.map((v) => v / 2),
      ),
    ).toBeLessThan(1e-6);
  });
});

describe("BPP's quantization", () => {
  it('takes the nearest of eight levels', async () => {
    // The levels are k * 255 / 7 = 36.43 k; 18 is at 0.494 of the first step, 19 at 0.522.
    const input = gray([[0, 18, 19, 54, 55, 127, 128, 237, 255]]);
    const output = (await functions()).quantize({...input, levels: 8, dithering: false});
    const expected = [0, 0, 1, 1, 2, 3, 4, 7, 7].map((k) => (k * 255) / 7);
    expect(largestDifference(output, [...expected, ...expected, ...expected])).toBeLessThan(1e-4);
  });

  it('rounds halves to the even level', async () => {
    // Three levels: 63.75 and 191.25 are half-way between 0 and 1, and between 1 and 2.
    const input = gray([[63.75, 191.25, 63.8, 191.2]]);
    const output = (await functions()).quantize({...input, levels: 3, dithering: false});
    expect([...output.slice(0, 4)]).toEqual([0, 255, 127.5, 127.5]);
  });

  it("hands each pixel's error on to its neighbors when it dithers", async () => {
    // 100 -> 0, error 100: right 143.75, below 131.25, below right 106.25. 143.75 -> 255, error -111.25:
    // below left 131.25 - 20.86 = 110.39, below 106.25 - 34.77 = 71.48. 110.39 -> 0: right 119.78 -> 0.
    const square = gray([
      [100, 100],
      [100, 100],
    ]);
    const {quantize} = await functions();
    const output = quantize({...square, levels: 2, dithering: true});
    expect([...output]).toEqual([0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0]);
    const plain = quantize({...square, levels: 2, dithering: false});
    expect(new Set(plain)).toEqual(new Set([0]));
  });

  it("gives the oracle's whole gray levels when it dithers to eight levels", async () => {
    const oracle = await tensorsOf('attacks.pt');
    const input = {images: floatsOf(oracle, 'dithering.before'), ...SIZES};
    const output = (await functions()).quantize({...input, levels: 8, dithering: true});
    expect([...output]).toEqual([...floatsOf(oracle, 'dithering.after')]);
  });
});

describe('the augmentation of a whole batch', () => {
  const NONE = {padding: 0, top: 0, left: 0, degrees: 0, flip: false};
  const NUMBERED = gray([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ]);
  const augmented = async (draw: Partial<typeof NONE>, image = NUMBERED) =>
    firstPlane((await functions()).augment({...image, ...NONE, ...draw}), image);

  it('crops from images padded with zeros', async () => {
    expect(await augmented({padding: 2, top: 1, left: 3})).toEqual([
      [0, 0, 0],
      [2, 3, 0],
      [5, 6, 0],
    ]);
  });

  it('mirrors from left to right', async () => {
    expect(await augmented({flip: true})).toEqual([
      [3, 2, 1],
      [6, 5, 4],
      [9, 8, 7],
    ]);
  });

  it('turns counter-clockwise', async () => {
    expect(await augmented({degrees: 90})).toEqual([
      [3, 6, 9],
      [2, 5, 8],
      [1, 4, 7],
    ]);
  });

  it('takes the nearest pixel of the turned image, zero outside', async () => {
    const degrees = 7.3;
    const [cos, sin] = [Math.cos, Math.sin].map((f) => f((degrees / 180) * Math.PI));
    const at = (row: number, column: number) => 1 + row * SIDE + column;
    const indices = [...Array(SIDE).keys()];
    const image = gray(indices.map((row) => indices.map((column) => at(row, column))));
    const middle = (SIDE - 1) / 2;
    const turned = indices.map((row) =>
      indices.map((column) => {
        const [x, y] = [column - middle, row - middle];
        const from = [
          Math.round((sin ?? 0) * x + (cos ?? 0) * y + middle),
          Math.round((cos ?? 0) * x - (sin ?? 0) * y + middle),
        ] as const;
        return from.every((i) => i >= 0 && i < SIDE) ? at(...from) : 0;
      }),
    );
    expect(turned.flat().filter((value) => value === 0).length).toBeGreaterThan(4);
    expect(await augmented({degrees}, image)).toEqual(turned);
  });
});

describe("Input-aware's generators", () => {
  const OUT_CHANNELS = {pattern: 3, mask: 1} as const;

  /** The oracle's `weight_at` for every tensor. */
  async function weights(outChannels: number, generatorWidth: number): Promise<NativeTensors> {
    const layout = (await functions()).generatorLayout({outChannels, generatorWidth});
    return layout.map((tensor, t) => {
      const length = tensor.shape.reduce((a, b) => a * b, 1);
      if (tensor.dtype !== 'float32') return {...tensor, data: new Uint8Array(8)};
      const shift = tensor.shape.length === 4 ? -0.5 : 0.1;
      const values = Float32Array.from(
        {length},
        (_, i) => ((i * 7919 + t * 104729) % 1000) / 1000 + shift,
      );
      return {...tensor, data: new Uint8Array(values.buffer)};
    });
  }

  it.each(['pattern', 'mask'] as const)('have as many weights as the %s oracle', async (name) => {
    const layout = (await functions()).generatorLayout({
      outChannels: OUT_CHANNELS[name],
      generatorWidth: 32,
    });
    const count = layout
      .filter(({name}) => /\.(weight|bias)$/.test(name))
      .reduce((sum, {shape}) => sum + shape.reduce((a, b) => a * b, 1), 0);
    const [expected] = floatsOf(await tensorsOf('attacks.pt'), `generator.${name}.parameters`);
    expect(count).toBe(expected);
  });

  it.each([
    ['pattern', 'eval', {trainMode: false, doubleTanh: true}],
    ['pattern', 'train', {trainMode: true, doubleTanh: true}],
    ['pattern', 'single', {trainMode: false, doubleTanh: false}],
    ['mask', 'eval', {trainMode: false, doubleTanh: true}],
    ['mask', 'train', {trainMode: true, doubleTanh: true}],
    ['mask', 'single', {trainMode: false, doubleTanh: false}],
  ] as const)("draw the oracle's %s (%s)", async (name, kind, mode) => {
    const oracle = await tensorsOf('attacks.pt');
    const generator = {outChannels: OUT_CHANNELS[name], generatorWidth: 2};
    const drawn = (await functions()).drawTrigger({
      ...{...generator, ...mode, ...SIZES},
      images: floatsOf(oracle, 'images'),
      tensors: await weights(generator.outChannels, 2),
    });
    const expected = floatsOf(oracle, `generator.${name}.${kind}`);
    expect(new Set(expected).size).toBeGreaterThan(SIDE);
    expectBelow(`${name} ${kind}`, largestDifference(drawn, expected), 1e-5);
  });

  it('draw inside (0.12, 0.88) when they squash twice', async () => {
    const oracle = await tensorsOf('attacks.pt');
    const drawn = floatsOf(oracle, 'generator.pattern.train');
    const bound = Math.tanh(1) / 2;
    expect(Math.min(...drawn)).toBeGreaterThan(0.5 - bound);
    expect(Math.max(...drawn)).toBeLessThan(0.5 + bound);
  });

  it('sharpen a mask around one half', async () => {
    const mask = (await functions()).sharpMask(Float32Array.of(0.5, 0.55, 0.12, 0.88));
    expect(mask[0]).toBe(0.5);
    expect(mask[1]).toBeCloseTo(0.5 + Math.tanh(1) / 2, 6);
    expect(mask[2]).toBeCloseTo(0, 3);
    expect(mask[3]).toBeCloseTo(1, 3);
  });

  it('lose where different images are drawn alike', async () => {
    const {diversityLoss} = await functions();
    const pixels = (first: number, second: number) =>
      Float32Array.of(first, first, first, second, second, second);
    const loss = (drawnB: Float32Array) =>
      diversityLoss({
        a: pixels(1, 3),
        b: pixels(0, 0),
        drawnA: pixels(0, 0),
        drawnB,
        count: 2,
        height: 1,
        width: 1,
      });
    // The images are 1 and 3 apart, what is drawn 0.5 and 2: (1 / 0.5 + 3 / 2) / 2.
    expect(relative(loss(pixels(0.5, 2)), 1.75)).toBeLessThan(1e-6);
    expect(loss(pixels(0.1, 2))).toBeGreaterThan(5);
  });
});
