import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import sharp from 'sharp';
import {describe, expect, it} from 'vitest';
import type {Progress} from '../../lib/index.js';
import {inspectCheckpoint} from '../../lib/records/inspect.js';
import {jsonOf, namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {SCALE_FLAGS, TEST_COUNT, TRAIN_COUNT, useWorld, VICTIM} from '../support/world.js';

const FILES = [
  'bd_test_dataset',
  'bd_train_dataset',
  'info.pickle',
  'run.json',
  'sau_native.json',
  'train_poison_index_list.pickle',
];

describe.skipIf(!IS_BUILT)('an attack that only poisons', () => {
  const world = useWorld();
  const out = () => join(world.folder, 'record', 'poisoned');

  it('writes the images and the bookkeeping of a record, and trains nothing', async () => {
    const seen: Progress[] = [];
    const result = await builtPackage().attack(
      {...VICTIM, data: world.data, out: out(), poisonOnly: true},
      {onProgress: (progress) => seen.push(progress)},
    );
    expect(result).toMatchObject({
      metrics: null,
      epochs: [],
      device: null,
      poisonedTrainCount: TRAIN_COUNT / 10,
      target: {label: 0, title: namesIn(join(world.data, 'train'))[0]},
    });
    expect(seen.every(({kind}) => kind === 'stage' || kind === 'images')).toBe(true);
    expect(namesIn(out())).toEqual(FILES);
    expect(Object.values(result.files).sort()).toEqual(FILES.map((name) => join(out(), name)));
    for (const name of ['bd_train_dataset/1', 'bd_test_dataset/1']) {
      const names = namesIn(join(world.record, name));
      expect(namesIn(join(out(), name))).toEqual(names);
      for (const png of names) {
        const of = (record: string) => readFileSync(join(record, name, png));
        expect(of(out()).equals(of(world.record)), png).toBe(true);
      }
    }
    const list = (record: string) => readFileSync(join(record, 'train_poison_index_list.pickle'));
    expect(list(out()).equals(list(world.record))).toBe(true);
  });

  it('leaves a folder that says what it is, and is no checkpoint', async () => {
    expect(jsonOf(join(out(), 'sau_native.json'))).toMatchObject({
      content: 'a poisoned data set without a model',
      config: {kind: 'badnet', poisonOnly: true},
    });
    expect(await builtPackage().readRun(out())).toMatchObject({
      ...{kind: 'attack', method: 'badnet', device: null, result: null, rounds: [], after: null},
      versions: {libtorch: null},
      poisoned: {train: TRAIN_COUNT / 10, test: (TEST_COUNT * 9) / 10},
    });
    expect(await inspectCheckpoint(out())).toMatchObject({
      kind: 'poisoned_set',
      model: null,
      content: {attack: expect.any(String), attack_target: expect.any(String)},
    });
    await expect(builtPackage().readCheckpoint(out())).rejects.toMatchObject({
      code: 'ERR_CHECKPOINT',
      message: expect.stringContaining('without poisonOnly'),
    });
    const again = builtPackage().attack({...VICTIM, data: world.data, out: out()});
    await expect(again).rejects.toMatchObject({code: 'ERR_OUTPUT'});
  });

  it('leaves nothing when it is aborted', async () => {
    const folder = join(world.folder, 'record', 'aborted');
    const controller = new AbortController();
    const running = builtPackage().attack(
      {...VICTIM, data: world.data, out: folder, poisonOnly: true, preview: true},
      {
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.kind === 'stage' && progress.message.startsWith('writing'))
            controller.abort();
        },
      },
    );
    await expect(running).rejects.toMatchObject({name: 'AbortError'});
    expect(namesIn(folder)).toEqual([]);
  });

  it('runs on the command line without LibTorch, and draws a preview', async () => {
    const folder = join(world.folder, 'record', 'no_libtorch');
    const args = ['attack', 'badnet', '--data', world.data, '--out', folder, ...SCALE_FLAGS];
    const {status, stdout, stderr} = sau(world.folder, [...args, '--poison-only', '--preview'], {
      SAU_NATIVE_LIBTORCH: join(world.folder, 'nowhere'),
    });
    expect(stderr).not.toContain('ERR_');
    expect(status).toBe(0);
    const [first] = namesIn(join(world.data, 'train'));
    expect(stdout).toMatch(new RegExp(`^target class 0 \\(${first}\\)$`, 'm'));
    expect(stdout).toContain(`${TRAIN_COUNT / 10} poisoned training images, no model`);
    expect(namesIn(folder)).toEqual([...FILES, 'preview.png'].sort());
    const {format, width, height} = await sharp(join(folder, 'preview.png')).metadata();
    // A label of 22 letters, 8 columns and 3 rows of 16 pixels with gaps of 2 between them, six times enlarged.
    expect({format, width, height}).toEqual({
      format: 'png',
      width: 226 + 6 * (2 + 8 * 18),
      height: 6 * (2 + 3 * 18),
    });
  });
});

describe.skipIf(!IS_BUILT)('the preview of a whole attack', () => {
  const world = useWorld({attacked: false});

  it('lies in the record beside its other files', async () => {
    const {files, record} = await builtPackage().attack({
      ...VICTIM,
      ...{model: 'preactresnet18_w2', epochs: 1, data: world.data, preview: true},
      out: join(world.folder, 'record', 'preview'),
    });
    expect(files.preview).toBe(join(record, 'preview.png'));
    expect(namesIn(record)).toContain('preview.png');
  });

  it('excludes what makes no sense together', async () => {
    const both = (more: object) =>
      builtPackage().attack({...VICTIM, data: world.data, out: join(world.folder, 'x'), ...more});
    for (const more of [
      {poisonOnly: true, resume: true},
      {resume: true, force: true},
    ]) {
      await expect(both(more)).rejects.toMatchObject({
        code: 'ERR_CONFIG',
        message: expect.stringContaining('at most one of'),
      });
    }
  });
});
