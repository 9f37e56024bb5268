import {describe, expect, it} from 'vitest';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {errorOf} from '../../support/error_of.js';
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
