import {existsSync, readFileSync} from 'node:fs';
import {cp, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {DefendOptions, RunSummary} from '../../lib/index.js';
import {linesOf, namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {CPU, HALF, SCALE, useWorld} from '../support/world.js';

const COMMON = ['clean_index.txt', 'config.json', 'curves.svg', 'defense_result.pt'];
const RUN = ['rounds.jsonl', 'run.json'];

/** Small options of each method, its tables, and by what it chooses. */
const METHODS: [string, object, string[], string][] = [
  ['clp', {u: 1}, ['channel_scores.csv', 'u_step_df.csv'], 'fixed'],
  ['clp', {select: 'clean'}, ['channel_scores.csv', 'u_step_df.csv'], 'clean'],
  ['bnp', {u: 1}, ['channel_scores.csv', 'u_step_df.csv'], 'fixed'],
  ['ep', {u: 1, batchSize: 40}, ['channel_scores.csv', 'u_step_df.csv'], 'fixed'],
  [
    'fp',
    {rounds: 1, batchSize: 16, pruneStep: 0.2},
    ['channel_scores.csv', 'prune_log.csv'],
    'clean',
  ],
  [
    'anp',
    {iterations: 4, reportEvery: 2, batchSize: 16, pruneStep: 0.3},
    ['anp_learning_df.csv', 'mask_values.txt', 'threshold_df.csv'],
    'clean',
  ],
  [
    'anp',
    {iterations: 2, batchSize: 16, pruneStep: 0.3, compat: 'reference'},
    ['anp_learning_df.csv', 'mask_values.txt', 'threshold_df.csv'],
    'oracle',
  ],
  [
    'rnp',
    {unlearningRounds: 1, recoveringRounds: 1, batchSize: 16, pruneStep: 0.3, threshold: 0.3},
    ['mask_values.txt', 'rnp_recovering_df.csv', 'rnp_unlearning_df.csv', 'threshold_df.csv'],
    'fixed',
  ],
];

describe.skipIf(!IS_BUILT)('a defense that prunes', () => {
  const world = useWorld();

  it.each(METHODS)(
    '%s with %j writes weights that load, its tables and its choice',
    async (method, options, tables, selection) => {
      const out = join(world.folder, `${method}-${selection}`);
      const {defend, evaluate} = builtPackage();
      const given = {...CPU, ckpt: world.record, clean: 20, method, ...options, out};
      const result = await defend(given as DefendOptions);
      expect(namesIn(out)).toEqual([...COMMON, ...RUN, ...tables, `${method}_df.csv`].sort());
      expect(Object.values(result.files.tables ?? {}).sort()).toEqual(
        tables.map((name) => join(out, name)).sort(),
      );
      expect(result).toMatchObject({selection, completedRounds: 1});
      const summary: RunSummary = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
      expect(summary).toMatchObject({method, selection, passes: result.passes});
      expect(result.passes?.forward).toBeGreaterThanOrEqual(0);
      const {metrics} = await evaluate({...CPU, ...SCALE, ckpt: out, data: world.data});
      expect(metrics.acc).toBe(result.after.acc);
      for (const name of tables.filter((table) => table.endsWith('.csv'))) {
        const [header = '', ...rows] = linesOf(join(out, name));
        expect(rows.length, name).toBeGreaterThan(0);
        const widths = new Set([header, ...rows].map((line) => line.split(',').length));
        expect(widths.size, name).toBe(1);
      }
    },
  );

  it('lists masks in the form of the official tool', async () => {
    const out = join(world.folder, 'masks');
    const options = {iterations: 1, batchSize: 16, evalEvery: 0};
    await builtPackage().defend({
      ...{...CPU, ckpt: world.record, clean: 20, method: 'anp', ...options, out},
    });
    const [header, first] = linesOf(join(out, 'mask_values.txt'));
    expect(header).toBe('No \t Layer Name \t Neuron Idx \t Score');
    expect(first).toMatch(/^0 \t layer\d\.\d\.bn\d \t \d+ \t \d\.\d{4}$/);
  });

  it('marks what the test sets have chosen', () => {
    const args = ['defend', '--ckpt', world.record, '--clean', '20', '--method', 'fp'];
    const {status, stdout, stderr} = sau(world.folder, [
      ...args,
      ...['--compat', 'reference', '--rounds', '1', '--device', 'cpu', '--threads', '1'],
      ...['--out', join(world.folder, 'marked')],
    ]);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('selection: oracle.');
  });

  it('needs no data set where the weights alone say what is cut', async () => {
    const bare = join(world.folder, 'weights.pt');
    const out = join(world.folder, 'alone');
    const {readCheckpoint, writeCheckpoint, defend, readRun} = builtPackage();
    const {stateDict, modelName, numClasses} = await readCheckpoint(world.record);
    await writeCheckpoint(bare, {
      ...{stateDict, modelName: modelName ?? '', numClasses: numClasses ?? 10},
    });
    const {after} = await defend({...CPU, ...SCALE, ckpt: bare, method: 'clp', u: 1, out});
    expect(after.acc).toBeNull();
    expect(readFileSync(join(out, 'clean_index.txt'), 'utf8')).toBe('');
    expect((await readRun(out)).cleanSubset).toBeNull();
    const pruned = (await readCheckpoint(out)).stateDict;
    const known = (await readCheckpoint(join(world.folder, 'clp-fixed'))).stateDict;
    expect(pruned.get('layer4.1.bn2.weight')?.data).toEqual(known.get('layer4.1.bn2.weight')?.data);
  });

  it('refuses to look for poisoned training images where there is no record, and writes nothing', async () => {
    const bare = join(world.folder, 'bare.pt');
    const out = join(world.folder, 'none');
    const {readCheckpoint, writeCheckpoint, defend} = builtPackage();
    const {stateDict, modelName, numClasses} = await readCheckpoint(world.record);
    await writeCheckpoint(bare, {
      ...{stateDict, modelName: modelName ?? '', numClasses: numClasses ?? 10},
    });
    const refused = expect(
      defend({
        ...{...CPU, ...SCALE, ckpt: bare, data: world.data, clean: 20, method: 'ep', out},
        ...{mean: HALF, std: HALF},
      }),
    );
    await refused.rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('Expected poisoned training images for method ep'),
    });
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    [{method: 'anp', clean: 4}, 'at least 5 clean images'],
    // Of the 20 images 16 are learned from. At 8 pixels the last norms see one pixel.
    [{method: 'fp', clean: 20, batchSize: 15, imageSize: 8}, 'leaves no single image'],
  ] as const)('keeps an earlier result where the images are too few: %j', async (options, why) => {
    const out = join(world.folder, 'earlier');
    await cp(join(world.folder, 'clp-fixed'), out, {recursive: true});
    const before = namesIn(out);
    const refused = expect(
      builtPackage().defend({...CPU, ckpt: world.record, ...options, out, force: true}),
    );
    await refused.rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining(why),
    });
    expect(namesIn(out)).toEqual(before);
    await rm(out, {recursive: true});
  });

  it('writes nothing where it is stopped while it learns', async () => {
    const out = join(world.folder, 'stopped');
    const stop = new AbortController();
    const given = {ckpt: world.record, clean: 20, batchSize: 16, reportEvery: 1, saveEvery: 0};
    const run = builtPackage().defend(
      {...CPU, ...given, method: 'anp', out},
      {
        signal: stop.signal,
        saveOnAbort: true,
        onProgress: ({kind}) => kind === 'row' && stop.abort(new Error('enough')),
      },
    );
    await expect(run).rejects.toThrow('enough');
    expect(existsSync(out)).toBe(false);
  });
});
