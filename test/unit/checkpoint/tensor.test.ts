import {describe, expect, it} from 'vitest';
import {
  convertTensor,
  type DType,
  READ_NUMBER,
  type TensorData,
  viewOf,
} from '../../../lib/checkpoint/tensor.js';

function float32(...values: number[]): TensorData {
  const data = new Uint8Array(Float32Array.from(values).buffer);
  return {dtype: 'float32', shape: [values.length], data};
}

async function through(to: DType, ...values: number[]): Promise<number[]> {
  const bytes = await convertTensor(float32(...values), to);
  const itemBytes = bytes.length / values.length;
  return values.map((_, i) => READ_NUMBER[to](viewOf(bytes), i * itemBytes));
}

describe('float32 in a narrower type', () => {
  it.each(['float16', 'bfloat16'] as const)(
    'is every %s again that became float32',
    async (dtype) => {
      const bits = Uint16Array.from({length: 2 ** 16}, (_, i) => i);
      const narrow = {dtype, shape: [bits.length], data: new Uint8Array(bits.buffer)};
      const wide = await convertTensor(narrow, 'float32');
      const back = await convertTensor({...narrow, dtype: 'float32', data: wide}, dtype);
      const again = new Uint16Array(back.buffer);
      const read = READ_NUMBER[dtype];
      const changed = [...bits].filter(
        (value, i) => again[i] !== value && !Number.isNaN(read(viewOf(narrow.data), i * 2)),
      );
      expect(changed).toEqual([]);
      const nan = [...again].filter((_, i) => Number.isNaN(read(viewOf(back), i * 2)));
      expect(nan.length).toBe(dtype === 'float16' ? 2 * 1023 : 2 * 127);
    },
  );

  it('rounds to the nearest float16, ties to even, down to subnormals and up to infinity', async () => {
    const step = 2 ** -10;
    expect(
      await through('float16', 1 + step / 2, 1 + 1.5 * step, 1 + 0.51 * step, -1 - 1.5 * step),
    ).toEqual([1, 1 + 2 * step, 1 + step, -1 - 2 * step]);
    expect(await through('float16', 2 ** -25, 1.5 * 2 ** -25, 2.5 * 2 ** -24, -(2 ** -30))).toEqual(
      [0, 2 ** -24, 2 ** -23, -0],
    );
    expect(await through('float16', 2 ** -14 - 2 ** -26, 65519, 65520, -1e9)).toEqual([
      2 ** -14,
      65504,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  });

  it('rounds to the nearest bfloat16, ties to even', async () => {
    const step = 2 ** -7;
    expect(
      await through('bfloat16', 1 + step / 2, 1 + 1.5 * step, 1 + 0.51 * step, -1 - 0.49 * step),
    ).toEqual([1, 1 + 2 * step, 1 + step, -1]);
    expect(await through('bfloat16', Number.MAX_VALUE, -0)).toEqual([Number.POSITIVE_INFINITY, -0]);
  });

  it('is float64 without a change, and a counter keeps its value', async () => {
    expect(await through('float64', 0.1, -2)).toEqual([Math.fround(0.1), -2]);
    const counter = {dtype: 'int64', shape: [], data: new Uint8Array(8).fill(0xff)} as const;
    expect(Buffer.from(await convertTensor(counter, 'int32')).readInt32LE()).toBe(-1);
  });
});
