import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {SauError} from '../../../lib/base/errors.js';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {describeTensor, fixture} from '../../support/checkpoint_fixtures.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';
import {generator} from '../../support/generator.js';
import {makeZip, readZipEntry} from '../../support/raw_zip.js';

async function contentOf(path: string): Promise<string> {
  const {stateDict, record, kind} = await readCheckpoint(path);
  const tensors = [...stateDict].map(([name, tensor]) => [name, describeTensor(tensor)]);
  return JSON.stringify([kind, tensors, record]);
}

/** The content, or the SauError's code; anything else that is thrown fails the test. */
async function outcomeOf(path: string): Promise<string> {
  try {
    return await contentOf(path);
  } catch (error) {
    if (error instanceof SauError) return error.code;
    throw error;
  }
}

const CODES = ['ERR_CHECKPOINT', 'ERR_UNSAFE_PICKLE'];

describe('damaged files', () => {
  it('a file cut at any length is ERR_CHECKPOINT', async () => {
    const whole = await readFile(fixture('attack_result.pt'));
    const folder = await temporaryFolder();
    const path = join(folder, 'cut.pt');
    for (let length = 0; length < whole.length; length += 37) {
      await writeFile(path, whole.subarray(0, length));
      await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    }
  });

  it('a flipped bit anywhere is an error or changes nothing', async () => {
    const whole = await readFile(fixture('attack_result.pt'));
    const intact = await contentOf(fixture('attack_result.pt'));
    const random = generator(20230923);
    const seen = new Set<string>();
    const folder = await temporaryFolder();
    const path = join(folder, 'flipped.pt');
    for (let i = 0; i < 400; i++) {
      const bytes = Buffer.from(whole);
      const at = Math.floor(random() * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      await writeFile(path, bytes);
      const outcome = await outcomeOf(path);
      seen.add(outcome);
      expect([intact, ...CODES], `bit at byte ${at}`).toContain(outcome);
    }
    expect(seen).toContain('ERR_CHECKPOINT');
    expect(seen).toContain(intact);
  });

  it('random bytes in the central directory never do more than fail', async () => {
    const whole = await readFile(fixture('attack_result.pt'));
    const start = whole.readUInt32LE(whole.length - 22 + 16);
    const random = generator(7);
    const folder = await temporaryFolder();
    const path = join(folder, 'directory.pt');
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(whole);
      for (let n = 0; n < 4; n++) {
        bytes[start + Math.floor(random() * (bytes.length - start))] = Math.floor(random() * 256);
      }
      await writeFile(path, bytes);
      await outcomeOf(path);
    }
  });

  it('a pickle of random bytes behind a right checksum never does more than fail', async () => {
    const pickle = await readZipEntry(fixture('attack_result.pt'), 'attack_result/data.pkl');
    const random = generator(99);
    const seen = new Set<string>();
    const folder = await temporaryFolder();
    const path = join(folder, 'pickle.pt');
    for (let i = 0; i < 400; i++) {
      const bytes = Buffer.from(pickle);
      for (let n = 0; n < 2; n++)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      await writeFile(path, makeZip([{name: 'archive/data.pkl', data: bytes}]));
      seen.add(await outcomeOf(path));
    }
    for (const code of CODES) expect(seen).toContain(code);
  });

  it('sizes of gigabytes that the file does not have are refused before anything is allocated', async () => {
    const whole = await readFile(fixture('bare.pt'));
    const directory = whole.readUInt32LE(whole.length - 22 + 16);
    const folder = await temporaryFolder();
    const path = join(folder, 'huge.pt');
    const bytes = Buffer.from(whole);
    bytes.writeUInt32LE(0x7fffffff, directory + 20);
    bytes.writeUInt32LE(0x7fffffff, directory + 24);
    await writeFile(path, bytes);
    const error = await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    expect(error.message).toContain('larger than the file');
  });

  it('an expanded view of terabytes is refused', async () => {
    const size = '\x8a\x06\0\0\0\0\0\x10';
    const pickle = `\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x01tQK\x00${size}\x85K\x00\x85\x89}tRs.`;
    const folder = await temporaryFolder();
    const path = join(folder, 'expanded.pt');
    const zip = makeZip([
      {name: 'a/data.pkl', data: Buffer.from(pickle, 'latin1')},
      {name: 'a/data/0', data: Buffer.alloc(4)},
    ]);
    await writeFile(path, zip);
    const error = await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    expect(error.message).toContain('far larger than the file');
  });
});
