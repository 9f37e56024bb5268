import {existsSync} from 'node:fs';
import {copyFile, mkdir, realpath, symlink, writeFile} from 'node:fs/promises';
import {basename, dirname, join, resolve} from 'node:path';
import {describe, expect, it} from 'vitest';
import {withCheckpointFile} from '../../../lib/checkpoint/checkpoint_file.js';
import {openDataset} from '../../../lib/datasets/open_dataset.js';
import {type BackdoorRecord, poisonedEntries} from '../../../lib/records/attack_result.js';
import {inspectCheckpoint} from '../../../lib/records/inspect.js';
import {type Checkpoint, readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {createPngResolver, datasetRootsOf} from '../../../lib/records/record_paths.js';
import {fixture} from '../../support/checkpoint_fixtures.js';
import {putCifarPython} from '../../support/cifar_files.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

function recordOf(checkpoint: Checkpoint): BackdoorRecord {
  if (checkpoint.record === null) throw new Error(`${checkpoint.path} is no attack record`);
  return checkpoint.record;
}

const STORED = './record/demo/bd_test_dataset/1/1.png';

describe('attack records', () => {
  it.each(['attack_result.pt', 'attack_result_numpy1.pt'])('%s is read whole', async (name) => {
    const checkpoint = await readCheckpoint(fixture(name));
    expect(checkpoint).toMatchObject({
      kind: 'attack_result',
      modelName: 'preactresnet18',
      numClasses: 4,
    });
    const record = recordOf(checkpoint);
    expect(record).toMatchObject({
      dataPath: './data/cifar10',
      imageSize: [32, 32, 3],
      datasetName: 'cifar10',
    });
    const {poisonedTrain, poisonedTest} = record;
    expect(Array.from(poisonedTrain?.originalIndices ?? [])).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    ]);
    expect(Array.from(poisonedTrain?.poisonIndicator ?? [])).toEqual([
      0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1,
    ]);
    expect(poisonedTest?.saveFolderPath).toBe('./record/demo/bd_test_dataset');
    expect(poisonedTest === null ? null : poisonedEntries(poisonedTest)).toEqual(
      [1, 2, 3, 5].map((i) => ({
        originalIndex: i,
        path: `./record/demo/bd_test_dataset/${i % 4}/${i}.png`,
        attackLabel: 0,
        originalLabel: i % 4,
      })),
    );
  });

  it('images kept in memory are refused in words', async () => {
    const arrays = await errorOf(readCheckpoint(fixture('in_memory_array.pt')), 'ERR_CHECKPOINT');
    expect(arrays.message).toContain('in memory');
    const images = await errorOf(
      readCheckpoint(fixture('in_memory_image.pt')),
      'ERR_UNSAFE_PICKLE',
    );
    expect(images.message).toContain('PIL.');
    expect(images.message).toContain('in memory');
  });
});

