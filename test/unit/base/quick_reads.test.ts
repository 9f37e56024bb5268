import {afterEach, describe, expect, it, vi} from 'vitest';
import {QuickReads} from '../../../lib/base/quick_reads.js';

/** Reads of a file system where each takes so long; returns which way each was made. */
async function ways(milliseconds: readonly number[]): Promise<string> {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const reads = new QuickReads();
  let made = '';
  for (const time of milliseconds) {
    made += await reads.read(
      () => {
        now += time;
        return 'o';
      },
      async () => {
        now += time;
        return 'b';
      },
    );
  }
  return made;
}

afterEach(() => vi.restoreAllMocks());

describe('quick reads', () => {
  it('are made at once after a first one beside the thread was fast', async () => {
    expect(await ways([1, 1, 1, 1])).toBe('booo');
  });

  it('stay beside the thread where reads are slow', async () => {
    expect(await ways([20, 20, 20, 1, 1])).toBe('bbbbo');
  });

  it('go beside it for one after a slow one, and for good after four', async () => {
    expect(await ways([1, 20, 1, 20, 1, 1, 20, 1, 20, 1, 1, 1])).toBe('boboboobobbb');
  });
});
