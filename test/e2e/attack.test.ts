import {existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync} from 'node:fs';
import {cp, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {withCheckpointFile} from '../../lib/checkpoint/checkpoint_file.js';
import {inspectCheckpoint} from '../../lib/records/inspect.js';
import {jsonOf, linesOf, namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {TEST_COUNT, TRAIN_COUNT, useWorld, VICTIM} from '../support/world.js';

function pngsBelow(folder: string): string[] {
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.png'))
    .sort();
}

describe.skipIf(!IS_BUILT)('the record of an attack', () => {
  const world = useWorld();
  const poisonedTrain = TRAIN_COUNT / 10;
  const poisonedTest = (TEST_COUNT * 9) / 10; // the target class is left out

  it('is a folder with the files of the format, and nothing half-written', () => {
    expect(namesIn(world.record)).toEqual([
      'attack_df.csv',
      'attack_result.pt',
      'bd_test_dataset',
      'bd_train_dataset',
      'curves.svg',
      'info.pickle',
      'rounds.jsonl',
      'run.json',
      'sau_native.json',
      'train_poison_index_list.pickle',
    ]);
  });

  it('has exactly the keys of the format in attack_result.pt', async () => {
    const keys = await withCheckpointFile(
      join(world.record, 'attack_result.pt'),
      async ({value}) => (value instanceof Map ? [...value.keys()] : []),
    );
    expect(keys).toEqual([
      'model_name',
      'num_classes',
      'model',
      'data_path',
      'img_size',
      'clean_data',
      'bd_train',
      'bd_test',
    ]);
  });

  it('is refused for other classes than its data set has, before anything is written', async () => {
    const out = join(world.folder, 'five');
    const five = builtPackage().attack({...VICTIM, data: world.data, numClasses: 5, out});
    await expect(five).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/Expected numClasses 10, as .* but received 5/),
    });
    expect(existsSync(out)).toBe(false);
  });

  it('has a PNG for each poisoned image, under its original label and index', async () => {
    const {record} = await builtPackage().readCheckpoint(world.record);
    const expected = (state: NonNullable<typeof record>['poisonedTest']) =>
      [...(state?.items ?? [])].map(([index, item]) => `${item.originalLabel}/${index}.png`).sort();
    const train = pngsBelow(join(world.record, 'bd_train_dataset'));
    const test = pngsBelow(join(world.record, 'bd_test_dataset'));
    expect(train).toEqual(expected(record?.poisonedTrain ?? null));
    expect(test).toEqual(expected(record?.poisonedTest ?? null));
    expect([train.length, test.length]).toEqual([poisonedTrain, poisonedTest]);
  });

  it('exposes all training images, and of the test images the poisoned ones', async () => {
    const {record} = await builtPackage().readCheckpoint(world.record);
    const {poisonedTrain: train, poisonedTest: test} = record ?? {};
    expect(train?.originalIndices.length).toBe(TRAIN_COUNT);
    expect(test?.originalIndices.length).toBe(poisonedTest);
    const flagged = (indicator: Uint8Array | undefined) =>
      [...(indicator ?? [])].flatMap((bit, index) => (bit === 1 ? [index] : []));
    expect(flagged(train?.poisonIndicator)).toEqual(
      [...(train?.items.keys() ?? [])].sort((a, b) => a - b),
    );
    expect(flagged(test?.poisonIndicator)).toEqual([...(test?.originalIndices ?? [])]);
    expect([...(test?.items.values() ?? [])].every(({attackLabel}) => attackLabel === 0)).toBe(
      true,
    );
  });

  it('finds its data and its images by relative paths', async () => {
    const {record} = await inspectCheckpoint(world.record);
    expect(record).toMatchObject({
      dataPath: './data/shapes',
      imageSize: [16, 16, 3],
      datasetName: 'shapes',
    });
    expect(record?.test?.probedPaths[0]).toMatch(/^\.\/record\/badnet\/bd_test_dataset\//);
    expect(record?.test?.probedFound).toBe(5);
  });

  it('notes how it was made, which the format has no place for', () => {
    expect(jsonOf(join(world.record, 'sau_native.json'))).toMatchObject({
      mean: [0.5, 0.5, 0.5],
      config: {kind: 'badnet', poisonRate: 0.1, seed: 0},
      versions: {libtorch: expect.stringMatching(/^\d+\.\d+\.\d+$/)},
    });
    const [header = '', ...rows] = linesOf(join(world.record, 'attack_df.csv'));
    expect(rows).toHaveLength(VICTIM.epochs);
    for (const row of rows.map((line) => line.split(','))) {
      for (const kind of ['train_acc_clean_only', 'train_asr_bd_only', 'train_ra_bd_only']) {
        expect(Number(row[header.split(',').indexOf(kind)] || Number.NaN), kind).not.toBeNaN();
      }
    }
  });

  it('is opened again as a run, alike where an older version wrote it', async () => {
    const {readRun} = builtPackage();
    const now = await readRun(world.record);
    expect(now).toMatchObject({
      ...{
        schemaVersion: 1,
        kind: 'attack',
        method: 'badnet',
        device: 'cpu',
        seed: 0,
        checkpoint: null,
      },
      ...{model: 'preactresnet18_w8', numClasses: 10, completedRounds: VICTIM.epochs},
      options: {epochs: VICTIM.epochs, scheduleLength: VICTIM.epochs, flip: false, poisonRate: 0.1},
      dataset: {name: 'shapes', path: world.data, format: 'imagefolder', mean: [0.5, 0.5, 0.5]},
      poisoned: {train: poisonedTrain, test: poisonedTest},
      after: {cleanCount: TEST_COUNT, poisonedCount: poisonedTest},
      result: {path: 'attack_result.pt', sha256: expect.stringMatching(/^[0-9a-f]{64}$/)},
    });
    expect(now.dataset.classTitles).toEqual(namesIn(join(world.data, 'train')));
    expect(Object.keys(now.rounds[1]?.figures ?? {}).slice(0, 5)).toEqual([
      ...['loss', 'trainAcc', 'trainCleanAcc', 'trainAsr', 'trainRa'],
    ]);
    expect(Object.values(now.files).every((name) => existsSync(join(world.record, name)))).toBe(
      true,
    );
    const older = join(world.folder, 'older');
    await cp(world.record, older, {recursive: true});
    await rm(join(older, 'run.json'));
    const {options, ...then} = await readRun(older);
    expect(options).toMatchObject({kind: 'badnet', epochs: VICTIM.epochs});
    expect(then).toMatchObject({
      ...{kind: 'attack', method: 'badnet', numClasses: 10, started: null, device: null},
      ...{rounds: now.rounds, after: now.after, completedRounds: VICTIM.epochs},
      dataset: {...now.dataset, format: null, classTitles: null},
    });
  });

  it('is refused as the output of another attack', async () => {
    const again = builtPackage().attack({...VICTIM, data: world.data, out: world.record});
    await expect(again).rejects.toMatchObject({
      code: 'ERR_OUTPUT',
      message: expect.stringContaining('set force'),
    });
    expect(existsSync(join(world.record, 'attack_result.pt'))).toBe(true);
  });
});