describe('paths of poisoned images', () => {
  it('are found beside a record folder of another name, and later images follow without a look', async () => {
    const folder = await temporaryFolder();
    const image = join(folder, 'renamed', 'bd_test_dataset', '1', '1.png');
    await mkdir(join(image, '..'), {recursive: true});
    await writeFile(image, '');
    const resolver = createPngResolver(join(folder, 'renamed', 'attack_result.pt'));
    expect(await resolver.resolve(STORED.replaceAll('/', '\\'))).toBe(image);
    expect(await resolver.resolve('./record/demo/bd_test_dataset/1/999.png')).toBe(
      join(image, '..', '999.png'),
    );
  });

  it('are found relative to the folder that contains record/', async () => {
    const folder = await temporaryFolder();
    const image = join(folder, STORED);
    await mkdir(join(image, '..'), {recursive: true});
    await writeFile(image, '');
    const resolver = createPngResolver(join(folder, 'record', 'copy', 'attack_result.pt'));
    expect(await resolver.resolve(STORED)).toBe(image);
  });

  it('are taken as stored first', async () => {
    const folder = await temporaryFolder();
    const image = join(folder, 'elsewhere.png');
    await writeFile(image, '');
    const resolver = createPngResolver(join(folder, 'attack_result.pt'));
    expect(await resolver.resolve(image)).toBe(image);
    expect(await createPngResolver('a/b/attack_result.pt', [folder]).resolve(image)).toBe(image);
  });

  it.each([
    ['an absolute path', (outside: string) => outside],
    ['a path that climbs', (outside: string) => `bd_test_dataset/../../${basename(outside)}`],
    ['a link in the record', () => 'bd_test_dataset/0/link.png'],
    ['a link to a folder in the record', (outside: string) => `x/linked/${basename(outside)}`],
  ])('are not taken by %s from outside the folders that the user named', async (_, storedAs) => {
    const folder = await temporaryFolder();
    const outside = join(folder, 'private.png');
    const record = join(folder, 'mine');
    const images = join(record, 'bd_test_dataset', '0');
    await mkdir(images, {recursive: true});
    await mkdir(join(record, 'x'));
    await writeFile(outside, '');
    await writeFile(join(images, '1.png'), '');
    await symlink(outside, join(images, 'link.png'));
    await symlink(folder, join(record, 'x', 'linked'));
    const resolver = createPngResolver(join(record, 'attack_result.pt'));
    await resolver.resolve(join(images, '1.png'));
    const stored = storedAs(outside);
    const path = stored === outside ? outside : join(record, stored);
    const error = await errorOf(resolver.resolve(path), 'ERR_DATASET');
    expect(error.message).toContain('outside of it');
    expect(await resolver.exists(path)).toBe(false);
    expect(await resolver.exists(join(images, '1.png'))).toBe(true);
  });

  it('are found in a record that is a link, as people have it to another disk', async () => {
    const folder = await temporaryFolder();
    const image = join(folder, 'disk', 'bd_test_dataset', '1', '1.png');
    await mkdir(dirname(image), {recursive: true});
    await writeFile(image, '');
    await mkdir(join(folder, 'record'));
    await symlink(join(folder, 'disk'), join(folder, 'record', 'demo'));
    const resolver = createPngResolver(join(folder, 'record', 'demo', 'attack_result.pt'));
    expect(await resolver.resolve(STORED)).toBe(join(folder, STORED));
  });

  it('that exist nowhere are ERR_DATASET with every place tried', async () => {
    const resolver = createPngResolver('/p/record/demo/attack_result.pt');
    const error = await errorOf(resolver.resolve(STORED), 'ERR_DATASET');
    expect(error.details).toMatchObject({
      places: [resolve(STORED), '/p/record/demo/bd_test_dataset/1/1.png'],
    });
  });
});

describe('the clean data set of a record', () => {
  it('lies by the official rule up to the first "record", else beside record/, else as stored', async () => {
    const temporary = await temporaryFolder();
    const folder = join(await realpath(temporary), 'records', 'record', 'demo');
    await mkdir(folder, {recursive: true});
    const path = join(folder, 'attack_result.pt');
    await copyFile(fixture('attack_result.pt'), path);
    expect(await datasetRootsOf(path, './data/cifar10')).toEqual([
      join(folder, '../../../data/cifar10'),
      join(folder, '../../data/cifar10'),
      resolve('data/cifar10'),
    ]);
  });

  it.each(['./data/cifar10', './data/cifar10/cifar-10-batches-py', 'data\\cifar10'])(
    'is found whether the record names its folder or the one in it: %s',
    async (stored) => {
      const project = await realpath(await temporaryFolder());
      const path = join(project, 'record/demo/attack_result.pt');
      await mkdir(dirname(path), {recursive: true});
      await copyFile(fixture('attack_result.pt'), path);
      const root = join(project, 'data/cifar10');
      const folder = await putCifarPython(join(root, 'cifar-10-batches-py'), 'python2');
      const [first = ''] = await datasetRootsOf(path, stored);
      expect(await openDataset({path: first})).toMatchObject({path: folder, root, trainCount: 10});
    },
  );

  it('lies where the attack has found it, from two folders above a record in any other folder', async () => {
    const folder = join(await realpath(await temporaryFolder()), 'mine', 'demo');
    await mkdir(folder, {recursive: true});
    const path = join(folder, 'attack_result.pt');
    await copyFile(fixture('attack_result.pt'), path);
    expect(await datasetRootsOf(path, './data/cifar10')).toContain(
      join(folder, '../../data/cifar10'),
    );
  });
});

