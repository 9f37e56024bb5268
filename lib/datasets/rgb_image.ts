import {Breather} from '../base/breather.js';

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

const CHANNELS = 3;
/** Weights are fixed-point numbers with this many fractional bits, so that sums fit in 32 bits. */
const FRACTION_BITS = 22;
const ONE = 1 << FRACTION_BITS;
const HALF = ONE >> 1;

interface Weights {
  /** The first source pixel of each output pixel. */
  readonly first: Int32Array;
  /** How many source pixels each output pixel mixes. */
  readonly length: Int32Array;
  /** Row i has the weights of output pixel i. Rows are `stride` apart. */
  readonly values: Int32Array;
  readonly stride: number;
}

/** Triangle filter, widened by the scale when shrinking, normalized to a sum of 1. */
function triangleWeights(from: number, to: number): Weights {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  const stride = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(to);
  const length = new Int32Array(to);
  const values = new Int32Array(to * stride);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - reach + 0.5));
    const end = Math.min(from, Math.trunc(center + reach + 0.5));
    const raw: number[] = [];
    for (let j = start; j < end; j++) {
      raw.push(Math.max(0, 1 - Math.abs((j - center + 0.5) / reach)));
    }
    const sum = raw.reduce((total, weight) => total + weight, 0);
    raw.forEach((weight, j) => {
      values[i * stride + j] = Math.trunc(0.5 + (weight / sum) * ONE);
    });
    first[i] = start;
    length[i] = raw.length;
  }
  return {first, length, values, stride};
}

/** Distances, in bytes, along the axis that is resampled and across it. */
interface Axis {
  readonly outputs: number;
  readonly lines: number;
  readonly step: number;
  readonly sourceLine: number;
  readonly outputLine: number;
}

async function resampleAxis(source: Uint8Array, axis: Axis, weights: Weights, breather: Breather) {
  const {outputs, lines, step, sourceLine, outputLine} = axis;
  const {first, length, values, stride} = weights;
  const out = new Uint8Array(outputs * lines * CHANNELS);
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < outputs; i++) {
      const from = line * sourceLine + (first[i] ?? 0) * step;
      const to = line * outputLine + i * step;
      const count = length[i] ?? 0;
      for (let c = 0; c < CHANNELS; c++) {
        let sum = HALF;
        for (let j = 0; j < count; j++) {
          sum += (source[from + j * step + c] ?? 0) * (values[i * stride + j] ?? 0);
        }
        out[to + c] = Math.min(255, sum >> FRACTION_BITS);
      }
    }
    if (breather.due) await breather.rest();
  }
  return out;
}

/**
 * Bilinear, antialiased resize that ignores the aspect ratio. It equals, bit for bit, Pillow's 8-bit `resize(...,
 * BILINEAR)`, which the official tool applies to every image (specification B3.4, C.2). sharp's own kernels differ
 * by up to 34 gray levels when enlarging. Returns the input when the size is equal.
 * @param breather Shared by images that are resized at the same time, so that together they yield
 */
export async function resizeBilinear(
  image: RgbImage,
  height: number,
  width: number,
  breather = new Breather(),
): Promise<RgbImage> {
  let data = image.data;
  if (width !== image.width) {
    const axis: Axis = {
      outputs: width,
      lines: image.height,
      step: CHANNELS,
      sourceLine: image.width * CHANNELS,
      outputLine: width * CHANNELS,
    };
    data = await resampleAxis(data, axis, triangleWeights(image.width, width), breather);
  }
  if (height !== image.height) {
    const axis: Axis = {
      outputs: height,
      lines: width,
      step: width * CHANNELS,
      sourceLine: CHANNELS,
      outputLine: CHANNELS,
    };
    data = await resampleAxis(data, axis, triangleWeights(image.height, height), breather);
  }
  return {data, height, width};
}
