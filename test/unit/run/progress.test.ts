import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {firstImages} from '../../../lib/datasets/image_set.js';
import {makeSyntheticDataset} from '../../../lib/datasets/synthetic.js';
import {writePngs} from '../../../lib/datasets/write_pngs.js';
import {imageCounter, type Progress} from '../../../lib/run/progress.js';
import {temporaryFolder} from '../../support/folders.js';

describe('a counter of images', () => {
  const countedTo = (counts: readonly number[], of: number): Progress[] => {
    const told: Progress[] = [];
    const count = imageCounter({onProgress: (progress) => told.push(progress)}, 'writing');
    for (const done of counts) count(done, of);
    return told;
  };

  it('tells the last image whenever it comes, and few of a hundred thousand', () => {
    const all = Array.from({length: 100_000}, (_, i) => i + 1);
    const told = countedTo(all, all.length);
    expect(told.at(-1)).toEqual({
      ...{kind: 'images', doing: 'writing', done: 100_000, of: 100_000, secondsLeft: 0},
    });
    expect(told.length).toBeLessThan(20_000);
  });

  it('knows no time left before the first image', () => {
    expect(countedTo([0], 3)).toMatchObject([{done: 0, of: 3, secondsLeft: null}]);
  });

  it('counts the files that are written', async () => {
    const folder = await temporaryFolder();
    const {train} = await makeSyntheticDataset({
      ...{seed: 0, trainPerClass: 1, testPerClass: 1, size: 16},
    });
    const seen: string[] = [];
    await writePngs(await firstImages(train, 3), (i) => join(folder, 'a', `${i}.png`), {
      onImages: (done, of) => seen.push(`${done}/${of}`),
    });
    expect(seen).toEqual(['1/3', '2/3', '3/3']);
  });
});
