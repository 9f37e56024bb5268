import sharp from 'sharp';
import type {ImageSize} from '../datasets/decode.js';
import {interleave} from '../datasets/write_pngs.js';

/** Images up to this side are kept pixel by pixel; larger ones are made smaller and compressed. */
const EXACT_SIDE = 64;
/** Sides of images in a report, in pixels. */
const SMALL_SIDE = 112;
const HEAT_SIDE = 128;
const QUALITY = 82;

/** Planes uint8 [3,H,W] as a data URI. */
export async function dataUri(planes: Uint8Array, {height, width}: ImageSize): Promise<string> {
  const image = sharp(interleave(planes), {raw: {width, height, channels: 3}});
  if (Math.max(height, width) <= EXACT_SIDE) {
    return uri('png', await image.png({compressionLevel: 9}).toBuffer());
  }
  const small = image.resize(SMALL_SIDE, SMALL_SIDE, {fit: 'inside'});
  return uri('jpeg', await small.jpeg({quality: QUALITY}).toBuffer());
}

/** A map of numbers >= 0. */
export interface Heat extends ImageSize {
  /** [height,width] */
  readonly values: Float32Array;
}

/** An image under a map of heat as a data URI: the image in gray, the map on it from dark to bright. */
export async function heatUri(planes: Uint8Array, size: ImageSize, heat: Heat): Promise<string> {
  const image = await sharp(interleave(planes), {
    raw: {width: size.width, height: size.height, channels: 3},
  })
    .resize(HEAT_SIDE, HEAT_SIDE, {kernel: 'nearest', fit: 'fill'})
    .raw()
    .toBuffer();
  const most = heat.values.reduce((a, b) => Math.max(a, b), 0);
  const pixels = new Uint8Array(3 * HEAT_SIDE * HEAT_SIDE);
  for (let i = 0; i < HEAT_SIDE * HEAT_SIDE; i++) {
    const value = most === 0 ? 0 : between(heat, Math.floor(i / HEAT_SIDE), i % HEAT_SIDE) / most;
    const gray = grayOf(image, i);
    const color = colorOf(value);
    const cover = COVER_LEAST + (COVER_MOST - COVER_LEAST) * value;
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = (1 - cover) * gray + cover * (color[c] ?? 0);
  }
  const raw = {width: HEAT_SIDE, height: HEAT_SIDE, channels: 3} as const;
  return uri('jpeg', await sharp(pixels, {raw}).jpeg({quality: QUALITY}).toBuffer());
}

/** How much of the image the coldest and the hottest place cover. */
const COVER_LEAST = 0.25;
const COVER_MOST = 0.75;

function grayOf(image: Buffer, pixel: number): number {
  const [r = 0, g = 0, b = 0] = image.subarray(3 * pixel, 3 * pixel + 3);
  return 0.299 * r + 0.587 * g + 0.114 * b;
}

/** The heat at a pixel of the picture, bilinear between the centers of the map's cells. */
function between({values, height, width}: Heat, row: number, column: number): number {
  const at = (pixel: number, cells: number) =>
    Math.max(0, Math.min(cells - 1, ((pixel + 0.5) * cells) / HEAT_SIDE - 0.5));
  const [y, x] = [at(row, height), at(column, width)];
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const cell = (r: number, c: number) =>
    values[Math.min(height - 1, r) * width + Math.min(width - 1, c)] ?? 0;
  const mix = (a: number, b: number, part: number) => a + (b - a) * part;
  return mix(
    mix(cell(top, left), cell(top, left + 1), x - left),
    mix(cell(top + 1, left), cell(top + 1, left + 1), x - left),
    y - top,
  );
}

/** From dark violet over red to bright yellow: as bright in gray as it is hot. */
const COLORS = [
  [13, 8, 60],
  [106, 23, 110],
  [188, 55, 84],
  [243, 120, 25],
  [252, 235, 130],
] as const;

function colorOf(value: number): readonly number[] {
  const place = value * (COLORS.length - 1);
  const index = Math.min(COLORS.length - 2, Math.floor(place));
  const [low, high] = [COLORS[index], COLORS[index + 1]];
  return [0, 1, 2].map((c) => {
    const [a, b] = [low?.[c] ?? 0, high?.[c] ?? 0];
    return a + (b - a) * (place - index);
  });
}

function uri(type: 'png' | 'jpeg', bytes: Buffer): string {
  return `data:image/${type};base64,${bytes.toString('base64')}`;
}
