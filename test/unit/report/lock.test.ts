import {readFileSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {withOutput} from '../../../lib/report/output_folder.js';
import {errorOf} from '../../support/error_of.js';
import {namesIn, temporaryFolder} from '../../support/folders.js';

const OPTIONS = {force: true, reserveBytes: 0};
const LOCK = '.sau-native.lock';

describe('the folder of a run', () => {
  it('takes one run at a time, and is free after it', async () => {
    const folder = await temporaryFolder();
    await withOutput(folder, OPTIONS, async () => {
      const second = withOutput(folder, OPTIONS, async () => 2);
      const {message} = await errorOf(second, 'ERR_OUTPUT');
      expect(message).toContain(`process ${process.pid} writes; wait for it, or set out`);
      expect(namesIn(folder)).toEqual([LOCK]);
    });
    expect(namesIn(folder)).toEqual([]);
    expect(await withOutput(folder, OPTIONS, async () => 3)).toBe(3);
  });

  it('is free after a run that failed', async () => {
    const folder = await temporaryFolder();
    const failing = withOutput(folder, OPTIONS, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(namesIn(folder)).toEqual([]);
  });

  it('is taken over from a process that is dead', async () => {
    const folder = await temporaryFolder();
    let lock = '';
    await withOutput(folder, OPTIONS, async () => {
      lock = readFileSync(join(folder, LOCK), 'utf8');
    });
    // No process of this number started then.
    writeFileSync(join(folder, LOCK), JSON.stringify({...JSON.parse(lock), started: '1'}));
    expect(await withOutput(folder, OPTIONS, async () => 'mine')).toBe('mine');
    expect(namesIn(folder)).toEqual([]);
  });

  it('is taken over from a process that was killed before it wrote its name', async () => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, LOCK), '');
    expect(await withOutput(folder, OPTIONS, async () => 'mine')).toBe('mine');
    expect(namesIn(folder)).toEqual([]);
  }, 10_000);

  it('is not taken from a run on another machine that shows a sign of life', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, LOCK);
    writeFileSync(path, JSON.stringify({token: 'a', pid: 7, started: '1', place: 'elsewhere'}));
    let waits = 0;
    const refused = withOutput(
      folder,
      {
        ...OPTIONS,
        onWait: () => {
          waits += 1;
          utimesSync(path, 1, 1);
        },
      },
      async () => 'mine',
    );
    const {message} = await errorOf(refused, 'ERR_OUTPUT');
    expect(message).toContain('process 7 writes');
    expect(waits).toBe(1);
  });
});
