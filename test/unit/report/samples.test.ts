import {describe, expect, it} from 'vitest';
import {differenceOf, spread} from '../../../lib/report/strip.js';

describe('the samples of a picture', () => {
  it('are spread evenly, and no more than there are', () => {
    expect([...spread(100, 4)]).toEqual([12, 37, 62, 87]);
    expect([...spread(2, 8)]).toEqual([0, 1]);
    expect([...spread(0, 8)]).toEqual([]);
  });

  it('differ from one another in gray that says more, less and none', () => {
    const from = Uint8Array.of(100, 100, 100, 0, 255);
    const to = Uint8Array.of(100, 103, 98, 255, 0);
    expect([...differenceOf(from, to, 10)]).toEqual([128, 158, 108, 255, 0]);
  });
});