describe.skipIf(!IS_BUILT)('an attack', () => {
  const world = useWorld({attacked: false});

  it('measures no ASR where the only test image is of the target class', async () => {
    const out = join(world.folder, 'limited');
    const limits = {epochs: 1, testLimit: 1};
    const {metrics} = await builtPackage().attack({...VICTIM, ...limits, data: world.data, out});
    expect(metrics).toMatchObject({cleanCount: 1, poisonedCount: 0, asr: null, ra: null});
  });
});

describe.skipIf(!IS_BUILT)('an aborted attack', () => {
  const world = useWorld({attacked: false});

  it.each([
    ['training', (kind: string) => kind === 'batch'],
    ['writing the record', (_: string, message: string) => message === 'writing the record'],
  ] as const)('leaves nothing half-written while %s', async (name, isNow) => {
    const out = join(world.folder, name.replaceAll(' ', '_'));
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = builtPackage().attack(
      {...VICTIM, data: world.data, out, saveEvery: 0},
      {
        signal: controller.signal,
        onProgress: (progress) => {
          const message = progress.kind === 'stage' ? progress.message : '';
          if (isNow(progress.kind, message)) controller.abort(reason);
        },
      },
    );
    await expect(running).rejects.toBe(reason);
    expect(namesIn(out)).toEqual([]);
  });

  it('replaces an earlier record whole or not at all when it is forced', async () => {
    const out = join(world.folder, 'forced');
    const {attack} = builtPackage();
    const options = {...VICTIM, data: world.data, out, evalEvery: 0, testLimit: 10};
    await attack(options);
    const before = namesIn(out).map((name) => [name, statSync(join(out, name)).mtimeMs]);
    const controller = new AbortController();
    const again = attack(
      {...options, force: true, seed: 1},
      {signal: controller.signal, onProgress: ({kind}) => kind === 'batch' && controller.abort()},
    );
    await expect(again).rejects.toMatchObject({name: 'AbortError'});
    expect(namesIn(out).map((name) => [name, statSync(join(out, name)).mtimeMs])).toEqual(before);

    // As a killed run leaves it.
    mkdirSync(join(out, 'earlier'));
    for (const [name] of before)
      renameSync(join(out, String(name)), join(out, 'earlier', String(name)));
    writeFileSync(join(out, 'rounds.jsonl'), '');
    const {files} = await attack({...options, force: true, seed: 1});
    expect(existsSync(files.run)).toBe(true);
    expect(namesIn(out)).toEqual(before.map(([name]) => name));
  });
});
