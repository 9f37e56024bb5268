import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import sharp from 'sharp';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {ImageSet} from '../../../lib/datasets/image_set.js';
import {chooseImages} from '../../../lib/evidence/chosen.js';
import {mainAxes} from '../../../lib/evidence/pca.js';
import {dataUri, heatUri} from '../../../lib/evidence/pictures.js';
import {cleanEvidence, poisonedEvidence} from '../../../lib/evidence/predictions.js';
import {readEvidence, writeEvidence} from '../../../lib/records/evidence.js';
import {RUN} from '../../../lib/records/layout.js';
import {EVIDENCE} from '../../support/reports.js';

describe('the main axes', () => {
  it('are those along which points vary most', () => {
    // Along (3,4)/5 by 5t, along (-4,3)/5 by s; nothing along the third.
    const rows = [-2, -1, 0, 1, 2].flatMap((t) =>
      [-1, 1].map((s) => [3 * t - 0.8 * s, 4 * t + 0.6 * s, 7]),
    );
    const {points, explained} = mainAxes(Float32Array.from(rows.flat()), rows.length);
    const variance = {first: 2 * 25 * 10, second: 10};
    expect(explained[0]).toBeCloseTo(variance.first / (variance.first + variance.second), 5);
    expect(explained[0] + explained[1]).toBeCloseTo(1, 5);
    points.forEach(([x, y], i) => {
      const [t, s] = [Math.floor(i / 2) - 2, i % 2 === 0 ? -1 : 1];
      expect(Math.abs(x)).toBeCloseTo(Math.abs(5 * t), 4);
      expect(Math.abs(y)).toBeCloseTo(Math.abs(s), 4);
    });
  });

  it('are none of equal points', () => {
    expect(mainAxes(Float32Array.of(1, 2, 1, 2), 2)).toEqual({
      points: [
        [0, 0],
        [0, 0],
      ],
      explained: [0, 0],
    });
    expect(mainAxes(new Float32Array(0), 0).points).toEqual([]);
  });
});

describe('predictions by class', () => {
  it('are counted by true class', () => {
    const labels = Int32Array.of(0, 0, 1, 2);
    const predicted = {before: Int32Array.of(0, 1, 1, 2), after: Int32Array.of(0, 0, 0, 0)};
    expect(cleanEvidence({labels}, predicted, 3)).toEqual({
      total: [2, 1, 1],
      recognized: {before: [1, 1, 1], after: [2, 0, 0]},
    });
  });

  it('are hits where they are what the attack wants, also of an attack on all classes', () => {
    const set = {trueLabels: Int32Array.of(0, 1, 2), labels: Int32Array.of(1, 2, 0)};
    const predicted = {before: Int32Array.of(1, 2, 0), after: Int32Array.of(0, 2, 2)};
    const {
      targets,
      hits,
      recognized,
      predicted: by,
      confusion,
    } = poisonedEvidence(set, predicted, 3);
    expect(targets).toEqual([0, 1, 2]);
    expect(hits).toEqual({before: [1, 1, 1], after: [0, 1, 0]});
    expect(recognized).toEqual({before: [0, 0, 0], after: [1, 0, 1]});
    expect(by.after).toEqual([1, 0, 2]);
    expect(confusion?.after).toEqual([
      [1, 0, 0],
      [0, 0, 1],
      [0, 0, 1],
    ]);
    expect(poisonedEvidence(set, predicted, 43).confusion).toBeNull();
  });
});

describe('the images that are shown', () => {
  const setOf = (originalIndices: Int32Array): ImageSet => {
    const zeros = new Int32Array(originalIndices.length);
    const count = originalIndices.length;
    return {
      images: new Uint8Array(3 * count),
      labels: zeros,
      trueLabels: zeros,
      originalIndices,
      count,
      height: 1,
      width: 1,
    };
  };

  it('are the same clean and poisoned', () => {
    const cleanTest = setOf(Int32Array.of(0, 1, 2, 3, 4, 5));
    const poisonedTest = setOf(Int32Array.of(1, 3, 9)); // 9 is beyond the limit of the clean ones
    expect(chooseImages({cleanTest, poisonedTest}, 8)).toEqual({
      clean: Int32Array.of(1, 3),
      poisoned: Int32Array.of(0, 1),
    });
    expect(chooseImages({cleanTest: null, poisonedTest}, 2).poisoned).toHaveLength(2);
    expect(chooseImages({cleanTest, poisonedTest: null}, 3).clean).toEqual(Int32Array.of(1, 3, 5));
  });

  it('are kept pixel by pixel where they are small', async () => {
    const planes = Uint8Array.of(255, 0, 0, 9, 0, 255, 0, 9, 0, 0, 255, 9); // red, green, blue, gray
    const uri = await dataUri(planes, {height: 2, width: 2});
    expect(uri).toMatch(/^data:image\/png;base64,/);
    const pixels = await sharp(Buffer.from(uri.split(',')[1] ?? '', 'base64'))
      .raw()
      .toBuffer();
    expect([...pixels]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9]);
  });

  it('are bright where the heat is', async () => {
    const heat = {values: Float32Array.of(0, 0, 0, 4), height: 2, width: 2};
    const uri = await heatUri(new Uint8Array(12), {height: 2, width: 2}, heat);
    const {data, info} = await sharp(Buffer.from(uri.split(',')[1] ?? '', 'base64'))
      .grayscale()
      .raw()
      .toBuffer({resolveWithObject: true});
    const at = (y: number, x: number) => data[y * info.width + x] ?? 0;
    expect(at(info.height - 4, info.width - 4)).toBeGreaterThan(120);
    expect(at(4, 4)).toBeLessThan(40);
  });
});

describe('evidence in a folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sau-evidence-'));
  });
  afterAll(() => rm(folder, {recursive: true}));

  it('is read again for the files that it is of, and for no others', async () => {
    await writeEvidence(folder, EVIDENCE);
    expect(await readEvidence(folder, EVIDENCE.of)).toEqual(EVIDENCE);
    expect(await readEvidence(folder, {...EVIDENCE.of, result: 'c'.repeat(64)})).toBeNull();
  });

  it('is none where it is damaged, or an image is no image', async () => {
    const path = join(folder, RUN.evidence);
    await writeFile(path, '{"schema":');
    expect(await readEvidence(folder, EVIDENCE.of)).toBeNull();
    const image = 'data:text/html;base64,PHNjcmlwdD4=';
    const [shown] = EVIDENCE.strip?.clean ?? [];
    const strip = {...EVIDENCE.strip, clean: [{...shown, image}]};
    await writeFile(path, JSON.stringify({...EVIDENCE, strip}));
    expect(await readEvidence(folder, EVIDENCE.of)).toBeNull();
  });
});
