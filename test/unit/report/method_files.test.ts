import {mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {PICTURES, TABLES} from '../../../lib/records/layout.js';
import {methodPictures, methodTables, rowsOf} from '../../../lib/report/method_files.js';
import {PIXEL} from '../../support/reports.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sau-method-'));
});
afterAll(() => rm(folder, {recursive: true}));

describe('what a method wrote besides its rounds', () => {
  it('is read from the names that the method has, without the index of the table', async () => {
    const lines = Array.from({length: 103}, (_, i) => `${i},${i},"a, ""b""",3`);
    const text = `,class,class_title,mask_norm\n${lines.join('\n')}\n`;
    await writeFile(join(folder, TABLES.triggers), text);
    const [table, ...others] = await methodTables(folder, 'nc');
    expect(others).toEqual([]);
    expect(table).toMatchObject({name: 'triggers', file: TABLES.triggers, more: 3});
    expect(table?.header).toEqual(['class', 'class_title', 'mask_norm']);
    expect(table?.rows[2]).toEqual(['2', 'a, "b"', '3']);
    expect(await methodTables(folder, 'sau')).toEqual([]);
    expect(await methodTables(folder, '../nc')).toEqual([]);
  });

  it('has pictures that are PNG, and no others', async () => {
    await writeFile(join(folder, PICTURES.masks), Buffer.from(PIXEL.split(',')[1] ?? '', 'base64'));
    await writeFile(join(folder, PICTURES.patterns), '<svg/>');
    await symlink('/dev/zero', join(folder, PICTURES.triggers));
    expect(await methodPictures(folder, 'nc')).toEqual([
      {name: 'masks', file: PICTURES.masks, image: PIXEL},
    ]);
  });

  it('may have another separator and empty cells', () => {
    expect(rowsOf('a \t b\r\n1 \t \n', ' \t ')).toEqual([
      ['a', 'b'],
      ['1', ''],
    ]);
    expect(rowsOf('', ',')).toEqual([]);
  });
});
