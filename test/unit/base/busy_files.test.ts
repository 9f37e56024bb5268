import {describe, expect, it} from 'vitest';
import {patiently} from '../../../lib/base/busy_files.js';

/** Work that fails so often and then succeeds. */
function failing(times: number, code: string) {
  let calls = 0;
  const work = async (): Promise<number> => {
    calls += 1;
    if (calls <= times) throw Object.assign(new Error(code), {code, errno: -1, syscall: 'rename'});
    return calls;
  };
  return {work, calls: () => calls};
}

describe('work on a file that another program has open', () => {
  it.each(['EPERM', 'EACCES', 'EBUSY'])('is tried again after %s on Windows', async (code) => {
    const {work} = failing(2, code);
    expect(await patiently(work, 'win32')).toBe(3);
  });

  it('fails at once elsewhere', async () => {
    const {work, calls} = failing(1, 'EBUSY');
    await expect(patiently(work, 'linux')).rejects.toMatchObject({code: 'EBUSY'});
    expect(calls()).toBe(1);
  });

  it('fails at once on Windows where waiting does not help', async () => {
    const {work, calls} = failing(1, 'ENOSPC');
    await expect(patiently(work, 'win32')).rejects.toMatchObject({code: 'ENOSPC'});
    expect(calls()).toBe(1);
  });
});
