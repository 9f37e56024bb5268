/** Interleaved 8-bit RGB: uint8 [height,width,3]. */
export interface RgbImage {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
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
