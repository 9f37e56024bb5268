import {dirname} from 'node:path';
import {describe, expect, it} from 'vitest';
import {findStateDict} from '../../../lib/checkpoint/find_state_dict.js';
import {readAttackCheckpoint} from '../../../lib/records/attack_checkpoint.js';
import {inspectCheckpoint} from '../../../lib/records/inspect.js';
import {RECORD} from '../../../lib/records/layout.js';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {errorOf} from '../../support/error_of.js';
import {doubledList, pickledFile, TENSOR, text} from '../../support/raw_pickle.js';

// 2^20 items: their text has a million characters, and of more levels it would never end.
const KEY = doubledList(20);

describe('keys of a hostile dict', () => {
  it('a list that holds itself a million times is named by its length where no weights are found', async () => {
    const path = await pickledFile(`}(${KEY}K\x01${text('b'.repeat(200))}K\x02u`);
    const error = await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    expect(error.message).toContain('a list of 2');
    expect(error.message.length).toBeLessThan(500);
  });

  it('the outline of a file without weights names such a key and a long one shortly', async () => {
    const long = 'b'.repeat(250);
    const path = await pickledFile(`}(${KEY}K\x01${text(long)}K\x02K\x07K\x03u`);
    const {content} = await inspectCheckpoint(path);
    const keys = Object.keys(content ?? {});
    expect(keys).toHaveLength(3);
    expect(keys).toContain('a list of 2');
    expect(keys).toContain('7');
    expect(Math.max(...keys.map((key) => key.length))).toBeLessThan(100);
  });

  it('the outline of a dict of many keys lists the first ones', async () => {
    const items = Array.from({length: 3000}, (_, i) => `M${String.fromCharCode(i & 255, i >> 8)}N`);
    const {content} = await inspectCheckpoint(await pickledFile(`}(${items.join('')}u`));
    expect(Object.keys(content ?? {}).length).toBeLessThan(1100);
    expect(content).toHaveProperty('...', '2000 more');
  });

  it('a tensor under a key that is no text is no weight', async () => {
    const path = await pickledFile(
      `}(${text('model_state_dict')}}(${KEY}${TENSOR}u${text('training_state_dict')}}(K\x01${TENSOR}uu`,
      RECORD.checkpoint,
    );
    await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    const error = await errorOf(readAttackCheckpoint(dirname(path), {}), 'ERR_CHECKPOINT');
    expect(error.message).toContain('model_state_dict');
    expect(error.message.length).toBeLessThan(500);
  });

  it('a weight whose name has thousands of characters is refused', async () => {
    const name = `X\0\x10\0\0${'module.'.repeat(586).slice(0, 4096)}`;
    const error = await errorOf(
      readCheckpoint(await pickledFile(`}(${name}${TENSOR}u`)),
      'ERR_CHECKPOINT',
    );
    expect(error.message).toContain('4096 characters');
    expect(error.message.length).toBeLessThan(500);
  });

  it('a dict that a thousand keys share is looked through once', () => {
    let walks = 0;
    class Walked extends Map<unknown, unknown> {
      override [Symbol.iterator]() {
        walks += 1;
        return super[Symbol.iterator]();
      }
    }
    const shared = new Walked([['a', new Map([['b', 1]])]]);
    const value = new Map(Array.from({length: 1000}, (_, i) => [`k${i}`, shared]));
    expect(() => findStateDict(value, 'a.pt')).toThrow('k0, k1');
    expect(walks).toBeLessThan(5);
  });

  it('of very many state dicts only some are named', async () => {
    const names = Array.from({length: 3000}, (_, i) => text(`k${i}`));
    const dict = `}(${text('weight')}${TENSOR}uq\x010`;
    const path = await pickledFile(`${dict}}(${names.map((name) => `${name}h\x01`).join('')}u`);
    const error = await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    expect(error.message).toContain('k0, k1');
    expect(error.message.length).toBeLessThan(1000);
    expect(error.details.candidates).toHaveLength(20);
    const description = await inspectCheckpoint(path);
    expect(description.because?.length).toBeLessThan(1000);
  });
});
