import {describe, expect, it} from 'vitest';
import {largest} from '../../../lib/base/largest.js';

describe('the largest value', () => {
  it('is found among more values than a call has arguments', () => {
    expect(largest(Array(400_000).fill(3), 0)).toBe(3);
  });

  it('is at least the given one', () => {
    expect(largest([], 2)).toBe(2);
    expect(largest([1], 2)).toBe(2);
  });
});
