import {existsSync} from 'node:fs';
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {withCheckpointFile} from '../../../lib/checkpoint/checkpoint_file.js';
import {PyTuple} from '../../../lib/checkpoint/pickle_values.js';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {describeTensor, expectedTensors, fixture} from '../../support/checkpoint_fixtures.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

async function tensorsOf(name: string) {
  const {stateDict} = await readCheckpoint(fixture(name));
  return Object.fromEntries([...stateDict].map(([key, tensor]) => [key, describeTensor(tensor)]));
}

describe('state dicts', () => {
  it.each([
    ['bare.pt', []],
    ['nested.pt', ['net']],
    ['nested_deeper.pt', ['checkpoint', 'weights']],
    ['usual_key_wins.pt', ['model_state_dict']],
    ['module_prefix.pt', ['model']],
    ['float16.pt', []],
    ['bfloat16.pt', []],
    ['parameters.pt', []],
    ['views.pt', []],
    ['dtypes.pt', []],
  ])('%s has the tensors that PyTorch wrote', async (name, keyPath) => {
    const checkpoint = await readCheckpoint(fixture(name));
    expect(checkpoint.keyPath).toEqual(keyPath);
    const read = await tensorsOf(name);
    expect(read).toEqual(expectedTensors(name === 'module_prefix.pt' ? 'bare.pt' : name));
    expect(Object.keys(read)).toEqual(
      Object.keys(expectedTensors(name)).map((key) => key.replace('module.', '')),
    );
  });

  it('reads a ZIP with 64-bit fields', async () => {
    expect(await tensorsOf('zip64.pt')).toEqual(expectedTensors('bare.pt'));
  });

  it('tells a defense result, its model and its classes', async () => {
    const checkpoint = await readCheckpoint(fixture('module_prefix.pt'));
    expect(checkpoint).toMatchObject({
      kind: 'defense_result',
      modelName: 'preactresnet18',
      numClasses: 4,
      record: null,
    });
  });

  it('infers the classes of a bare state dict from its last matrix', async () => {
    const checkpoint = await readCheckpoint(fixture('bare.pt'));
    expect(checkpoint).toMatchObject({kind: 'state_dict', modelName: null, numClasses: 4});
  });

  it('names the candidates where there are several', async () => {
    const error = await errorOf(readCheckpoint(fixture('ambiguous.pt')), 'ERR_CHECKPOINT');
    expect(error.details).toMatchObject({candidates: ['teacher', 'student']});
    expect(error.message).toContain('teacher, student');
  });

  it('says what it found where there is none', async () => {
    const error = await errorOf(readCheckpoint(fixture('info.pickle')), 'ERR_CHECKPOINT');
    expect(error.message).toContain('Expected a state dict');
    expect(error.message).toContain('terminal_info');
  });
});

describe('files that are refused', () => {
  it.each(['malicious.pt', 'malicious_bare.pkl'])('%s is unsafe and nothing runs', async (name) => {
    const error = await errorOf(readCheckpoint(fixture(name)), 'ERR_UNSAFE_PICKLE');
    expect(error.message).toMatch(/(os|posix|nt)\.system/);
    expect(existsSync('EXECUTED_BY_UNPICKLING')).toBe(false);
  });

  it('a whole pickled model is unsafe, with the advice to save its state dict', async () => {
    const error = await errorOf(readCheckpoint(fixture('whole_model.pt')), 'ERR_UNSAFE_PICKLE');
    expect(error.details).toMatchObject({global: 'torch.nn.modules.linear.Linear'});
    expect(error.message).toContain('state_dict()');
  });

  it.each([
    ['legacy.pt', 'before version 1.6'],
    ['harmless_bare.pkl', 'bare pickle'],
    ['compressed.pt', 'compressed'],
    ['big_endian.pt', 'big-endian'],
    ['expected.json', 'not with PK'],
    ['protocol0.pkl.z', 'not with PK'],
    ['absent.pt', 'no such file'],
  ])('%s is ERR_CHECKPOINT: %s', async (name, reason) => {
    const error = await errorOf(readCheckpoint(fixture(name)), 'ERR_CHECKPOINT');
    expect(error.message).toContain(reason);
    expect(error.message).toContain(name);
  });

  it('an empty file and a folder without a checkpoint are ERR_CHECKPOINT', async () => {
    const folder = await temporaryFolder();
    const empty = join(folder, 'empty.pt');
    await writeFile(empty, '');
    expect((await errorOf(readCheckpoint(empty), 'ERR_CHECKPOINT')).message).toContain('empty');
    await mkdir(join(folder, 'record'));
    const error = await errorOf(readCheckpoint(join(folder, 'record')), 'ERR_CHECKPOINT');
    expect(error.message).toContain('attack_result.pt or defense_result.pt');
  });
});

describe('info.pickle', () => {
  it('is a torch.save file of plain values', async () => {
    await withCheckpointFile(fixture('info.pickle'), async ({value, globals}) => {
      expect(value).toEqual(
        new Map<string, unknown>([
          ['attack', 'badnet'],
          ['lr', 0.01],
          ['img_size', new PyTuple([32, 32, 3])],
          ['terminal_info', ['a.py', '--x']],
          ['save_path', null],
          ['amp', false],
          ['big', 2 ** 40],
          ['pratio', 0.1],
        ]),
      );
      expect(globals).toContain('numpy._core.multiarray.scalar');
    });
  });
});
