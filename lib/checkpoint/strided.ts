import {Breather} from '../breather.js';

/** Where the elements of an array lie; strides and offset count elements, not bytes. */
export interface StridedLayout {
  readonly itemBytes: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

export function elementCount(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
}

/** Strides of a contiguous row-major array. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (const size of shape.toReversed()) {
    strides.unshift(step);
    step *= Math.max(size, 1);
  }
  return strides;
}

/** Strides of a Fortran-order array. */
export function columnMajorStrides(shape: readonly number[]): number[] {
  return rowMajorStrides(shape.toReversed()).toReversed();
}

/** True when the elements lie in row-major order without gaps (strides of dimensions of size 1 do not matter). */
export function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  if (elementCount(shape) === 0) return true;
  const wanted = rowMajorStrides(shape);
  return shape.every((size, i) => size === 1 || strides[i] === wanted[i]);
}

/** Elements that the array reaches into its storage, from element 0: the least size its storage must have. */
export function reachOf({shape, strides, offset}: Omit<StridedLayout, 'itemBytes'>): number {
  if (elementCount(shape) === 0) return 0;
  return shape.reduce((last, size, i) => last + (size - 1) * (strides[i] ?? 0), offset) + 1;
}

/** The elements as a fresh contiguous row-major copy. The caller has checked that `source` holds them. */
export async function toRowMajor(source: Uint8Array, layout: StridedLayout): Promise<Uint8Array> {
  const {itemBytes, shape, strides} = layout;
  const count = elementCount(shape);
  const out = new Uint8Array(count * itemBytes);
  const index = shape.map(() => 0);
  const breather = new Breather();
  let from = layout.offset;
  for (let i = 0; i < count; i++) {
    for (let b = 0; b < itemBytes; b++) out[i * itemBytes + b] = source[from * itemBytes + b] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const position = (index[axis] ?? 0) + 1;
      from += strides[axis] ?? 0;
      if (position < (shape[axis] ?? 0)) {
        index[axis] = position;
        break;
      }
      from -= position * (strides[axis] ?? 0);
      index[axis] = 0;
    }
    if ((i & 0xfff) === 0 && breather.due) await breather.rest();
  }
  return out;
}
