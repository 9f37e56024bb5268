import {readFile, truncate, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {readNpy} from '../../../lib/datasets/npy.js';
import {put} from '../../support/data_files.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';
import {FIXTURES} from '../../support/paths.js';

/** Written by NumPy: scripts/fixtures/make_trigger_fixtures.py. */
const fixture = (name: string): string => join(FIXTURES, 'npy', `${name}.npy`);
const COUNTED = Array.from({length: 12}, (_, i) => i);

describe('readNpy', () => {
  it.each(['uint8', 'version2', 'version3'])('reads %s', async (name) => {
    const array = await readNpy(fixture(name));
    expect(array).toEqual({dtype: 'uint8', shape: [3, 4], data: Uint8Array.from(COUNTED)});
  });

  it('reads float32 and float64 and the shape of one dimension', async () => {
    const single = await readNpy(fixture('float32'));
    expect(single).toMatchObject({dtype: 'float32', shape: [1, 3, 4]});
    expect(single.data).toEqual(Float32Array.from(COUNTED, (i) => i / 8));
    const double = await readNpy(fixture('float64'));
    expect(double).toMatchObject({dtype: 'float64', shape: [4]});
    expect(double.data).toEqual(Float64Array.of(0, 1 / 3, 2 / 3, 1));
  });

  it('shows the header before it reads the values', async () => {
    const check = ({shape}: {readonly shape: readonly number[]}) => {
      throw new Error(`seen ${shape}`);
    };
    await expect(readNpy(fixture('uint8'), {check})).rejects.toThrow('seen 3,4');
  });

  it('stops when aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(readNpy(fixture('uint8'), {signal})).rejects.toThrow('enough');
  });

  it.each([
    ['fortran', /it is in Fortran order; save it again after np\.ascontiguousarray/],
    ['int64', /its type is <i8 and not little-endian uint8, float32 or float64/],
    ['big_endian', /its type is >f4 and not little-endian/],
    ['object', /its type is \|O and not/],
    ['structured', /its header names no plain type, order and shape/],
    ['missing', /it cannot be read: ENOENT/],
  ])('refuses %s', async (name, message) => {
    const error = await errorOf(readNpy(fixture(name)), 'ERR_DATASET');
    expect(error.message).toMatch(message);
    expect(error.details).toEqual({file: fixture(name)});
  });

  async function changed(change: (bytes: Buffer) => void): Promise<string> {
    const bytes = await readFile(fixture('uint8'));
    change(bytes);
    return put(join(await temporaryFolder(), 'changed.npy'), bytes);
  }

  it.each<[string, (bytes: Buffer) => void, RegExp]>([
    ['other bytes at the start', (bytes) => bytes.fill(0, 0, 2), /it does not begin as one/],
    ['a later version', (bytes) => bytes.fill(4, 6, 7), /its format version is 4/],
    ['a header longer than the file', (bytes) => bytes.fill(9, 8, 10), /it is cut short/],
    ['no version 1 length', (bytes) => bytes.fill(2, 6, 7), /its header has \d+ bytes/],
    [
      'another shape',
      (bytes) => bytes.write('(9', bytes.indexOf('(3')),
      /\(9, 4\) uint8 takes 164 bytes and the file has 140/,
    ],
  ])('refuses a file with %s', async (_, change, message) => {
    const error = await errorOf(readNpy(await changed(change)), 'ERR_DATASET');
    expect(error.message).toMatch(message);
  });

  it('refuses a file that is cut short, and one with more than its array', async () => {
    const file = await changed(() => undefined);
    await truncate(file, 139);
    expect((await errorOf(readNpy(file), 'ERR_DATASET')).message).toMatch(/takes 140 .* has 139/);
    await writeFile(file, Buffer.concat([await readFile(fixture('uint8')), Buffer.of(1)]));
    expect((await errorOf(readNpy(file), 'ERR_DATASET')).message).toMatch(/takes 140 .* has 141/);
    await truncate(file, 5);
    expect((await errorOf(readNpy(file), 'ERR_DATASET')).message).toMatch(/it is cut short/);
  });
});