describe('inspectCheckpoint', () => {
  it('describes a record without its tensors', async () => {
    const description = await inspectCheckpoint(fixture('attack_result_numpy1.pt'));
    expect(description).toMatchObject({kind: 'attack_result', pickleProtocol: 2, content: null});
    expect(description.globals).toContain('numpy.core.multiarray._reconstruct');
    expect(description.model).toMatchObject({
      modelName: 'preactresnet18',
      numClasses: 4,
      keyPath: ['model'],
      tensorCount: 8,
      elementCount: 54 + 4 * 2 + 1 + 8 + 4,
      dtypes: ['float32', 'int64'],
    });
    expect(description.record?.train).toMatchObject({
      images: 12,
      poisoned: 3,
      saved: 3,
      attackLabels: [0],
      probedFound: 0,
    });
    expect(description.record?.files).toContain('attack_result.pt');
    // Four classes are not those of the data set that it names.
    expect(description.record).toMatchObject({datasetName: 'cifar10', classTitles: null});
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });

  it('tells the format and what was chosen among the weights', async () => {
    expect(await inspectCheckpoint(fixture('timm.pth.tar'))).toMatchObject({
      format: 'torch',
      kind: 'state_dict',
      notes: ['the averaged weights (state_dict_ema) are not used'],
    });
    expect(await inspectCheckpoint(fixture('bare.safetensors'))).toMatchObject({
      format: 'safetensors',
      pickleProtocol: null,
      model: {tensorCount: 8, numClasses: null},
    });
    expect(await inspectCheckpoint(fixture('legacy.pt'))).toMatchObject({format: 'torch-legacy'});
  });

  it.each([
    ['torchscript.pt', 'torchscript', 'it is a TorchScript module, which is a program'],
    [
      'whole_model.pt',
      'pickled-model',
      'it is a whole pickled model, which only its own program can open (torch.nn.modules.linear.Linear)',
    ],
    ['harmless_bare.pkl', 'pickle', 'it is a bare pickle'],
  ])('says of %s that it cannot be purified, and why', async (name, format, because) => {
    const description = await inspectCheckpoint(fixture(name));
    expect(description).toMatchObject({
      ...{format, because, kind: 'foreign', purifiable: false, architecture: null, model: null},
      advice: expect.stringContaining('model.state_dict()'),
    });
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });

  it('says of a file without weights that it has none', async () => {
    expect(await inspectCheckpoint(fixture('info.pickle'))).toMatchObject({
      ...{purifiable: false, because: 'it has no weights', advice: null},
    });
  });

  it('says of a file with several state dicts which they are, and what is in it', async () => {
    expect(await inspectCheckpoint(fixture('ambiguous.pt'))).toMatchObject({
      ...{kind: 'other', purifiable: false, model: null},
      because: 'it holds several state dicts: teacher, student',
      advice: 'Save the one that you mean alone.',
      content: {teacher: 'a dict of 8', student: 'a dict of 8'},
    });
  });

  it('outlines a file without weights and refuses an unsafe one', async () => {
    const description = await inspectCheckpoint(fixture('info.pickle'));
    expect(description).toMatchObject({
      kind: 'other',
      model: null,
      content: {img_size: 'a tuple of 3'},
    });
    await errorOf(inspectCheckpoint(fixture('malicious.pt')), 'ERR_UNSAFE_PICKLE');
  });
});

const REAL = process.env.SAU_TEST_RECORD ?? '';

describe('a real record of BackdoorBench', () => {
  it.skipIf(!existsSync(REAL))('has its weights, its poison state and its images', async () => {
    const checkpoint = await readCheckpoint(REAL);
    expect(checkpoint.stateDict.size).toBe(102);
    expect(checkpoint).toMatchObject({modelName: 'preactresnet18', numClasses: 10});
    const {poisonedTrain, poisonedTest} = recordOf(checkpoint);
    if (poisonedTrain === null || poisonedTest === null) throw new Error('a state is missing');
    expect(poisonedTrain.originalIndices.length).toBe(50000);
    expect(poisonedEntries(poisonedTrain).length).toBe(5000);
    expect(poisonedEntries(poisonedTest).length).toBe(9000);
    const resolver = createPngResolver(checkpoint.path);
    for (const {path} of poisonedEntries(poisonedTest).slice(0, 20)) {
      expect(existsSync(await resolver.resolve(path))).toBe(true);
    }
    const {record} = await inspectCheckpoint(REAL);
    expect(record?.classTitles?.slice(0, 3)).toEqual(['airplane', 'automobile', 'bird']);
    expect(record?.test).toMatchObject({
      images: 9000,
      poisoned: 9000,
      attackLabels: [0],
      probedFound: 5,
    });
    await withCheckpointFile(join(REAL, 'info.pickle'), async ({value}) => {
      expect((value as Map<string, unknown>).get('attack')).toBe('badnet');
    });
  });
});
