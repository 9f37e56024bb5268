import {expect, it} from 'vitest';
import {peakMemory} from '../../../lib/base/peak_memory.js';

it.each(['linux', 'darwin', 'win32'] as const)(
  'the peak of memory is known on %s',
  async (system) => {
    const {rss} = process.memoryUsage();
    const peak = await peakMemory(system);
    if (system === 'linux' && process.platform !== 'linux') expect(peak).toBeNull();
    else expect(peak).toBeGreaterThan(rss / 2);
  },
);
