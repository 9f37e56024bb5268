import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {inspectCheckpoint} from '../../../lib/records/inspect.js';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';
import {TENSOR, text} from '../../support/raw_pickle.js';
import {makeZip, type ZipEntry} from '../../support/raw_zip.js';

const GOOD = Buffer.from(`\x80\x02}(${text('weight')}${TENSOR}u.`, 'latin1');
const EVIL = Buffer.from('\x80\x02cos\nsystem\n(X\x02\0\0\0idtR.', 'latin1');
const STORAGE = {name: 'x/data/0', data: Buffer.alloc(8)};

async function zipOf(entries: readonly ZipEntry[]): Promise<string> {
  const path = join(await temporaryFolder(), 'model.pt');
  await writeFile(path, makeZip(entries));
  return path;
}

describe('archives that PyTorch would read otherwise', () => {
  it('a whole one is read, whatever the case of its names', async () => {
    const usual = await zipOf([{name: 'x/data.pkl', data: GOOD}, STORAGE]);
    expect([...(await readCheckpoint(usual)).stateDict.keys()]).toEqual(['weight']);
    const large = await zipOf([{name: 'X/DATA.PKL', data: GOOD}, STORAGE]);
    expect([...(await readCheckpoint(large)).stateDict.keys()]).toEqual(['weight']);
  });

  it.each([
    ['another case', 'x/DATA.PKL'],
    ['another case of the folder', 'X/data.pkl'],
    ['a folder below', 'x/sub/data.pkl'],
    ['another case in a folder below', 'x/sub/Data.Pkl'],
    ['another folder', 'y/data.pkl'],
    ['no folder', 'data.pkl'],
  ])('a second pickle by %s is refused', async (_, name) => {
    const good = {name: 'x/data.pkl', data: GOOD};
    for (const entries of [
      [good, {name, data: EVIL}, STORAGE],
      [{name, data: EVIL}, good, STORAGE],
    ]) {
      const path = await zipOf(entries);
      const error = await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
      expect(error.message).toMatch(/both|two entries/);
      await errorOf(inspectCheckpoint(path), 'ERR_CHECKPOINT');
    }
  });

  it.each([
    ['a folder that is not the first', ['y/version', 'x/data.pkl']],
    ['no folder', ['data.pkl']],
    ['two folders', ['x/sub/data.pkl']],
  ])('a pickle in %s is refused', async (_, names) => {
    const path = await zipOf(names.map((name) => ({name, data: GOOD})));
    const error = await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    expect(error.message).toContain('one folder');
  });

  it('a second storage by another case is refused', async () => {
    const path = await zipOf([
      {name: 'x/data.pkl', data: GOOD},
      STORAGE,
      {...STORAGE, name: 'x/DATA/0'},
    ]);
    const error = await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    expect(error.message).toContain('two entries');
  });

  it('what marks a TorchScript module does so in any case', async () => {
    const path = await zipOf([
      {name: 'x/data.pkl', data: GOOD},
      STORAGE,
      {name: 'x/CONSTANTS.PKL', data: GOOD},
    ]);
    expect(await inspectCheckpoint(path)).toMatchObject({
      kind: 'foreign',
      format: 'torchscript',
    });
  });
});
