import {spawnSync} from 'node:child_process';
import {describe, expect, it} from 'vitest';
import {startOf, UNKNOWN_START} from '../../../lib/base/process_start.js';

describe('the start of a process', () => {
  it.each(['darwin', 'win32'] as const)(
    'is unknown on %s, where only its life is',
    async (system) => {
      expect(await startOf(process.pid, system)).toBe(UNKNOWN_START);
    },
  );

  it.each([process.platform, 'darwin', 'win32'] as const)(
    'is none on %s for one that has ended',
    async (system) => {
      const {pid} = spawnSync(process.execPath, ['-e', '']);
      expect(await startOf(pid, system)).toBeNull();
    },
  );

  it.skipIf(process.platform !== 'linux')('is a number of the kernel on Linux', async () => {
    expect(await startOf(process.pid)).toMatch(/^[0-9]+$/);
  });
});
