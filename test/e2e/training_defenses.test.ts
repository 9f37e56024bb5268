import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import sharp from 'sharp';
import {describe, expect, it} from 'vitest';
import {writeSafetensors} from '../../lib/checkpoint/safetensors_writer.js';
import {openDataset} from '../../lib/datasets/open_dataset.js';
import type {DefendOptions, RunSummary} from '../../lib/index.js';
import {readCheckpoint} from '../../lib/records/read_checkpoint.js';
import {linesOf, namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, SCALE, useWorld, VICTIM} from '../support/world.js';

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

const NPD = {...CPU, method: 'npd', clean: 20, rounds: 1, batchSize: 16, warmupRounds: 0} as const;
const OWN = [
  ...['0.weight', '1.weight', '1.bias', '1.running_mean', '1.running_var'],
  ...['1.num_batches_tracked', '2.weight'],
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

  describe('that puts a polarizer into the network', () => {
    const out = () => join(world.record, 'defense', 'npd');

    it('has the keys that PyTorch gives the layers, and the name of its network', async () => {
      const result = await builtPackage().defend({...NPD, ckpt: world.record, out: out()});
      const before = await readCheckpoint(world.record);
      const {modelName, stateDict} = await readCheckpoint(out());
      expect(modelName).toBe(`${VICTIM.model}_polarized`);
      const at = [...before.stateDict.keys()].indexOf('layer4.1.conv1.weight');
      const names = [...before.stateDict.keys()].toSpliced(
        ...[at, 1, ...OWN.map((name) => `layer4.1.conv1.${name}`)],
      );
      expect([...stateDict.keys()]).toEqual(names);
      const {metrics} = await builtPackage().evaluate({...CPU, ckpt: world.record});
      expect(result.before.acc).toBe(metrics.acc);
    });

    it('is measured against the model before it, purified again, and reported', async () => {
      const {defend, evaluate, report} = builtPackage();
      const {before, metrics} = await evaluate({...CPU, ckpt: out(), against: world.record});
      const turned = await evaluate({...CPU, ckpt: world.record, against: out()});
      expect([turned.metrics, turned.before]).toEqual([before, metrics]);
      const again = join(world.record, 'defense', 'again');
      const result = await defend({
        ...{...CPU, ckpt: out(), method: 'ft', clean: 20, rounds: 1, batchSize: 16, out: again},
      });
      expect(result.before.acc).toBe(metrics.acc);
      expect((await readCheckpoint(again)).modelName).toBe(`${VICTIM.model}_polarized`);
      const page = await report(out(), CPU);
      expect(existsSync(join(out(), 'evidence.json')), JSON.stringify(page)).toBe(true);
    });

    it('is known by its weights, and keeps the names of a file of weights alone', async () => {
      const {defend, evaluate} = builtPackage();
      const record = await readCheckpoint(world.record);
      const bare = join(world.folder, 'bare.safetensors');
      const prefixed = [...record.stateDict].map(([key, t]) => [`module.${key}`, t] as const);
      await writeSafetensors(bare, new Map(prefixed));
      const folder = join(world.folder, 'of-bare');
      const data = {...SCALE, data: world.data};
      const result = await defend({...NPD, ...data, ckpt: bare, out: folder});
      const purified = join(folder, 'defense_result.safetensors');
      const names = [...(await readCheckpoint(purified)).fileNames.values()];
      for (const name of OWN) expect(names).toContain(`module.layer4.1.conv1.${name}`);
      const {model, metrics} = await evaluate({...CPU, ...data, ckpt: purified});
      expect(model).toBe(`${VICTIM.model}_polarized`);
      expect(metrics.acc).toBe(result.after.acc);
    });

    it('is not made of a network that has no place for it, and nothing is written', async () => {
      const {defend} = builtPackage();
      const folder = join(world.folder, 'refused');
      const second = defend({...NPD, ckpt: out(), out: folder});
      await expect(second).rejects.toMatchObject({
        code: 'ERR_CONFIG',
        message: expect.stringContaining('Expected a network without a polarizer'),
      });
      const vit = defend({...NPD, ckpt: world.record, model: 'vit_b_32_w64', out: folder});
      await expect(vit).rejects.toMatchObject({
        code: 'ERR_CONFIG',
        message: expect.stringContaining('Expected a network with a convolution behind its first'),
      });
      const program = defend({...NPD, ckpt: 'net.pt2', program: 'net.pt2', out: folder});
      await expect(program).rejects.toMatchObject({
        code: 'ERR_CONFIG',
        message: expect.stringContaining('whose network npd cannot change'),
      });
      expect(existsSync(folder)).toBe(false);
    });
  });
});
