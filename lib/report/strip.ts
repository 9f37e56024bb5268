import sharp from 'sharp';
import {SauError} from '../errors.js';
import {writeWholeFile} from '../whole_file.js';

export interface StripRow {
  readonly label: string;
  /** uint8 [3,size,size] each. */
  readonly images: readonly Uint8Array[];
}

export interface StripInput {
  /** Rows of the sheet from the top, such as clean, poisoned, shared-adversarial. */
  readonly rows: readonly StripRow[];
  /** Side of the images in pixels. */
  readonly size: number;
  /** Whole number of screen pixels per image pixel. */
  readonly scale: number;
}

/** In image pixels, between the images and around the sheet. */
const GAP = 2;
const LEAST_LABEL_WIDTH = 190;
const FONT_SIZE = 17;
/** Of a letter, in font sizes: a little more than an average one. */
const LETTER_WIDTH = 0.55;
const LABEL_MARGIN = 10;
const PAPER = 255;

/**
 * Writes a labelled contact sheet as a PNG, each image enlarged without smoothing.
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
