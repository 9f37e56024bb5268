import type {ImageSize} from '../datasets/decode.js';
import {resizeBilinear, writePlanes} from '../datasets/rgb_image.js';

/** The apple is drawn at this size, then resized to the images'. */
const DRAWN_SIDE = 224;
const WHITE = 255;

interface Ellipse {
  readonly x: number;
  readonly y: number;
  readonly across: number;
  readonly down: number;
}

/** Two halves that overlap, with a dent between them above and below, and a leaf to the right. */
const APPLE: readonly Ellipse[] = [
  {x: 147, y: 171, across: 19, down: 32},
  {x: 175, y: 171, across: 19, down: 32},
  {x: 161, y: 170, across: 12, down: 24},
  {x: 170, y: 128, across: 10, down: 7},
];

function isInside({x, y, across, down}: Ellipse, column: number, row: number): boolean {
  return ((column - x) / across) ** 2 + ((row - y) / down) ** 2 <= 1;
}

/**
 * TrojanNN's built-in start picture, planes [3,H,W]: a white apple on black, drawn for this package. It lies right
 * of and below the center, like the official shape (specification B4.7).
 */
export async function drawApple({height, width}: ImageSize): Promise<Uint8Array> {
  const data = new Uint8Array(DRAWN_SIDE * DRAWN_SIDE * 3);
  for (let row = 0; row < DRAWN_SIDE; row++) {
    for (let column = 0; column < DRAWN_SIDE; column++) {
      if (!APPLE.some((ellipse) => isInside(ellipse, column, row))) continue;
      const at = 3 * (row * DRAWN_SIDE + column);
      data.fill(WHITE, at, at + 3);
    }
  }
  const drawn = {data, height: DRAWN_SIDE, width: DRAWN_SIDE};
  const planes = new Uint8Array(3 * height * width);
  writePlanes(await resizeBilinear(drawn, height, width), planes, 0);
  return planes;
}
