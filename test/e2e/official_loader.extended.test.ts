import {execFile} from 'node:child_process';
import {existsSync, readdirSync, renameSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {beforeAll, describe, expect, it} from 'vitest';
import {withCheckpointFile} from '../../lib/checkpoint/checkpoint_file.js';
import {NumpyArray} from '../../lib/checkpoint/numpy_values.js';
import {OrderedDict, PyTuple} from '../../lib/checkpoint/pickle_values.js';
import {TensorRef} from '../../lib/checkpoint/torch_values.js';
import {ATTACK_KINDS} from '../../lib/options/attacks/attacks.js';
import type {PoisonedDatasetState} from '../../lib/records/attack_result.js';
import {attackOf, type Family, familiesOf} from '../support/attack_families.js';
import {namesIn} from '../support/folders.js';
import {IS_BUILT, ROOT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {TEST_COUNT, TRAIN_COUNT, useWorld} from '../support/world.js';

const PYTHON = process.env.SAU_TEST_PYTHON ?? '';
const CHECK = join(ROOT, 'scripts/oracle/check_record.py');
const MINUTE = 60_000;
const KEYS = 'model_name num_classes model data_path img_size clean_data bd_train bd_test'.split(
  ' ',
);
const STATE_KEYS = [
  ...['bd_data_container', 'getitem_all', 'getitem_all_switch', 'original_index_array'],
  ...['poison_indicator', 'save_folder_path'],
];
/** Target class 0 comes first in the test set and is left out. */
const MEASURED = Array.from({length: TEST_COUNT}, (_, i) => i).filter((i) => i >= TEST_COUNT / 10);

type Dict = ReadonlyMap<unknown, unknown>;

function dictOf(value: unknown): Dict {
  expect(value).toBeInstanceOf(Map);
  return value as Dict;
}

/** The plain values of attack_result.pt, with arrays and tensors that are described and not read. */
function rawRecord(record: string): Promise<Dict> {
  return withCheckpointFile(join(record, 'attack_result.pt'), async ({value}) => dictOf(value));
}

function expectVector(value: unknown, type: string, length: number): void {
  expect(value).toBeInstanceOf(NumpyArray);
  expect(value).toMatchObject({type, shape: [length]});
}

function expectState(value: unknown, exposed: number, all: number): void {
  const state = dictOf(value);
  expect([...state.keys()].sort()).toEqual(STATE_KEYS);
  expect([state.get('getitem_all'), state.get('getitem_all_switch')]).toEqual([true, false]);
  expectVector(state.get('original_index_array'), 'int64', exposed);
  expectVector(state.get('poison_indicator'), 'float64', all);
  const container = dictOf(state.get('bd_data_container'));
  expect([...container.keys()].sort()).toEqual([
    ...['data_dict', 'save_file_format', 'save_folder_path'],
  ]);
  expect(container.get('save_file_format')).toBe('.png');
  expect(container.get('save_folder_path')).toBe(state.get('save_folder_path'));
  for (const item of dictOf(container.get('data_dict')).values()) {
    expect([...dictOf(item).keys()].sort()).toEqual(['other_info', 'path']);
    expect(dictOf(item).get('other_info')).toHaveLength(2);
  }
}

function pngsIn(folder: string): string[] {
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.png'))
    .sort();
}

/** Marked images, their labels and their files. */
function expectImages(
  state: PoisonedDatasetState | null | undefined,
  folder: string,
  {marked, poisoned}: Pick<Family, 'marked' | 'poisoned'>,
): void {
  const items = [...(state?.items ?? [])].sort(([a], [b]) => a - b);
  expect(items.map(([index]) => index)).toEqual(marked);
  const flagged = [...(state?.poisonIndicator ?? [])].flatMap((bit, i) => (bit === 1 ? [i] : []));
  expect(flagged).toEqual(marked);
  const triggered = new Set(poisoned);
  for (const [index, {attackLabel, originalLabel, path}] of items) {
    expect(attackLabel).toBe(triggered.has(index) ? 0 : originalLabel);
    expect(path).toMatch(new RegExp(`^\\./record/.*/${originalLabel}/${index}\\.png$`));
  }
  const files = items.map(([index, {originalLabel}]) => `${originalLabel}/${index}.png`);
  expect(pngsIn(folder)).toEqual(files.sort());
}

describe.skipIf(!IS_BUILT)('the record of each attack', () => {
  const world = useWorld({attacked: false});
  const families = familiesOf(world);

  beforeAll(async () => {
    for (const family of families) await builtPackage().attack(attackOf(family, world));
  }, 5 * MINUTE);

  it.each(families)(
    'has the keys, types, images and places of the format: $kind',
    async (family) => {
      const record = join(world.folder, 'record', family.kind);
      const side = 'imageSize' in family.options ? family.options.imageSize : 16;
      const raw = await rawRecord(record);
      expect([...raw.keys()]).toEqual(KEYS);
      expect(raw.get('model_name')).toBe('preactresnet18_w8');
      expect(raw.get('num_classes')).toBe(10);
      expect(raw.get('img_size')).toEqual(new PyTuple([side, side, 3]));
      const model = raw.get('model');
      expect(model).toBeInstanceOf(OrderedDict);
      for (const [name, tensor] of dictOf(model)) {
        const counts = String(name).endsWith('num_batches_tracked');
        expect(tensor, String(name)).toBeInstanceOf(TensorRef);
        expect(tensor).toMatchObject({storage: {dtype: counts ? 'int64' : 'float32'}});
      }
      expectState(raw.get('bd_train'), TRAIN_COUNT, TRAIN_COUNT);
      expectState(raw.get('bd_test'), MEASURED.length, TEST_COUNT);

      const {record: states} = await builtPackage().readCheckpoint(record);
      expect([...(states?.poisonedTrain?.originalIndices ?? [])]).toEqual(
        Array.from({length: TRAIN_COUNT}, (_, i) => i),
      );
      expect([...(states?.poisonedTest?.originalIndices ?? [])]).toEqual(MEASURED);
      expectImages(states?.poisonedTrain, join(record, 'bd_train_dataset'), family);
      const test = {marked: MEASURED, poisoned: MEASURED};
      expectImages(states?.poisonedTest, join(record, 'bd_test_dataset'), test);
      const cross = join(record, 'cross_test_dataset');
      expect(existsSync(cross) ? pngsIn(cross).length : 0).toBe(family.hasCross ? TEST_COUNT : 0);

      const list = join(record, 'train_poison_index_list.pickle');
      await withCheckpointFile(list, async ({value}) =>
        expectVector(value, 'float64', TRAIN_COUNT),
      );
      const info = join(record, 'info.pickle');
      await withCheckpointFile(info, async ({value}) =>
        expect(dictOf(value).size).toBeGreaterThan(5),
      );
    },
  );

  describe.skipIf(!existsSync(PYTHON))('read by PyTorch as the official loader reads it', () => {
    const check = (...records: string[]) =>
      promisify(execFile)(PYTHON, ['-W', 'ignore', CHECK, ...records, '--data', world.data]);

    it(
      `is what the format says: ${ATTACK_KINDS.join(', ')}`,
      async () => {
        const records = families.map(({kind}) => join(world.folder, 'record', kind));
        const {stdout} = await check(...records);
        expect(stdout.trimEnd().split('\n')).toEqual(
          families.map(
            ({marked}, i) =>
              `${records[i]}: ${marked.length} poisoned training images, ${MEASURED.length} poisoned test images`,
          ),
        );
      },
      2 * MINUTE,
    );

    it(
      'is told from one with a missing image, and from one in a wrong place',
      async () => {
        const record = join(world.folder, 'record', 'badnet');
        const train = join(record, 'bd_train_dataset');
        const label = namesIn(train)[0] ?? '';
        const name = join(train, label, namesIn(join(train, label))[0] ?? '');
        renameSync(name, join(world.folder, 'kept.png'));
        await expect(check(record)).rejects.toMatchObject({
          code: 1,
          stderr: expect.stringContaining('11 PNG files, the indicator 12 images'),
        });
        renameSync(join(world.folder, 'kept.png'), name);
        const moved = join(world.folder, 'record', 'moved');
        renameSync(record, moved);
        await expect(check(moved)).rejects.toMatchObject({
          code: 1,
          stderr: expect.stringContaining('is not below'),
        });
        rmSync(moved, {recursive: true});
      },
      2 * MINUTE,
    );
  });
});
