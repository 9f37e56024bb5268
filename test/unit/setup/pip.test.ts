import {existsSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it, onTestFinished} from 'vitest';
import {hasPip, pipArguments} from '../../../lib/setup/pip.js';
import {temporaryFolder} from '../../support/folders.js';

describe('pip', () => {
  it('is not a file pip.py of the current folder', async () => {
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'pip.py'), "open('ran', 'w').close()\n");
    process.chdir(folder);
    await hasPip();
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });

  it('is isolated where it installs, too', () => {
    expect(pipArguments('DIR', {requirement: 'torch==1'}).slice(0, 3)).toEqual(['-I', '-m', 'pip']);
  });
});
