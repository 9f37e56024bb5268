import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {checkModel} from '../../lib/model_guard.js';
import {RECORD_NOTES, readRecordNotes} from '../../lib/record_notes.js';
import {errorOf} from '../error_of.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sau-notes-'));
});
afterEach(() => rmSync(folder, {recursive: true}));

describe('the notes of a record', () => {
  it('are its constants, and none where there is no file', async () => {
    expect(await readRecordNotes(folder)).toBeNull();
    writeFileSync(join(folder, RECORD_NOTES), '{"mean": [0, 0.5, 1], "std": [1, 2, 3], "more": 1}');
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
    writeFileSync(join(folder, RECORD_NOTES), text);
    const error = await errorOf(readRecordNotes(folder), 'ERR_CHECKPOINT');
    expect(error.message).toMatch(message);
    expect(error.message).toContain(join(folder, RECORD_NOTES));
    expect(error.message).toMatch(/Give mean and std/);
  });

  it('that are a folder are refused too', async () => {
    mkdirSync(join(folder, RECORD_NOTES));
    await errorOf(readRecordNotes(folder), 'ERR_CHECKPOINT');
  });
});

describe('a model', () => {
  const data = new Uint8Array(0);
  const of = (...shape: number[]) => ({
    path: 'model.pt',
    stateDict: new Map([['a', {dtype: 'float32', shape, data} as const]]),
  });
  const check = async (...args: Parameters<typeof checkModel>) => checkModel(...args);

  it('may have weights of any shape where building it costs little', async () => {
    await check(of(1), 'preactresnet18', 10);
    await check(of(1), 'preactresnet18_w340', 10);
    await check(of(1), 'preactresnet18_w2', 4_000_000);
  });

  it('that is far larger than its weights is refused before it is built', async () => {
    for (const [name, classes] of [
      ['preactresnet18_w9999', 10],
      ['preactresnet18_w2', 1e9],
    ] as const) {
      const {message} = await errorOf(check(of(16, 16), name, classes), 'ERR_CHECKPOINT');
      expect(message).toMatch(/the largest there has 256\. Check model and numClasses/);
    }
    await check(of(27_280, 2730, 9), 'preactresnet18_w341', 10); // as large as it should be
  });

  it('that is not known is refused by name', async () => {
    const {message} = await errorOf(check(of(1), 'vgg19_bn', 10), 'ERR_CONFIG');
    expect(message).toMatch(/for model\.pt but received 'vgg19_bn'\. Give model if/);
  });
});
