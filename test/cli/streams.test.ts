import {spawnSync} from 'node:child_process';
import {existsSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {fixture} from '../support/checkpoint_fixtures.js';
import {temporaryFolder} from '../support/folders.js';
import {IS_BUILT, PROGRAM} from '../support/paths.js';
import {useWorld} from '../support/world.js';

/** Runs a line of bash in which SAU is the program; its exit code is that of the program. */
function bash(line: string, cwd?: string): number | null {
  const {status} = spawnSync(
    'bash',
    ['-c', `SAU() { "${process.execPath}" "${PROGRAM}" "$@"; }; ${line}`],
    {
      cwd,
      stdio: 'ignore',
    },
  );
  return status;
}

const CODE = `; exit \${PIPESTATUS[0]}`;

describe.skipIf(!existsSync(PROGRAM))('a stdout that goes away', () => {
  it('leaves the exit code of the command where its reader has gone', () => {
    expect(bash(`SAU inspect missing.pt --json | true ${CODE}`)).toBe(1);
    expect(bash(`SAU inspect "${fixture('bare.pt')}" --json | true ${CODE}`)).toBe(0);
  });

  it.skipIf(!existsSync('/dev/full'))('makes it a failure where it cannot be written', () => {
    expect(bash(`SAU inspect "${fixture('bare.pt')}" --json > /dev/full`)).toBe(1);
    expect(bash('SAU inspect --jsan --json > /dev/full')).toBe(2);
  });

  it.skipIf(!existsSync('/dev/full'))('takes no error message with it on stderr', async () => {
    const path = join(await temporaryFolder(), 'bad.pt');
    writeFileSync(path, Buffer.from([1, 2, 3, 4]));
    expect(bash(`SAU inspect "${path}" 2> /dev/full`)).toBe(1);
  });
});

describe.skipIf(!IS_BUILT || !existsSync('/dev/full'))('a stderr that goes away', () => {
  const world = useWorld();
  const defend = (out: string): string =>
    `SAU defend --ckpt "${world.record}" --clean 10 --batch-size 8 --rounds 1 --device cpu --threads 1 --out ${out}`;

  it('does not end a run, whose result is saved', () => {
    expect(bash(`${defend('full')} 2> /dev/full`, world.folder)).toBe(0);
    expect(bash(`${defend('gone')} 2>&1 | head -1 ${CODE}`, world.folder)).toBe(0);
    for (const out of ['full', 'gone']) {
      expect(existsSync(join(world.folder, out, 'run.json'))).toBe(true);
    }
  });
});
