import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {inspectCheckpoint} from '../../../lib/records/inspect.js';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';
import {pickledFile} from '../../support/raw_pickle.js';

describe('a pickle that asks for more than a process has', () => {
  it.each([
    ['24 MB of dicts', '}', 24_000_000],
    ['120 MB of values on the stack', 'N', 120_000_000],
    ['60 MB of marks', '(', 60_000_000],
  ])('%s are refused before the process dies', async (_, opcode, count) => {
    const pickle = Buffer.concat([
      Buffer.from('\x80\x02', 'latin1'),
      Buffer.alloc(count, opcode),
      Buffer.from('N.'),
    ]);
    const error = await errorOf(readCheckpoint(await pickledFile(pickle)), 'ERR_CHECKPOINT');
    expect(error.message).toContain('more memory than');
  });
});

describe('a file of very many tensors', () => {
  it('is described', async () => {
    const names = Array.from({length: 150_000}, (_, i) => `layer.${i}.weight`);
    const tensor = {dtype: 'F32', shape: [0], data_offsets: [0, 0]};
    const header = Buffer.from(JSON.stringify(Object.fromEntries(names.map((n) => [n, tensor]))));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const path = join(await temporaryFolder(), 'many.safetensors');
    await writeFile(path, Buffer.concat([length, header]));
    const {model, purifiable} = await inspectCheckpoint(path);
    expect({purifiable, tensorCount: model?.tensorCount}).toEqual({
      purifiable: false,
      tensorCount: 150_000,
    });
  });
});
