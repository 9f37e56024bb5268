import {existsSync} from 'node:fs';
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {withCheckpointFile} from '../../../lib/checkpoint/checkpoint_file.js';
import {inertGlobal} from '../../../lib/checkpoint/inert.js';
import {InertClass, InertObject, PyTuple} from '../../../lib/checkpoint/pickle_values.js';
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

  it.each(['legacy.pt', 'legacy_nested.pt'])(
    '%s, in the form before PyTorch 1.6, has the tensors that PyTorch wrote',
    async (name) => {
      const {stateDict, format, keyPath} = await readCheckpoint(fixture(name));
      expect({format, keyPath}).toEqual({
        format: 'torch-legacy',
        keyPath: name === 'legacy.pt' ? [] : ['state_dict'],
      });
      const read = [...stateDict].map(([key, tensor]) => [key, describeTensor(tensor)] as const);
      expect(Object.fromEntries(read)).toEqual(
        expectedTensors(name === 'legacy.pt' ? 'bare.pt' : name),
      );
    },
  );

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

describe('checkpoints of training programs', () => {
  it.each([
    ['objects.pt', ['model'], ''],
    ['lightning.ckpt', ['state_dict'], 'model.'],
    ['timm.pth.tar', ['state_dict'], 'module._orig_mod.'],
    ['only_ema.pt', ['model_ema'], ''],
    ['swa.pt', [], 'module.'],
    ['counted.pt', [], ''],
    ['untracked.pt', [], ''],
  ])('%s has the tensors that PyTorch wrote', async (name, keyPath, prefix) => {
    const checkpoint = await readCheckpoint(fixture(name));
    expect(checkpoint).toMatchObject({kind: 'state_dict', keyPath});
    expect(await tensorsOf(name)).toEqual(expectedTensors(name));
    expect([...checkpoint.fileNames]).toEqual(
      Object.keys(expectedTensors(name)).map((key) => [key, `${prefix}${key}`]),
    );
  });

  it.each([
    ['timm.pth.tar', ['the averaged weights (state_dict_ema) are not used']],
    ['only_ema.pt', ['the weights are the averaged ones (model_ema)']],
    ['swa.pt', ['n_averaged is left out: it counts and is no weight']],
    ['counted.pt', ['total_ops (and 1 like it) is left out: it counts and is no weight']],
    ['untracked.pt', ['1 batch norm has no num_batches_tracked, which starts at 0']],
    ['bare.pt', []],
  ])('the notes of %s tell what was chosen or left out', async (name, notes) => {
    expect((await readCheckpoint(fixture(name))).notes).toEqual(notes);
  });

  it('what lies beside the weights is named and never built', async () => {
    await withCheckpointFile(fixture('objects.pt'), async ({value, globals}) => {
      const dict = value as Map<string, unknown>;
      expect(globals).toEqual(
        expect.arrayContaining([
          'argparse.Namespace',
          'trainer.config.AttributeDict',
          'trainer.history.History',
        ]),
      );
      for (const key of ['args', 'hyper_parameters', 'history', 'when', 'counts', 'loss']) {
        expect(dict.get(key), key).toBeInstanceOf(InertObject);
      }
      expect(dict.get('by_name')).toEqual(new Map([['a', [1]]]));
    });
  });
});

describe('names that a checkpoint may have beside its weights', () => {
  it.each([
    ...['argparse.Namespace', 'trainer.Config', 'a.b._Private', 'a.Outer.Inner', 'torch.float16'],
    ...['torch.nn.modules.linear.Linear', 'omegaconf.dictconfig.DictConfig', 'pathlib.PosixPath'],
    ...['torch.optim.adam.Adam', 'torch.nn.functional.relu', '__main__.Settings', 'builtins.set'],
  ])('%s becomes a placeholder', (name) => {
    expect(inertGlobal(name)).toBeInstanceOf(InertClass);
  });

  it.each([
    ...['os.system', 'posix.system', 'nt.system', 'builtins.eval', '__builtin__.exec', 'sys.exit'],
    ...['subprocess.Popen', 'builtins.getattr', 'ctypes.CDLL', 'runpy.run_path', 'socket.socket'],
    ...[
      'torch.load',
      'torch.hub.load',
      'torch.jit.ScriptModule',
      'trainer.build',
      'a.Model.create',
    ],
    ...[
      'multiprocessing.Process',
      'threading.Thread',
      'code.InteractiveConsole',
      'pickle.Unpickler',
    ],
    ...[
      'numpy.testing._private.utils.runstring',
      'torch.package.PackageImporter',
      'importlib.Loader',
    ],
    ...[
      'torch.utils.data.DataLoader',
      'logging.FileHandler',
      'collections.namedtuple',
      'operator.F',
    ],
  ])('%s stays a refusal', (name) => {
    expect(inertGlobal(name)).toBeNull();
  });
});

describe('files that are refused', () => {
  it.each(['malicious.pt', 'malicious_bare.pkl'])('%s is unsafe and nothing runs', async (name) => {
    const error = await errorOf(readCheckpoint(fixture(name)), 'ERR_UNSAFE_PICKLE');
    expect(error.message).toMatch(/(os|posix|nt)\.system/);
    expect(existsSync('EXECUTED_BY_UNPICKLING')).toBe(false);
  });

  it.each([
    ['whole_model.pt', 'linear.Linear'],
    ['whole_nested.pt', 'container.Sequential'],
    ['legacy_whole_model.pt', 'linear.Linear'],
  ])('%s is a whole pickled model, with what to do in Python', async (name, made) => {
    const error = await errorOf(readCheckpoint(fixture(name)), 'ERR_UNSAFE_PICKLE');
    expect(error.details).toMatchObject({
      global: `torch.nn.modules.${made}`,
      format: 'pickled-model',
    });
    expect(error.message).toContain('whole pickled model');
    expect(error.message).toContain('state_dict()');
    expect(error.remedy).toMatch(
      /\n {2}exported = torch\.export\.export\(.*\n {2}torch\.export\.save\(/,
    );
  });

  it.each([
    ['harmless_bare.pkl', 'bare pickle'],
    ['compressed.pt', 'compressed'],
    ['big_endian.pt', 'big-endian'],
    ['expected.json', 'a JSON text'],
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
