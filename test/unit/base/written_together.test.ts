import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {type Written, writeTogether} from '../../../lib/base/written_together.js';
import {errorOf} from '../../support/error_of.js';
import {namesIn, temporaryFolder} from '../../support/folders.js';

describe('files that are written together', () => {
  it('are all of one call, where several write them at once', async () => {
    const folder = await temporaryFolder();
    const names = ['a.html', 'a.csv', 'b.csv'];
    const left = join(folder, '.a.csv.00000000-0000-0000-0000-000000000000.tmp');
    writeFileSync(left, 'of a killed call');
    const calls = ['one', 'two', 'three', 'four'].map((who) => {
      const file = (name: string): Written => [join(folder, name), who.repeat(100_000)];
      return writeTogether([file('a.html'), file('a.csv'), file('b.csv')]);
    });
    await Promise.all(calls);
    expect(namesIn(folder).sort()).toEqual([...names].sort());
    const contents = names.map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(new Set(contents).size).toBe(1);
  });

  it('make no folder: whoever names one that is not there is told so', async () => {
    const folder = join(await temporaryFolder(), 'none');
    const {message} = await errorOf(writeTogether([[join(folder, 'a'), '']]), 'ERR_OUTPUT');
    expect(message).toContain('the folder does not exist: create it first');
    expect(existsSync(folder)).toBe(false);
  });
});
