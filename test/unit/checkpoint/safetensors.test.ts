import {execFileSync} from 'node:child_process';
import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {writeSafetensors} from '../../../lib/checkpoint/safetensors_writer.js';
import type {StateDict} from '../../../lib/checkpoint/tensor.js';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {describeTensor, expectedTensors, fixture} from '../../support/checkpoint_fixtures.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

function described(state: StateDict) {
  return Object.fromEntries([...state].map(([key, tensor]) => [key, describeTensor(tensor)]));
}

async function fileOf(header: unknown, data: number | Buffer, name = 'model.safetensors') {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const path = join(await temporaryFolder(), name);
  const bytes = typeof data === 'number' ? Buffer.alloc(data) : data;
  await writeFile(path, Buffer.concat([length, json, bytes]));
  return path;
}

const F32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('safetensors files', () => {
  it.each(['bare.safetensors', 'dtypes.safetensors'])(
    '%s has the tensors that its library wrote',
    async (name) => {
      const checkpoint = await readCheckpoint(fixture(name));
      expect(checkpoint).toMatchObject({kind: 'state_dict', format: 'safetensors', keyPath: []});
      expect(described(checkpoint.stateDict)).toEqual(expectedTensors(name));
    },
  );

  it('are known by their bytes too, whatever their name', async () => {
    const path = await fileOf({w: F32(0, 8)}, 8, 'weights.bin');
    expect([...(await readCheckpoint(path)).stateDict.keys()]).toEqual(['w']);
  });

  it('may name their tensors in another order than they lie in', async () => {
    const data = Buffer.from(Float32Array.of(1, 2, 3).buffer);
    const path = await fileOf({b: F32(4, 12), a: F32(0, 4)}, data);
    const {stateDict} = await readCheckpoint(path);
    expect(
      [...stateDict].map(([name, tensor]) => [name, ...describeTensor(tensor).values]),
    ).toEqual([
      ['b', 2, 3],
      ['a', 1],
    ]);
  });

  it('tell no number of classes by their last matrix, because they are sorted by name', async () => {
    expect((await readCheckpoint(fixture('bare.safetensors'))).numClasses).toBeNull();
  });

  it('with a tensor named as a property of every object are read and pollute nothing', async () => {
    const path = await fileOf('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4);
    expect([...(await readCheckpoint(path)).stateDict.keys()]).toEqual(['__proto__']);
    expect(({} as {dtype?: unknown}).dtype).toBeUndefined();
  });
});

describe('a safetensors header that lies', () => {
  const lies: readonly (readonly [string, unknown, number, RegExp])[] = [
    ['of a shape', {w: F32(0, 8, [3])}, 8, /"w" of F32 \[3\] needs 12 bytes but lies from 0 to 8/],
    ['of the end of the file', {w: F32(0, 16)}, 8, /have 16 bytes where the file has 8/],
    ['by bytes of no tensor', {w: F32(0, 8)}, 12, /have 8 bytes where the file has 12/],
    ['by a hole', {a: F32(0, 4), b: F32(8, 12)}, 12, /"b" follows bytes of no tensor at 8/],
    ['by a hole at the start', {a: F32(4, 8)}, 8, /"a" follows bytes of no tensor at 4/],
    ['by an overlap', {a: F32(0, 8), b: F32(4, 12)}, 12, /"b" overlaps another one at 4/],
    ['by offsets backwards', {w: {...F32(0, 4), data_offsets: [4, 0]}}, 4, /lies from 4 to 0/],
    ['by a negative offset', {w: {...F32(0, 4), data_offsets: [-4, 0]}}, 4, /data_offsets\.0/],
    ['by a fraction', {w: {...F32(0, 4), shape: [0.5, 2]}}, 4, /shape\.0 of tensor "w"/],
    ['by a size beyond all numbers', {w: F32(0, 4, [2 ** 40, 2 ** 40])}, 4, /needs .* bytes/],
    ['by a type that is none', {w: {...F32(0, 4), dtype: 'F8_E4M3'}}, 4, /has the type F8_E4M3/],
    ['by a tensor that is none', {w: [0, 4]}, 4, /the entry of tensor "w"/],
    ['by an unknown field', {w: {...F32(0, 4), path: '/etc/passwd'}}, 4, /the entry of tensor "w"/],
    ['by metadata that is no text', {__metadata__: {a: 1}, w: F32(0, 4)}, 4, /map of text to text/],
    ['by not being an object', '[]', 0, /does not begin with \{/],
    ['by not being JSON', '{"w"', 0, /not JSON/],
  ];

  it.each(lies)('%s is ERR_CHECKPOINT', async (_, header, data, reason) => {
    const error = await errorOf(readCheckpoint(await fileOf(header, data)), 'ERR_CHECKPOINT');
    expect(error.message).toMatch(reason);
    expect(error.message).toContain('model.safetensors');
  });

  it('of its own length is refused before anything is allocated', async () => {
    const path = join(await temporaryFolder(), 'model.safetensors');
    for (const length of [9n, 2n ** 40n, 2n ** 64n - 1n]) {
      const bytes = Buffer.alloc(16, '{}');
      bytes.writeBigUInt64LE(length);
      await writeFile(path, bytes);
      const error = await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
      expect(error.message).toContain(`claims ${Number(length)} bytes where 8 follow`);
    }
    await writeFile(path, 'short');
    expect((await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT')).message).toContain('5 bytes');
  });
});

describe('damaged safetensors files', () => {
  it('with a flipped bit anywhere are read or are ERR_CHECKPOINT', async () => {
    const whole = await readFile(fixture('bare.safetensors'));
    const path = join(await temporaryFolder(), 'flipped.safetensors');
    const seen = new Set<string>();
    for (let bit = 0; bit < 8 * 620; bit += 3) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(path, bytes);
      const code = await readCheckpoint(path).then(
        () => 'read',
        (error: {code?: string}) => error.code ?? String(error),
      );
      seen.add(code);
    }
    expect([...seen].sort()).toEqual(['ERR_CHECKPOINT', 'read']);
  });

  it('cut at any length are ERR_CHECKPOINT', async () => {
    const whole = await readFile(fixture('bare.safetensors'));
    const path = join(await temporaryFolder(), 'cut.safetensors');
    for (let length = 0; length < whole.length; length += 13) {
      await writeFile(path, whole.subarray(0, length));
      await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    }
  });
});

describe('writeSafetensors', () => {
  it('writes what it read, in order and with every type', async () => {
    const path = join(await temporaryFolder(), 'out.safetensors');
    const {stateDict} = await readCheckpoint(fixture('dtypes.pt'));
    await writeSafetensors(path, stateDict);
    const again = (await readCheckpoint(path)).stateDict;
    expect(described(again)).toEqual(expectedTensors('dtypes.pt'));
    expect([...again.keys()]).toEqual([...stateDict.keys()]);
  });

  const PYTHON = process.env.SAU_TEST_PYTHON ?? '';
  it.skipIf(PYTHON === '')('writes what its own library opens', async () => {
    const path = join(await temporaryFolder(), 'out.safetensors');
    await writeSafetensors(path, (await readCheckpoint(fixture('dtypes.pt'))).stateDict);
    const program = `
import json, sys
from safetensors.torch import load_file
print(json.dumps({n: [str(t.dtype)[6:], t.double().tolist()] for n, t in load_file(sys.argv[1]).items()}))`;
    const opened = JSON.parse(execFileSync(PYTHON, ['-c', program, path], {encoding: 'utf8'}));
    const expected = Object.entries(expectedTensors('dtypes.pt'));
    expect(opened).toEqual(
      Object.fromEntries(expected.map(([name, {dtype, values}]) => [name, [dtype, values]])),
    );
  });
});
