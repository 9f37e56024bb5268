import {join} from 'node:path';
import sharp from 'sharp';
import {describe, expect, it} from 'vitest';
import {loadPoisonedPngs} from '../../lib/datasets/decode.js';
import {openDataset} from '../../lib/datasets/open_dataset.js';
import type {AttackOptions} from '../../lib/options/documented.js';
import {differenceOf, pick, spread} from '../../lib/report/strip.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, HALF, useWorld} from '../support/world.js';

const SIZE = 16;
const GAP = 2;
const IMAGES = 8;
/** 96 / 16: screen pixels per image pixel. */
const SCALE = 6;
const ROWS = 3;
const VICTIM = {
  ...{...CPU, imageSize: SIZE, mean: HALF, std: HALF, model: 'preactresnet18_w2' as const},
  ...{epochs: 2, batchSize: 16, cropPadding: 0, poisonRate: 0.25, preview: true},
} as const;

const ATTACKS: readonly AttackOptions[] = [
  {...VICTIM, kind: 'wanet'},
  {...VICTIM, kind: 'inputaware', maskEpochs: 1, generatorWidth: 2},
  {...VICTIM, kind: 'bpp'},
];

/** The images of a row of the sheet as planes [3,16,16], each read at the middle of its enlarged pixels. */
async function rowOf(path: string, row: number): Promise<Uint8Array[]> {
  const {data, info} = await sharp(path).raw().toBuffer({resolveWithObject: true});
  const left = info.width - (GAP + IMAGES * (SIZE + GAP)) * SCALE;
  const at = (x: number, y: number, channel: number): number => {
    const column = left + x * SCALE + SCALE / 2;
    return data[((y * SCALE + SCALE / 2) * info.width + column) * info.channels + channel] ?? -1;
  };
  return Array.from({length: IMAGES}, (_, image) =>
    Uint8Array.from({length: 3 * SIZE * SIZE}, (_, i) => {
      const x = GAP + image * (SIZE + GAP) + (i % SIZE);
      const y = GAP + row * (SIZE + GAP) + (Math.floor(i / SIZE) % SIZE);
      return at(x, y, Math.floor(i / SIZE / SIZE));
    }),
  );
}

describe.skipIf(!IS_BUILT)('the preview of an attack in the batches', () => {
  const world = useWorld({attacked: false});

  it.each(ATTACKS)('shows images of the record below what they were: $kind', async (options) => {
    const {attack, readCheckpoint} = builtPackage();
    const out = join(world.folder, 'record', options.kind);
    const {files} = await attack({...options, data: world.data, out});
    const sheet = files.preview ?? '';
    expect(sheet).toBe(join(out, 'preview.png'));
    const {width = 0, height} = await sharp(sheet).metadata();
    expect(height).toBe((GAP + ROWS * (SIZE + GAP)) * SCALE);
    const pictures = (GAP + IMAGES * (SIZE + GAP)) * SCALE;
    expect(width).toBeGreaterThan(pictures); // the labels are beside them
    expect(width).toBeLessThan(pictures + 400);

    const {record} = await readCheckpoint(out);
    const items = [...(record?.poisonedTrain?.items ?? [])];
    const shown = [...spread(items.length, IMAGES)].map((i) => items[i]);
    const entries = shown.flatMap((item) => {
      if (item === undefined) return [];
      const [originalIndex, {attackLabel, originalLabel, path}] = item;
      const inRecord = join(out, ...path.split('/').slice(-3));
      return [{path: inRecord, attackLabel, originalLabel, originalIndex}];
    });
    expect(entries).toHaveLength(IMAGES);
    const size = {height: SIZE, width: SIZE};
    const stored = await loadPoisonedPngs(entries, size);
    const poisoned = pick(stored, Int32Array.from(entries.keys()));
    const dataset = await openDataset({path: world.data, size});
    const originals = await dataset.loadTrain(entries.map(({originalIndex}) => originalIndex));
    const clean = pick(originals, Int32Array.from(entries.keys()));

    expect(await rowOf(sheet, 0)).toEqual(clean.map((image) => Uint8Array.from(image)));
    expect(await rowOf(sheet, 1)).toEqual(poisoned.map((image) => Uint8Array.from(image)));
    expect(await rowOf(sheet, 2)).toEqual(
      poisoned.map((image, i) => differenceOf(clean[i] ?? image, image, 10)),
    );
    expect(poisoned.some((image, i) => !Buffer.from(image).equals(clean[i] ?? image))).toBe(true);
  });
});
