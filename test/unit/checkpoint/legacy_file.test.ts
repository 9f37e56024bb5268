import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {withCheckpointFile} from '../../../lib/checkpoint/checkpoint_file.js';
import {LongText} from '../../../lib/checkpoint/pickle_values.js';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {fixture} from '../../support/checkpoint_fixtures.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

const MAGIC = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
const VERSION = '\x80\x02M\xe9\x03.';
const LITTLE = '\x80\x02}X\x0d\0\0\0little_endian\x88s.';
const NO_STORAGES = '\x80\x02].';
/** {"w": a float32 tensor of shape [2] in storage 7} */
const TENSOR =
  '\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n' +
  'X\x01\0\0\x007X\x03\0\0\0cpuK\x02NtQK\x00K\x02\x85K\x01\x85\x89}tRs.';
const STORAGE_7 = '\x80\x02]X\x01\0\0\x007a.';

async function legacyFile(...parts: (string | Buffer)[]): Promise<string> {
  const path = join(await temporaryFolder(), 'old.pt');
  const bytes = parts.map((part) => Buffer.from(part as string, 'latin1'));
  await writeFile(path, Buffer.concat([MAGIC, ...bytes]));
  return path;
}

function counted(count: bigint, floats: number): Buffer {
  const bytes = Buffer.alloc(8 + 4 * floats);
  bytes.writeBigInt64LE(count);
  return bytes;
}

describe('files of torch.save from before PyTorch 1.6', () => {
  it('are read where their storages are', async () => {
    const path = await legacyFile(VERSION, LITTLE, TENSOR, STORAGE_7, counted(2n, 2));
    const {stateDict, format} = await readCheckpoint(path);
    expect(format).toBe('torch-legacy');
    expect(stateDict.get('w')).toMatchObject({dtype: 'float32', shape: [2]});
  });

  it('may have a pickle longer than what is read first', async () => {
    const text = Buffer.alloc(3 << 20, 'a');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    const value = Buffer.concat([
      Buffer.from('\x80\x02X', 'latin1'),
      length,
      text,
      Buffer.from('.'),
    ]);
    await withCheckpointFile(
      await legacyFile(VERSION, LITTLE, value, NO_STORAGES),
      async (file) => {
        expect(file.value).toBeInstanceOf(LongText);
        expect((file.value as LongText).utf8.length).toBe(text.length);
      },
    );
  });

  const bad: readonly (readonly [string, (string | Buffer)[], RegExp])[] = [
    ['of another version', ['\x80\x02K\x01.'], /has version 1, not 1001/],
    ['of a big-endian machine', [VERSION, LITTLE.replace('\x88', '\x89')], /big-endian/],
    ['without storages', [VERSION, LITTLE, TENSOR, STORAGE_7], /ends at byte/],
    ['with a short storage', [VERSION, LITTLE, TENSOR, STORAGE_7, counted(2n, 1)], /not 2/],
    [
      'with a storage of another size',
      [VERSION, LITTLE, TENSOR, STORAGE_7, counted(3n, 3)],
      /3 ele/,
    ],
    ['with a negative size', [VERSION, LITTLE, TENSOR, STORAGE_7, counted(-1n, 2)], /-1 elements/],
    ['with an unknown storage', [VERSION, LITTLE, TENSOR, '\x80\x02]X\x01\0\0\x008a.'], /"8"/],
    ['with a tensor of no storage', [VERSION, LITTLE, TENSOR, NO_STORAGES], /storage 7 has no/],
    ['with keys that are no list', [VERSION, LITTLE, TENSOR, '\x80\x02K\x01.'], /not a list/],
  ];

  it.each(bad)('%s are ERR_CHECKPOINT', async (_, parts, reason) => {
    const error = await errorOf(readCheckpoint(await legacyFile(...parts)), 'ERR_CHECKPOINT');
    expect(error.message).toMatch(reason);
  });

  it('that name code are ERR_UNSAFE_PICKLE', async () => {
    const path = await legacyFile(VERSION, LITTLE, '\x80\x02cos\nsystem\nX\x01\0\0\0x\x85R.');
    const error = await errorOf(readCheckpoint(path), 'ERR_UNSAFE_PICKLE');
    expect(error.message).toContain('os.system');
  });

  it('cut at any length are ERR_CHECKPOINT', async () => {
    const whole = await readFile(fixture('legacy.pt'));
    const path = join(await temporaryFolder(), 'cut.pt');
    for (let length = 0; length < whole.length; length += 11) {
      await writeFile(path, whole.subarray(0, length));
      await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    }
  });
});
