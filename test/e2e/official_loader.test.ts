import {execFile} from 'node:child_process';
import {existsSync, renameSync, rmSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {promisify} from 'node:util';
import {describe, expect, it} from 'vitest';
import {IS_BUILT, namesIn, TRAIN_COUNT, useWorld} from './world.js';

const PYTHON = process.env.SAU_TEST_PYTHON ?? '';
const CHECK = resolve(__dirname, '../../scripts/oracle/check_record.py');
const MINUTE = 60_000;

describe.skipIf(!IS_BUILT || !existsSync(PYTHON))('PyTorch as the official loader', () => {
  const world = useWorld();

  const check = (record: string) =>
    promisify(execFile)(PYTHON, ['-W', 'ignore', CHECK, record, '--data', world.data]);

  it(
    'reads the record of an attack',
    async () => {
      const {stdout} = await check(world.record);
      expect(stdout).toContain(`${TRAIN_COUNT / 10} poisoned training images`);
    },
    MINUTE,
  );

  it(
    'is told of a missing image and of a record in a wrong place',
    async () => {
      const train = join(world.record, 'bd_train_dataset');
      const label = namesIn(train)[0] ?? '';
      const name = join(train, label, namesIn(join(train, label))[0] ?? '');
      renameSync(name, join(world.folder, 'kept.png'));
      await expect(check(world.record)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('11 PNG files, the indicator 12 images'),
      });
      renameSync(join(world.folder, 'kept.png'), name);
      const moved = join(world.folder, 'record', 'moved');
      renameSync(world.record, moved);
      await expect(check(moved)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('is not below'),
      });
      rmSync(moved, {recursive: true});
    },
    MINUTE,
  );
});
