import {describe, expect, it} from 'vitest';
import {addPattern, clipToByte, wrapToByte} from '../../../lib/attacks/add_pattern.js';
import {drawApple} from '../../../lib/attacks/trojannn.js';

/** Rows and columns of the pixels of the first plane that are not black. */
async function litPixels(side: number): Promise<{rows: number[]; columns: number[]}> {
  const planes = await drawApple({height: side, width: side});
  expect(planes).toHaveLength(3 * side * side);
  const lit = [...planes.subarray(0, side * side).entries()].filter(([, value]) => value > 0);
  const rows = lit.map(([i]) => Math.floor(i / side));
  const columns = lit.map(([i]) => i % side);
  return {rows, columns};
}

describe('the built-in apple', () => {
  it('lies within rows 120 to 203 and columns 128 to 194 of 224', async () => {
    const {rows, columns} = await litPixels(224);
    expect([Math.min(...rows), Math.max(...rows)]).toEqual([121, 203]);
    expect([Math.min(...columns), Math.max(...columns)]).toEqual([128, 194]);
  });

  it('covers about as much of a small image as the official one', async () => {
    const {rows, columns} = await litPixels(32);
    expect(Math.abs(rows.length - 117)).toBeLessThan(20);
    expect([Math.min(...rows), Math.max(...rows)]).toEqual([16, 29]);
    expect([Math.min(...columns), Math.max(...columns)]).toEqual([17, 28]);
  });

  it('has gray levels alike in all planes', async () => {
    const planes = await drawApple({height: 32, width: 32});
    expect(planes.subarray(1024, 2048)).toEqual(planes.subarray(0, 1024));
    expect(planes.subarray(2048)).toEqual(planes.subarray(0, 1024));
    expect(planes).toContain(255);
  });
});

describe('adding a trigger', () => {
  const picture = Uint8Array.of(0, 254, 255, 100);
  const image = Uint8Array.of(7, 7, 0, 200);

  it('wraps around at 256', () => {
    expect([...addPattern(picture, wrapToByte)(image, 0)]).toEqual([7, 5, 255, 44]);
  });

  it('stops at 255 where wrapping is off', () => {
    expect([...addPattern(picture, clipToByte)(image, 0)]).toEqual([7, 255, 255, 255]);
    expect([...image]).toEqual([7, 7, 0, 200]);
  });
});
