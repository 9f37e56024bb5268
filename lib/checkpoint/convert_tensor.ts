import {Breather} from '../breather.js';
import {READ_NUMBER, viewOf} from './numeric.js';
import {elementCount} from './strided.js';
import {DTYPE_BYTES, type DType, type TensorData} from './tensor.js';

const FLOATS: ReadonlySet<DType> = new Set(['float64', 'float32', 'float16', 'bfloat16']);

/** Any floating-point type becomes float32, any integer int64; other types only stay what they are. */
export function convertible(from: DType, to: DType): boolean {
  if (from === to) return true;
  if (to === 'float32') return FLOATS.has(from);
  return to === 'int64' && !FLOATS.has(from);
}

/** The tensor's bytes as dtype `to`, for a convertible pair: the same bytes where the type is the same. */
export async function convertTensor(tensor: TensorData, to: DType): Promise<Uint8Array> {
  if (tensor.dtype === to) return tensor.data;
  const count = elementCount(tensor.shape);
  const read = READ_NUMBER[tensor.dtype];
  const itemBytes = DTYPE_BYTES[tensor.dtype];
  const source = viewOf(tensor.data);
  const out = new Uint8Array(count * DTYPE_BYTES[to]);
  const target = viewOf(out);
  const breather = new Breather();
  for (let i = 0; i < count; i++) {
    const value = read(source, i * itemBytes);
    if (to === 'float32') target.setFloat32(i * 4, value, true);
    else target.setBigInt64(i * 8, BigInt(value), true);
    if ((i & 0xffff) === 0xffff && breather.due) await breather.rest();
  }
  return out;
}
