import {existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {SetupCache} from '../../../lib/setup/cache.js';
import {namesIn, temporaryFolder} from '../../support/folders.js';

describe('the cache of setup', () => {
  it('counts a folder of downloads that it has made as its own, and no other', async () => {
    const folder = await temporaryFolder();
    const cache = new SetupCache(join(folder, 'cache'));
    await cache.prepare();
    const downloads = join(folder, 'cache', 'downloads');
    expect(await cache.contents()).toEqual({own: [downloads], foreign: []});
    await cache.tidy();
    expect(existsSync(downloads)).toBe(false);

    mkdirSync(downloads);
    writeFileSync(join(downloads, 'mine.zip'), '');
    await cache.prepare();
    expect(await cache.contents()).toEqual({own: [], foreign: [downloads]});
    await cache.tidy();
    expect(namesIn(downloads)).toEqual(['mine.zip']);
  });

  it('keeps a folder whose name only begins like its own', async () => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder, '.setup-mine'));
    const cache = new SetupCache(folder);
    await cache.staging();
    expect((await cache.contents()).foreign).toEqual([join(folder, '.setup-mine')]);
  });

  it('writes its mark through no link', async () => {
    const folder = await temporaryFolder();
    const cache = new SetupCache(join(folder, 'cache'));
    await cache.prepare();
    const staged = await cache.staging();
    const outside = join(folder, 'outside.txt');
    writeFileSync(outside, 'mine');
    symlinkSync(outside, join(staged, 'sau-native-setup.json'));
    await cache.place(staged, join(folder, 'cache', 'libtorch'), '1.0.0', 'a test');
    expect(readFileSync(outside, 'utf8')).toBe('mine');
  });
});
