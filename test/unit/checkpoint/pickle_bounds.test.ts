import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {unpickle} from '../../../lib/checkpoint/unpickle.js';
import {VOCABULARY} from '../../../lib/checkpoint/vocabulary.js';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';
import {text} from '../../support/raw_pickle.js';

function read(opcodes: string) {
  const bytes = Buffer.from(`\x80\x02${opcodes}.`, 'latin1');
  return unpickle(bytes, {source: 'a.pt', vocabulary: VOCABULARY});
}

/** A text of 64 KiB under memo 1. */
const LONG_TEXT = `X\0\0\x01\0${'a'.repeat(65536)}q\x01`;

describe('a pickle that asks for far more than it holds', () => {
  it.each([
    ['a dict for each byte', '}'.repeat(600_000)],
    ['a set for each byte', '\x8f'.repeat(600_000)],
    [
      'many copies of one long dict',
      `](${'K\x01K\x02\x86'.repeat(20_000)}eq\x010ccollections\nOrderedDict\nq\x02${'h\x02h\x01\x85R0'.repeat(2_000)}N`,
    ],
    [
      'many numpy arrays of one long text',
      `cnumpy.core.multiarray\n_reconstruct\n)Rq\x05${LONG_TEXT}0(](J\0\0\x01\0ecnumpy\ndtype\nX\x02\0\0\0u1\x85R\x89h\x01tq\x03${'h\x05h\x03b0'.repeat(20_000)}`,
    ],
    [
      'many encodings of one long text',
      `${LONG_TEXT}c_codecs\nencode\nq\x02${text('latin1')}q\x03${'h\x02h\x01h\x03\x86R0'.repeat(20_000)}`,
    ],
  ])('%s is refused at a bound', async (_, opcodes) => {
    const error = await errorOf(read(opcodes), 'ERR_CHECKPOINT');
    expect(error.message).toContain('more memory than a pickle of its size');
  });

  it('a name of a global is read up to a bound', async () => {
    const error = await errorOf(read(`${LONG_TEXT}h\x01\x93`), 'ERR_CHECKPOINT');
    expect(error.message).toContain('a global by');
  });

  it('a bare pickle is searched for code up to a bound', async () => {
    const path = join(await temporaryFolder(), 'a.pkl');
    const code = 'cos\nsystem\n';
    await writeFile(path, Buffer.from(`\x80\x02${'N'.repeat(1000)}${code}.`, 'latin1'));
    await errorOf(readCheckpoint(path), 'ERR_UNSAFE_PICKLE');
    await writeFile(path, Buffer.from(`\x80\x02${'N'.repeat(4_000_000)}${code}.`, 'latin1'));
    const error = await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    expect(error.details).toMatchObject({format: 'pickle'});
  });
});
