import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {RECORD} from '../../../lib/records/layout.js';
import {readRecordNotes, readRecordTransform} from '../../../lib/records/record_notes.js';
import {errorOf} from '../../support/error_of.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sau-notes-'));
});
afterEach(() => rmSync(folder, {recursive: true}));

describe('the notes of a record', () => {
  it('are its constants, and none where there is no file', async () => {
    expect(await readRecordNotes(folder)).toBeNull();
    writeFileSync(join(folder, RECORD.notes), '{"mean": [0, 0.5, 1], "std": [1, 2, 3], "more": 1}');
    expect(await readRecordNotes(folder)).toEqual({mean: [0, 0.5, 1], std: [1, 2, 3]});
  });

  it.each([
    ['{', /but .*JSON/],
    ['\0\0', /but .*JSON/],
    ['null', /it is no map of names to values/],
    ['[]', /it is no map of names to values/],
    ['{}', /its mean is not three numbers/],
    ['{"mean": [0.5, 0.5, 0.5, 0.5], "std": [1, 1, 1]}', /its mean is not three numbers/],
    ['{"mean": [0, 0, 0], "std": [1, 0, 1]}', /its std is not three numbers > 0/],
    ['{"mean": [0, 0, 0], "std": [1e39, 1, 1]}', /its std is not three numbers > 0/],
  ])('that are %j are refused with what to do', async (text, message) => {
    writeFileSync(join(folder, RECORD.notes), text);
    const error = await errorOf(readRecordNotes(folder), 'ERR_CHECKPOINT');
    expect(error.message).toMatch(message);
    expect(error.message).toContain(join(folder, RECORD.notes));
    expect(error.message).toMatch(/Give .*mean.* and .*std/);
  });

  it('say how pictures were brought to size, where the record is not of an older version', async () => {
    expect(await readRecordTransform(folder)).toBeNull();
    const none = {resize: null, crop: null, interpolation: null};
    writeFileSync(join(folder, RECORD.notes), '{"mean": [0, 0, 0], "std": [1, 1, 1]}');
    expect(await readRecordTransform(folder)).toEqual(none);
    writeFileSync(
      join(folder, RECORD.notes),
      '{"resize": "256", "crop": 224, "interpolation": null}',
    );
    expect(await readRecordTransform(folder)).toEqual({...none, resize: '256', crop: 224});
    writeFileSync(join(folder, RECORD.notes), '{"interpolation": "nearest"}');
    const {message} = await errorOf(readRecordTransform(folder), 'ERR_CHECKPOINT');
    expect(message).toContain('its interpolation is not bilinear or bicubic');
  });

  it('that are a folder are refused too', async () => {
    mkdirSync(join(folder, RECORD.notes));
    await errorOf(readRecordNotes(folder), 'ERR_CHECKPOINT');
  });
});
