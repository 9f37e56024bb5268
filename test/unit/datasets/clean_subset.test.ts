import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {
  chooseBalancedSubset,
  chooseCleanSubset,
  parseCleanSpec,
} from '../../../lib/datasets/clean_subset.js';
import {put} from '../../support/data_files.js';
import {temporaryFolder} from '../../support/folders.js';

describe('parseCleanSpec', () => {
  it.each([
    ['5pct', 0.05],
    ['5%', 0.05],
    ['0.5%', 0.005],
    ['100%', 1],
    ['0.05', 0.05],
    ['.05', 0.05],
    ['1.0', 1],
    ['1%', 0.01],
    [0.05, 0.05],
    ['5e-2', 0.05],
  ])('reads %s as a share', (value, ratio) => {
    expect(parseCleanSpec(value)).toEqual({kind: 'ratio', ratio});
  });

  it.each([
    ['2500', 2500],
    ['1', 1],
    [' 10 ', 10],
    [2500, 2500],
    [1, 1],
  ])('reads %s as a count', (value, count) => {
    expect(parseCleanSpec(value)).toEqual({kind: 'count', count});
  });

  it('tells an index file from a folder', async () => {
    const folder = await temporaryFolder();
    const path = await put(join(folder, 'index.txt'), '1');
    expect(parseCleanSpec(path)).toEqual({kind: 'indexFile', path});
    expect(parseCleanSpec(folder)).toEqual({kind: 'folder', path: folder});
  });

  it.each([
    ['0', /at least one image for clean but received 0/],
    [-3, /at least one image/],
    ['0%', /a share above 0/],
    ['0.0', /a share above 0/],
    ['150%', /a share above 0 and up to 1/],
    ['1.5', /a share above 0 and up to 1/],
    [Number.NaN, /a share above 0/],
    ['', /received nothing/],
    ['5percent', /5pct, 5% or 0.05.*"5percent", which is neither a number nor an existing file/],
  ])('refuses %s', (value, message) => {
    expect(() => parseCleanSpec(value)).toThrow(message);
    expect(() => parseCleanSpec(value)).toThrow(expect.objectContaining({code: 'ERR_CONFIG'}));
  });
});

describe('chooseCleanSubset', () => {
  it("draws the official tool's subset for 5 % of CIFAR-10 and seed 0", async () => {
    const {indices, note} = await chooseCleanSubset({kind: 'ratio', ratio: 0.05}, 50000, 0);
    expect(indices).toHaveLength(2500);
    expect([...indices.slice(0, 4)]).toEqual([25247, 49673, 27562, 2653]);
    expect(note).toBeNull();
  });

  it.each([
    [39209, 0.05, 1960],
    [100, 0.29, 28],
    [3, 0.5, 1],
    [7, 1, 7],
  ])('takes of %i images the share %d: %i', async (n, ratio, count) => {
    const {indices} = await chooseCleanSubset({kind: 'ratio', ratio}, n, 0);
    expect(indices).toHaveLength(count);
  });

  it('uses an index file in its own order and reports repeats', async () => {
    const folder = await temporaryFolder();
    const path = await put(join(folder, 'index.txt'), '3\n1 4\t1\r\n0\n');
    const {indices, note} = await chooseCleanSubset({kind: 'indexFile', path}, 5, 0);
    expect([...indices]).toEqual([3, 1, 4, 1, 0]);
    expect(note).toMatch(/repeats 1 of its indices/);
  });

  it('refuses a share that is less than one image', async () => {
    await expect(chooseCleanSubset({kind: 'ratio', ratio: 0.01}, 50, 0)).rejects.toThrow(
      'Expected a share of at least 1/50',
    );
  });

  it('refuses more images than there are', async () => {
    await expect(chooseCleanSubset({kind: 'count', count: 51}, 50, 0)).rejects.toThrow(
      'Expected at most the 50 images of the clean training set for clean but received 51',
    );
  });

  it.each(['5', '-1', '1.5', 'one', '1e0'])('refuses %s in an index file of 5', async (word) => {
    const folder = await temporaryFolder();
    const path = await put(join(folder, 'index.txt'), `0 ${word}`);
    await expect(chooseCleanSubset({kind: 'indexFile', path}, 5, 0)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: `Expected integers from 0 to 4 in the index file ${path} but found ${word}`,
    });
  });

  it('refuses an empty or unreadable index file', async () => {
    const folder = await temporaryFolder();
    const path = await put(join(folder, 'index.txt'), '\n');
    const choose = (file: string) => chooseCleanSubset({kind: 'indexFile', path: file}, 5, 0);
    await expect(choose(path)).rejects.toThrow(/which is empty/);
    await expect(choose(join(folder, 'gone'))).rejects.toThrow(/which cannot be read/);
  });
});

describe('chooseBalancedSubset', () => {
  const labels = Int32Array.from({length: 50_000}, (_, i) => i % 10);

  it.each([
    {kind: 'ratio', ratio: 0.05},
    {kind: 'count', count: 2509},
  ] as const)("draws as the official tool's FT-SAM for %j", (spec) => {
    const {indices, note} = chooseBalancedSubset(spec, {labels, numClasses: 10}, 0);
    expect(note).toBeNull();
    expect(indices).toHaveLength(2500);
    const places = (label: number) =>
      [...indices.subarray(250 * label, 250 * label + 6)].map((i) => (i - label) / 10);
    expect(places(0)).toEqual([398, 3833, 4836, 4572, 636, 2545]);
    expect(places(1)).toEqual([597, 332, 521, 3935, 4800, 1102]);
  });

  it('takes as many of each class of an uneven set', () => {
    const uneven = Int32Array.from({length: 39_209}, (_, i) => (i < 43 * 50 ? i % 43 : i % 7));
    const {indices} = chooseBalancedSubset(
      {kind: 'ratio', ratio: 0.05},
      {labels: uneven, numClasses: 43},
      0,
    );
    expect(indices).toHaveLength(45 * 43);
    expect(indices.filter((i) => uneven[i] === 42)).toHaveLength(45);
  });

  it('refuses less than an image of each class, and more than the smallest class has', () => {
    const few = {labels: Int32Array.of(0, 0, 0, 1), numClasses: 2};
    expect(() => chooseBalancedSubset({kind: 'ratio', ratio: 0.25}, few, 0)).toThrow(
      /Expected one image of each of 2 classes, or more, for clean but received 0.25/,
    );
    expect(() => chooseBalancedSubset({kind: 'count', count: 4}, few, 0)).toThrow(
      /Expected 2 clean images of each class for subset balanced but class 1 has 1/,
    );
  });
});
