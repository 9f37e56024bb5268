import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {AttackOptions} from '../../lib/options/documented.js';
import {inspectCheckpoint} from '../../lib/records/inspect.js';
import {linesOf, namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {CPU, HALF, TEST_COUNT, TRAIN_COUNT, useWorld} from '../support/world.js';

const BATCH = 16;
const EPOCHS = 3;
const VICTIM = {
  ...CPU,
  imageSize: 16,
  mean: HALF,
  std: HALF,
  model: 'preactresnet18_w8',
  epochs: EPOCHS,
  batchSize: BATCH,
  cropPadding: 0,
  poisonRate: 0.25,
} as const;

/** Of a batch of 16 four are poisoned, of the last one of 8 two; the rest is what `cross` says. */
const POISONED = 4 * Math.floor(TRAIN_COUNT / BATCH) + 2;
const OTHER_CLASSES = (TEST_COUNT * 9) / 10;

function pngsBelow(folder: string): string[] {
  return readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter((n) => n.endsWith('.png'));
}

describe.skipIf(!IS_BUILT)('an attack in the batches', () => {
  const world = useWorld({attacked: false});

  const ATTACKS: readonly [AttackOptions, number, number][] = [
    [{...VICTIM, kind: 'wanet'}, 2 * POISONED, EPOCHS],
    [{...VICTIM, kind: 'inputaware', maskEpochs: 1, generatorWidth: 4}, POISONED, EPOCHS - 1],
    [{...VICTIM, kind: 'bpp'}, Math.floor(BATCH * 0.1) * 7, EPOCHS],
  ];

  it.each(ATTACKS)('writes a record that opens: $kind', async (options, cross, epochs) => {
    const {attack, defend, evaluate, readCheckpoint} = builtPackage();
    const out = join(world.folder, 'record', options.kind);
    const result = await attack({...options, data: world.data, out});

    expect(result.poisonedTrainCount).toBe(POISONED);
    expect(result.epochs.map(({round}) => round)).toEqual([0, 1, 2].slice(EPOCHS - epochs));
    expect(result.metrics).toMatchObject({cleanCount: TEST_COUNT, poisonedCount: OTHER_CLASSES});
    expect(namesIn(out)).toEqual([
      'attack_df.csv',
      'attack_result.pt',
      'bd_test_dataset',
      'bd_train_dataset',
      'cross_test_dataset',
      'curves.svg',
      'info.pickle',
      'rounds.jsonl',
      'run.json',
      'sau_native.json',
      'train_poison_index_list.pickle',
    ]);
    const counts = ['bd_train_dataset', 'bd_test_dataset', 'cross_test_dataset'].map(
      (folder) => pngsBelow(join(out, folder)).length,
    );
    expect(counts).toEqual([POISONED + cross, OTHER_CLASSES, TEST_COUNT]);
    const [header, ...rows] = linesOf(join(out, 'attack_df.csv'));
    expect(header?.split(',')).not.toContain('batch');
    expect(header?.split(',').at(-1)).toBe('test_cross_acc');
    expect(rows).toHaveLength(epochs);
    const [names, last] = [header?.split(',') ?? [], rows.at(-1)?.split(',') ?? []];
    const shares = names.map((name, i) => [name, Number(last[i] || Number.NaN)] as const).slice(3);
    for (const [name, value] of shares) {
      expect(value, name).toBeGreaterThanOrEqual(0);
      expect(value, name).toBeLessThanOrEqual(name.includes('loss') ? 100 : 1);
    }

    const {record} = await readCheckpoint(out);
    const train = record?.poisonedTrain;
    expect(train?.originalIndices.length).toBe(TRAIN_COUNT);
    expect(train?.poisonIndicator.filter((bit) => bit === 1).length).toBe(POISONED + cross);
    expect((await inspectCheckpoint(out)).record?.test?.probedFound).toBe(5);

    // The images of the record are those that the victim was measured on.
    const again = await evaluate({ckpt: out, batchSize: 128, ...CPU});
    expect(again.metrics).toEqual(result.metrics);
    const clean = join(world.data, 'train');
    const purified = await defend({ckpt: out, clean, rounds: 1, batchSize: 64, ...CPU});
    expect(purified.before).toEqual({
      ...result.metrics,
      cleanLoss: expect.any(Number),
      poisonedLoss: expect.any(Number),
      raLoss: expect.any(Number),
    });
  });

  it('notes in the record only images of the set that the model was given', async () => {
    const {record} = await builtPackage().readCheckpoint(join(world.folder, 'record', 'wanet'));
    const items = [...(record?.poisonedTrain?.items ?? [])];
    const keptLabel = items.filter(([, item]) => item.attackLabel === item.originalLabel);
    expect(items.every(([index]) => index < TRAIN_COUNT)).toBe(true);
    expect(items.every(([index]) => index % BATCH < 12)).toBe(true); // 4 poisoned and 8 warped
    expect(keptLabel.length).toBeGreaterThanOrEqual(2 * POISONED);
  });

  it.each([
    [
      'a number of images to poison',
      {...VICTIM, kind: 'bpp', poisonCount: 5},
      'Expected poisonRate for bpp',
    ],
    [
      'no epoch for the victim',
      {...VICTIM, kind: 'inputaware'},
      'Expected more than 25 epochs, of which the first maskEpochs train no victim, but received 3',
    ],
  ] as const)('refuses %s and leaves nothing', async (name, options, message) => {
    const out = join(world.folder, name.replaceAll(' ', '_'));
    const running = builtPackage().attack({...options, data: world.data, out});
    await expect(running).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining(message),
    });
    expect(namesIn(out)).toEqual([]);
  });

  it('leaves nothing half-written when it is aborted', async () => {
    const out = join(world.folder, 'aborted');
    const controller = new AbortController();
    const running = builtPackage().attack(
      {...VICTIM, kind: 'wanet', data: world.data, out, saveEvery: 0},
      {
        signal: controller.signal,
        onProgress: (event) =>
          event.kind === 'stage' && event.message.startsWith('poisoning') && controller.abort(),
      },
    );
    await expect(running).rejects.toMatchObject({name: 'AbortError'});
    expect(namesIn(out)).toEqual([]);
  });

  it("shows an attack's own defaults in its help", () => {
    const help = sau(world.folder, ['attack', 'wanet', '--help']).stdout.replace(/\s+/g, ' ');
    expect(help).toContain('multiStep, plateau; default: multiStep; fast: oneCycle)');
    expect(help).toContain('no crop (default: 5)');
  });
});
