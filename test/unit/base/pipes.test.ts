import {spawnSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {SauError} from '../../../lib/base/errors.js';
import {readText} from '../../../lib/base/read_text.js';
import {chooseCleanSubset} from '../../../lib/datasets/clean_subset.js';
import {readDataFile} from '../../../lib/datasets/data_file.js';
import {readOptionFile} from '../../../lib/options/official_yaml.js';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {readRecordNotes} from '../../../lib/records/record_notes.js';
import {readRun} from '../../../lib/records/run.js';
import {readScan} from '../../../lib/records/scan_file.js';
import {temporaryFolder} from '../../support/folders.js';

const PIPES = process.platform === 'linux' && spawnSync('mkfifo', ['--version']).status === 0;

describe.skipIf(!PIPES)('a pipe that nobody writes to', () => {
  it.each<[string, string, (folder: string) => Promise<unknown>]>([
    ['the notes of a record', 'sau_native.json', readRecordNotes],
    ['the summary of a run', 'run.json', readRun],
    ['the summary of a scan', 'scan.json', readScan],
    ['a file of options', 'a.yaml', (folder) => readOptionFile(join(folder, 'a.yaml'))],
    [
      'a file of a data set',
      'data_batch_1',
      (f) => readDataFile(join(f, 'data_batch_1'), 'CIFAR-10'),
    ],
    ['a checkpoint', 'a.pt', (folder) => readCheckpoint(join(folder, 'a.pt'))],
    [
      'a list of clean images',
      'clean.txt',
      (folder) => chooseCleanSubset({kind: 'indexFile', path: join(folder, 'clean.txt')}, 10, 0),
    ],
  ])('is refused in the place of %s', async (_, name, read) => {
    const folder = await temporaryFolder();
    spawnSync('mkfifo', [join(folder, name)]);
    const error: unknown = await read(folder).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SauError);
    expect(String(error)).toMatch(/pipe|no file|not a regular file/);
  });

  it('is an error, as a device and a long file are', async () => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'long'), 'abcd');
    await expect(readText('/dev/zero')).rejects.toThrow('a device');
    await expect(readText(join(folder, 'long'), 3)).rejects.toThrow('4 bytes, more than 3');
    expect(await readText(join(folder, 'long'), 4)).toBe('abcd');
  });
});
