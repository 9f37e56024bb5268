import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {writeSafetensors} from '../../lib/checkpoint/safetensors_writer.js';
import {namesIn} from '../support/folders.js';
import {IS_BUILT, PROGRAM} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {SCALE_FLAGS, useWorld} from '../support/world.js';

/** LibTorch starts in it, and the images fit; a layer of a batch of them does not. */
const MEMORY_KIB = 2.5 * 1024 * 1024;
const SIDE = '1024';

describe.skipIf(!IS_BUILT || process.platform !== 'linux')('a defense', () => {
  const world = useWorld();

  it('that finds no memory for a batch fails with one clear error, and leaves no result', async () => {
    const ckpt = join(world.folder, 'model.safetensors');
    await writeSafetensors(ckpt, (await builtPackage().readCheckpoint(world.record)).stateDict);
    const out = join(world.folder, 'out');
    const flags = SCALE_FLAGS.map((flag) => (flag === '16' ? SIDE : flag));
    const files = ['--ckpt', ckpt, '--data', world.data, '--clean', '10', '--out', out];
    const args = ['defend', ...files, ...flags, '--model', 'preactresnet18_w8', '--json'];
    const size = ['--rounds', '1', '--batch-size', '8', '--device', 'cpu', '--threads', '1'];
    const {status, stdout, stderr} = spawnSync(
      'sh',
      [
        '-c',
        `ulimit -v ${MEMORY_KIB} && exec "$0" "$@"`,
        process.execPath,
        PROGRAM,
        ...args,
        ...size,
      ],
      {encoding: 'utf8'},
    );
    expect(status, stderr).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: {code: 'ERR_OUT_OF_MEMORY', message: expect.stringContaining('Lower --batch-size')},
    });
    expect(stderr).not.toMatch(/at .*\.js:\d+/);
    expect(existsSync(out) ? namesIn(out) : []).toEqual([]);
  });
});
