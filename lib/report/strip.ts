import {join} from 'node:path';
import sharp from 'sharp';
import {SauError} from '../base/errors.js';
import {writeWholeFile} from '../base/whole_file.js';
import type {Dataset} from '../datasets/dataset.js';
import type {ImageSet} from '../datasets/image_set.js';
import {RECORD} from '../records/layout.js';

interface StripRow {
  readonly label: string;
  /** uint8 [3,size,size] each. */
  readonly images: readonly Uint8Array[];
}

interface StripInput {
  /** Rows of the sheet from the top, such as clean, poisoned, shared-adversarial. */
  readonly rows: readonly StripRow[];
  /** Side of the images in pixels. */
  readonly size: number;
  /** Whole number of screen pixels per image pixel. */
  readonly scale: number;
}

/** Space between the images and around the sheet, in image pixels. */
const GAP = 2;
const LEAST_LABEL_WIDTH = 190;
const FONT_SIZE = 17;
/** Width of a letter in font sizes, slightly above the average. */
const LETTER_WIDTH = 0.55;
const LABEL_MARGIN = 10;
const PAPER = 255;

/**
 * Writes a labeled contact sheet as a PNG, each image enlarged without smoothing.
 * Throws ERR_OUTPUT; ERR_CONFIG if an image is not [3,size,size].
 */
export async function writeStrip(path: string, input: StripInput): Promise<void> {
  const {rows, size, scale} = input;
  const columns = Math.max(1, ...rows.map(({images}) => images.length));
  const width = GAP + columns * (size + GAP);
  const height = GAP + rows.length * (size + GAP);
  const sheet = Buffer.alloc(width * height * 3, PAPER);
  rows.forEach(({images}, row) => {
    images.forEach((image, column) => {
      place(sheet, width, image, size, GAP + column * (size + GAP), GAP + row * (size + GAP));
    });
  });
  const enlarged = await sharp(sheet, {raw: {width, height, channels: 3}})
    .resize(width * scale, height * scale, {kernel: 'nearest'})
    .extend({left: labelWidth(rows), background: 'white'})
    .png()
    .toBuffer();
  const png = await sharp(enlarged)
    .composite([{input: labels(input, height * scale), left: 0, top: 0}])
    .png()
    .toBuffer();
  await writeWholeFile(path, png);
}

/** Copies one planar image into the interleaved sheet. */
function place(
  sheet: Buffer,
  width: number,
  image: Uint8Array,
  size: number,
  left: number,
  top: number,
): void {
  const area = size * size;
  if (image.length !== 3 * area) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected images of 3x${size}x${size} = ${3 * area} bytes but received ${image.length}`,
    );
  }
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const value = image[channel * area + y * size + x] ?? PAPER;
        sheet[((top + y) * width + left + x) * 3 + channel] = value;
      }
    }
  }
}

/** Room for the longest label, in screen pixels. */
function labelWidth(rows: readonly StripRow[]): number {
  const longest = Math.max(0, ...rows.map(({label}) => label.length));
  const width = 2 * LABEL_MARGIN + longest * LETTER_WIDTH * FONT_SIZE;
  return Math.max(LEAST_LABEL_WIDTH, Math.ceil(width));
}

function labels({rows, size, scale}: StripInput, height: number): Buffer {
  const width = labelWidth(rows);
  const texts = rows.map(({label}, row) => {
    const middle = (GAP + row * (size + GAP) + size / 2) * scale;
    return `<text x="${width - LABEL_MARGIN}" y="${middle + FONT_SIZE / 3}">${escapeXml(label)}</text>`;
  });
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `font-family="Helvetica, Arial, DejaVu Sans, sans-serif" font-size="${FONT_SIZE}" ` +
      `fill="#222" text-anchor="end">${texts.join('')}</svg>`,
  );
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Gray of no difference in {@link differenceOf}. */
const MIDDLE = 128;

/** Images of a set by position, each a view of uint8 [3,H,W]. */
export function pick(set: ImageSet, positions: Int32Array): Uint8Array[] {
  const bytes = 3 * set.height * set.width;
  return [...positions].map((p) => set.images.subarray(p * bytes, (p + 1) * bytes));
}

/** `count` positions spread evenly over `total`. */
export function spread(total: number, count: number): Int32Array {
  const n = Math.min(count, total);
  return Int32Array.from({length: n}, (_, i) => Math.floor(((i + 0.5) * total) / n));
}

/** The difference of two images, `factor` times enlarged, around middle gray; clipped to [0,255]. */
export function differenceOf(from: Uint8Array, to: Uint8Array, factor: number): Uint8Array {
  return Uint8Array.from(to, (value, i) =>
    Math.max(0, Math.min(255, MIDDLE + factor * (value - (from[i] ?? 0)))),
  );
}

/** Images in a row. */
const IMAGES = 8;
/** How much the difference is enlarged: some triggers change a pixel by two or three levels of 256. */
const FACTOR = 10;
/** Side of the images on the sheet in pixels, as closely as a whole multiple of their own side comes. */
const SHOWN_SIDE = 96;

/**
 * Draws some training images, below them their poisoned versions, and below these the difference, signed and ten
 * times enlarged, so that middle gray means none. Returns the path. Throws ERR_OUTPUT or ERR_DATASET.
 */
export async function writePreview(
  folder: string,
  dataset: Dataset,
  {poisonedTrain}: {readonly poisonedTrain: ImageSet},
  signal?: AbortSignal,
): Promise<string> {
  const path = join(folder, RECORD.preview);
  const chosen = spread(poisonedTrain.count, IMAGES);
  const indices = chosen.map((position) => poisonedTrain.originalIndices[position] ?? 0);
  const before = await dataset.loadTrain(indices, {signal});
  const clean = pick(before, Int32Array.from(chosen.keys()));
  const poisoned = pick(poisonedTrain, chosen);
  const difference = poisoned.map((image, i) => differenceOf(clean[i] ?? image, image, FACTOR));
  const size = poisonedTrain.height;
  await writeStrip(path, {
    rows: [
      {label: 'clean', images: clean},
      {label: 'poisoned', images: poisoned},
      {label: `gray + ${FACTOR} x difference`, images: difference},
    ],
    size,
    scale: Math.max(1, Math.round(SHOWN_SIDE / size)),
  });
  return path;
}
