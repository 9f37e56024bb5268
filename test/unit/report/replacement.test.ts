import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {movedPaths, withReplacement} from '../../../lib/report/replacement.js';
import {namesIn, temporaryFolder} from '../../support/folders.js';

const RESULT = 'defense_result.pt';
const NAMES = [RESULT, 'run.json', 'old.csv'];

async function withEarlier(): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of [...NAMES, 'mine.txt']) writeFileSync(join(folder, name), 'earlier');
  return folder;
}

const contents = (folder: string): unknown =>
  namesIn(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);

const put = async (into: string, names: readonly string[]): Promise<void> => {
  for (const name of names) writeFileSync(join(into, name), 'new');
};
const replaced = async () => NAMES;

describe('the replacement of an earlier result', () => {
  it('gives the folder itself where there is none', async () => {
    const folder = await temporaryFolder();
    expect(await withReplacement(folder, replaced, async (into) => into)).toBe(folder);
    expect(namesIn(folder)).toEqual([]);
  });

  it('takes place at the end, and takes away what the new result has not', async () => {
    const folder = await withEarlier();
    await withReplacement(folder, replaced, async (into) => {
      await put(into, [RESULT, 'run.json', 'new.csv']);
      expect(readFileSync(join(folder, RESULT), 'utf8')).toBe('earlier');
    });
    expect(contents(folder)).toEqual([
      [RESULT, 'new'],
      ['mine.txt', 'earlier'],
      ['new.csv', 'new'],
      ['run.json', 'new'],
    ]);
  });

  it('does not take place where the work fails', async () => {
    const folder = await withEarlier();
    const before = contents(folder);
    const failing = withReplacement(folder, replaced, async (into) => {
      await put(into, ['run.json']);
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(contents(folder)).toEqual(before);
  });

  it('that fails after the weights were written keeps them beside the earlier ones', async () => {
    const folder = await withEarlier();
    const failing = withReplacement(folder, replaced, async (into) => {
      await put(into, [RESULT]);
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(readFileSync(join(folder, RESULT), 'utf8')).toBe('earlier');
    expect(readFileSync(join(folder, 'unfinished', RESULT), 'utf8')).toBe('new');
  });

  it('that a killed process left half done takes its own new files away again', async () => {
    const folder = await withEarlier();
    const before = contents(folder);
    const aside = join(folder, 'unfinished', '.earlier');
    mkdirSync(aside, {recursive: true});
    for (const name of NAMES) renameSync(join(folder, name), join(aside, name));
    const coming = ['new.csv', RESULT, 'run.json'];
    writeFileSync(join(aside, '.names.json'), JSON.stringify(coming));
    await put(folder, ['new.csv']);
    await put(join(folder, 'unfinished'), [RESULT, 'run.json']);
    const failing = withReplacement(folder, replaced, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(contents(folder)).toEqual(before);
  });

  it('that a killed process had all but ended stays', async () => {
    const folder = await temporaryFolder();
    const aside = join(folder, 'unfinished', '.earlier');
    mkdirSync(aside, {recursive: true});
    writeFileSync(join(aside, RESULT), 'earlier');
    writeFileSync(join(aside, '.names.json'), JSON.stringify([RESULT, 'run.json']));
    await put(folder, [RESULT, 'run.json']);
    const failing = withReplacement(folder, replaced, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(contents(folder)).toEqual([
      [RESULT, 'new'],
      ['run.json', 'new'],
    ]);
  });

  it('that a killed process left half done is undone by the next run', async () => {
    const folder = await withEarlier();
    const before = contents(folder);
    const aside = join(folder, 'unfinished', '.earlier');
    mkdirSync(aside, {recursive: true});
    writeFileSync(join(aside, RESULT), 'earlier');
    writeFileSync(join(folder, RESULT), 'new');
    const failing = withReplacement(folder, replaced, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(contents(folder)).toEqual(before);
  });
});

describe('moved paths', () => {
  it('are those below the folder, also in a list by name', () => {
    const files = {csv: '/a/unfinished/x.csv', tables: {t: '/a/unfinished/t.csv'}, other: '/b/c'};
    expect(movedPaths(files, '/a/unfinished', '/a')).toEqual({
      csv: '/a/x.csv',
      tables: {t: '/a/t.csv'},
      other: '/b/c',
    });
  });
});
