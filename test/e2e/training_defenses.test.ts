import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import sharp from 'sharp';
import {describe, expect, it} from 'vitest';
import {openDataset} from '../../lib/datasets/open_dataset.js';
import type {DefendOptions, RunSummary} from '../../lib/index.js';
import {linesOf, namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, SCALE, useWorld} from '../support/world.js';

const COMMON = ['clean_index.txt', 'config.json', 'curves.svg', 'defense_result.pt'];
const RUN = ['rounds.jsonl', 'run.json'];
const SIZE = {height: SCALE.imageSize, width: SCALE.imageSize};
const PICTURES = ['trigger_masks.png', 'trigger_patterns.png', 'triggers.png'];

/** Small options of each method, with its tables and pictures. */
const METHODS: [string, object, string[], string[]][] = [
  ['ftsam', {rounds: 1, batchSize: 16}, [], []],
  ['ibau', {rounds: 1, batchSize: 16, fixedPoints: 1}, [], []],
  ['nad', {rounds: 1, batchSize: 16}, ['nad_te_df.csv'], []],
  ['npd', {rounds: 1, batchSize: 16, warmupRounds: 1}, ['npd_warmup_df.csv'], []],
  [
    'nc',
    {rounds: 1, batchSize: 16, inversionEpochs: 1, anomalyThreshold: 0.01},
    ['trigger_norms.csv', 'trigger_outliers.csv'],
    PICTURES,
  ],
];

describe.skipIf(!IS_BUILT)('a baseline that trains', () => {
  const world = useWorld();

  it.each(METHODS)(
    '%s with %j writes weights that load, its tables and its pictures',
    async (method, options, tables, pictures) => {
      const out = join(world.folder, method);
      const {defend, evaluate} = builtPackage();
      const given = {...CPU, ckpt: world.record, clean: 20, method, ...options, out};
      const result = await defend(given as DefendOptions);
      const files = [...COMMON, ...RUN, ...tables, ...pictures, `${method}_df.csv`];
      expect(namesIn(out)).toEqual(files.sort());
      const summary: RunSummary = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
      expect(summary).toMatchObject({method, passes: result.passes, completedRounds: 1});
      expect(result.passes?.backward).toBeGreaterThan(0);
      const {metrics} = await evaluate({...CPU, ...SCALE, ckpt: out, data: world.data});
      expect(metrics.acc).toBe(result.after.acc);
      for (const name of tables) expect(linesOf(join(out, name)).length).toBeGreaterThan(1);
      for (const name of pictures) {
        const {width, height} = await sharp(join(out, name)).metadata();
        expect(Math.min(width, height), name).toBeGreaterThanOrEqual(SCALE.imageSize);
      }
    },
  );

  it.each([
    {method: 'ftsam', compat: 'reference'},
    {method: 'ft', subset: 'balanced'},
  ] as const)('learns from as many images of each class: %j', async (options) => {
    const out = join(world.folder, `balanced-${options.method}`);
    const {defend} = builtPackage();
    const given = {...CPU, ckpt: world.record, clean: '25pct', rounds: 1, batchSize: 16, out};
    await defend({...given, ...options});
    const labels = await (await openDataset({path: world.data, size: SIZE})).trainLabels();
    const perClass = new Map<number, number>();
    for (const line of linesOf(join(out, 'clean_index.txt'))) {
      const label = labels[Number(line)] ?? -1;
      perClass.set(label, 1 + (perClass.get(label) ?? 0));
    }
    expect([...perClass]).toEqual(Array.from({length: 10}, (_, label) => [label, 3]));
  });

  it('refuses to draw images of each class from a list', async () => {
    const {defend} = builtPackage();
    const list = join(world.folder, 'balanced-ft', 'clean_index.txt');
    const out = join(world.folder, 'listed');
    const run = defend({...CPU, ckpt: world.record, clean: list, subset: 'balanced', out});
    await expect(run).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('a number of images for clean beside subset balanced'),
    });
  });
});
