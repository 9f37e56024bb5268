import {imageTools} from '../native/image_tools.js';
import {type ImageSize, type PlacedTransform, placeTransform, type Transform} from './transform.js';

/** Interleaved 8-bit RGB: uint8 [height,width,3]. */
export interface RgbImage {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** Up to this many pixels an image that keeps its size is written in less time than a thread takes to begin. */
const SMALL = 128 * 128;

/**
 * Resizes and crops an image and writes it as planes, uint8 [3,height,width], at `offset` of `out`, beside the
 * event loop. The resize equals, bit for bit, Pillow's of an 8-bit image, which the official tool applies to every
 * image (specification B3.4, C.2). sharp's own kernels differ by up to 34 gray levels when enlarging.
 */
export async function writeTransformed(
  image: RgbImage,
  transform: Transform,
  out: Uint8Array,
  offset: number,
): Promise<void> {
  const placed = placeTransform(transform, image);
  if (isWhole(image, placed) && image.height * image.width <= SMALL)
    writePlanes(image, out, offset);
  else await imageTools().transformPicture(image, placed, out, offset);
}

/** The image as planes, uint8 [3,height,width], resized to a size whatever its aspect. */
export async function resizedPlanes(
  image: RgbImage,
  {height, width}: ImageSize,
): Promise<Uint8Array> {
  const planes = new Uint8Array(3 * height * width);
  await writeTransformed(image, {height, width}, planes, 0);
  return planes;
}

/** Whether the result is the image itself. */
function isWhole(image: RgbImage, placed: PlacedTransform): boolean {
  const {height, width, resizedHeight, resizedWidth} = placed;
  return (
    [resizedHeight, height].every((side) => side === image.height) &&
    [resizedWidth, width].every((side) => side === image.width)
  );
}

/** Writes the image as planes, uint8 [3,height,width], at `offset` of `out`. */
export function writePlanes(image: RgbImage, out: Uint8Array, offset: number): void {
  const area = image.height * image.width;
  for (let i = 0; i < area; i++) {
    out[offset + i] = image.data[3 * i] ?? 0;
    out[offset + area + i] = image.data[3 * i + 1] ?? 0;
    out[offset + 2 * area + i] = image.data[3 * i + 2] ?? 0;
  }
}
