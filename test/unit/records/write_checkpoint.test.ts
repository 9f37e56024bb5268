import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdir, readdir, readFile, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {describe, expect, it} from 'vitest';
import {unwritableFile} from '../../../lib/base/whole_file.js';
import {withCheckpointFile} from '../../../lib/checkpoint/checkpoint_file.js';
import {NumpyArray} from '../../../lib/checkpoint/numpy_values.js';
import {OrderedDict, PyFloat, PyTuple} from '../../../lib/checkpoint/pickle_values.js';
import {type PickleValue, pickle} from '../../../lib/checkpoint/pickle_writer.js';
import type {StateDict} from '../../../lib/checkpoint/tensor.js';
import {unpickle} from '../../../lib/checkpoint/unpickle.js';
import {VOCABULARY} from '../../../lib/checkpoint/vocabulary.js';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {
  writeAttackResult,
  writeCheckpoint,
  writeInfoPickle,
  writePoisonIndexList,
} from '../../../lib/records/write_checkpoint.js';
import {describeTensor, fixture} from '../../support/checkpoint_fixtures.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';
import {ROOT} from '../../support/paths.js';

function described(state: StateDict) {
  return [...state].map(([name, tensor]) => [name, describeTensor(tensor)]);
}

describe('writeCheckpoint', () => {
  it('writes what readCheckpoint reads, every dtype and shape', async () => {
    const folder = await temporaryFolder();
    for (const name of ['bare.pt', 'views.pt', 'dtypes.pt']) {
      const {stateDict} = await readCheckpoint(fixture(name));
      const path = join(folder, 'defense_result.pt');
      await writeCheckpoint(path, {modelName: 'preactresnet18', numClasses: 4, stateDict});
      const back = await readCheckpoint(folder);
      expect(back).toMatchObject({
        kind: 'defense_result',
        modelName: 'preactresnet18',
        numClasses: 4,
        keyPath: ['model'],
      });
      expect(described(back.stateDict)).toEqual(described(stateDict));
      expect(await readdir(folder)).toEqual(['defense_result.pt']);
    }
  });

  it.each([
    ['too few bytes', {data: new Uint8Array(7)}, 'ERR_CHECKPOINT'],
    ['an unknown dtype', {dtype: 'float8'}, 'ERR_CHECKPOINT'],
    ['numbers in place of bytes', {data: [1, 2]}, 'ERR_CONFIG'],
  ] as const)('refuses a tensor of %s and writes nothing', async (_, wrong, code) => {
    const weight = {dtype: 'float32', shape: [2], data: new Uint8Array(8), ...wrong};
    const stateDict = new Map([['conv1.weight', weight]]) as unknown as StateDict;
    const folder = await temporaryFolder();
    const path = join(folder, 'a.pt');
    const call = writeCheckpoint(path, {modelName: 'm', numClasses: 4, stateDict});
    expect((await errorOf(call, code)).message).toContain("'conv1.weight'");
    expect(await readdir(folder)).toEqual([]);
  });

  it('writes equal files for equal weights, with every entry on 64 bytes', async () => {
    const {stateDict} = await readCheckpoint(fixture('bare.pt'));
    const folder = await temporaryFolder();
    const files: Buffer[] = [];
    for (const name of ['one', 'two']) {
      await mkdir(join(folder, name));
      const path = join(folder, name, 'defense_result.pt');
      await writeCheckpoint(path, {modelName: 'm', numClasses: 4, stateDict});
      files.push(await readFile(path));
    }
    const [one, two] = files;
    expect(one?.equals(two ?? Buffer.alloc(0))).toBe(true);
    let at = 0;
    let entries = 0;
    for (; one?.readUInt32LE(at) === 0x04034b50; entries++) {
      const data = at + 30 + one.readUInt16LE(at + 26) + one.readUInt16LE(at + 28);
      expect(data % 64).toBe(0);
      at = data + one.readUInt32LE(at + 18);
    }
    expect(entries).toBe(stateDict.size + 3);
  });

  it('replaces a file whole, and leaves nothing behind where it cannot write', async () => {
    const {stateDict} = await readCheckpoint(fixture('bare.pt'));
    const checkpoint = {modelName: 'm', numClasses: 4, stateDict};
    const folder = await temporaryFolder();
    const absent = await errorOf(
      writeCheckpoint(join(folder, 'no', 'a.pt'), checkpoint),
      'ERR_OUTPUT',
    );
    expect(absent.message).toContain('create it first');
    await writeFile(join(folder, 'file'), '');
    await errorOf(writeCheckpoint(join(folder, 'file', 'a.pt'), checkpoint), 'ERR_OUTPUT');
    await mkdir(join(folder, 'taken.pt'));
    await errorOf(writeCheckpoint(join(folder, 'taken.pt'), checkpoint), 'ERR_OUTPUT');
    expect((await readdir(folder)).sort()).toEqual(['file', 'taken.pt']);
  });

  it.each([
    ['ENOSPC', 'free space'],
    ['EACCES', 'permissions'],
    ['EROFS', 'read-only'],
    ['EIO', 'the device reports an error: check it'],
    ['EMFILE', 'i/o error'],
  ])('says what to do about %s', (code, advice) => {
    const cause = Object.assign(new Error(`${code}: i/o error, write`), {code, syscall: 'write'});
    expect(unwritableFile('/r/a.pt', cause)).toMatchObject({
      code: 'ERR_OUTPUT',
      message: expect.stringContaining(advice),
    });
  });
});

describe('writeAttackResult', () => {
  it('writes a record that reads back the same', async () => {
    const original = await readCheckpoint(fixture('attack_result.pt'));
    if (original.record === null) throw new Error('no record');
    const {record, stateDict} = original;
    const folder = await temporaryFolder();
    for (const poisonedTrain of [record.poisonedTrain, null]) {
      const path = join(folder, 'attack_result.pt');
      await writeAttackResult(path, {...record, stateDict, poisonedTrain});
      const back = await readCheckpoint(path);
      expect(back.record).toEqual({...record, poisonedTrain});
      expect(described(back.stateDict)).toEqual(described(stateDict));
    }
  });

  it('writes info.pickle and the poison index list', async () => {
    const folder = await temporaryFolder();
    const info = join(folder, 'info.pickle');
    const options = {
      lr: 0.01,
      one: new PyFloat(1),
      size: new PyTuple([32, 32, 3]),
      none: null,
      list: ['a', true],
    };
    await writeInfoPickle(info, options);
    await withCheckpointFile(info, async ({value}) => {
      expect(value).toEqual(new Map(Object.entries({...options, one: 1})));
    });
    const list = join(folder, 'train_poison_index_list.pickle');
    await writePoisonIndexList(list, Uint8Array.of(0, 1, 1, 0));
    await withCheckpointFile(list, async ({value}) => {
      if (!(value instanceof NumpyArray)) throw new Error('no array');
      expect(value.type).toBe('float64');
      expect(Array.from(await value.numbers())).toEqual([0, 1, 1, 0]);
    });
  });
});

describe('pickle', () => {
  it('round-trips integers and floats of every range', async () => {
    const numbers = [
      0,
      255,
      256,
      65535,
      65536,
      2 ** 31 - 1,
      2 ** 31,
      -1,
      -(2 ** 31),
      -(2 ** 31) - 1,
      2 ** 53 - 1,
    ];
    const values: PickleValue[] = [
      ...numbers,
      2n ** 63n,
      -(2n ** 63n),
      2n ** 80n,
      0.5,
      -0,
      1e300,
      Number.NaN,
    ];
    const {pieces} = await pickle(values);
    const {value} = await unpickle(Buffer.concat(pieces), {source: 'a', vocabulary: VOCABULARY});
    expect(value).toEqual(values);
  });

  it('keeps dict, OrderedDict, list and tuple apart', async () => {
    const value = [
      new Map([['a', [1]]]),
      new OrderedDict([['b', new PyTuple([])]]),
      [],
    ] as PickleValue;
    const {pieces} = await pickle(value);
    const back = await unpickle(Buffer.concat(pieces), {source: 'a', vocabulary: VOCABULARY});
    expect(back.value).toEqual(value);
    expect((back.value as unknown[]).map((item) => item?.constructor.name)).toEqual([
      'Map',
      'OrderedDict',
      'Array',
    ]);
  });
});

const python = process.env.SAU_TEST_PYTHON ?? '';
const ORACLE = join(ROOT, 'scripts/oracle');
const CHECK = `
import sys, numpy, torch
safe = torch.load(sys.argv[1], weights_only=True)
want = torch.load(sys.argv[3], weights_only=True)
assert list(safe) == ["model_name", "num_classes", "model"], list(safe)
assert type(safe["model"]).__name__ == "OrderedDict" and list(safe["model"]) == list(want)
assert all(torch.equal(safe["model"][k], v) and safe["model"][k].dtype == v.dtype for k, v in want.items())
def same(a, b, at):
    assert type(a) is type(b), (at, type(a), type(b))
    if isinstance(a, dict):
        assert [int(k) if isinstance(k, numpy.int64) else k for k in b] == list(a), at
        for key in a: same(a[key], b[key], at + [key])
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), at
        for i, pair in enumerate(zip(a, b)): same(*pair, at + [i])
    elif isinstance(a, numpy.ndarray): assert a.dtype == b.dtype and a.shape == b.shape and (a == b).all(), at
    elif isinstance(a, torch.Tensor): assert a.dtype == b.dtype and torch.equal(a, b), at
    else: assert a == b, at
same(torch.load(sys.argv[2], weights_only=False), torch.load(sys.argv[4], weights_only=False), [])
print("equal")
`;

const MAKE = `
import sys; sys.path.insert(0, sys.argv[1])
import torch
from networks import network
torch.save(network(sys.argv[2], 4).state_dict(), sys.argv[3])
`;
const LOAD = `
import sys; sys.path.insert(0, sys.argv[1])
import torch
from networks import network
model = network(sys.argv[2], 4)
weights = torch.load(sys.argv[3], weights_only=True)["model"]
model.load_state_dict(weights)
versions = model.state_dict()._metadata
holders = {path: versions[path] for path, module in model.named_modules() if module.state_dict()}
assert weights._metadata == holders, weights._metadata
print("loaded")
`;

describe('PyTorch', () => {
  it.skipIf(!existsSync(python)).each(['mnasnet1_0', 'resnet18'])(
    'loads %s strictly, with the versions of its modules',
    async (modelName) => {
      const folder = await temporaryFolder();
      const [theirs, ours] = [join(folder, 'theirs.pt'), join(folder, 'ours.pt')];
      const run = async (program: string, path: string) => {
        const args = ['-W', 'ignore', '-c', program, ORACLE, modelName, path];
        return (await promisify(execFile)(python, args)).stdout.trim();
      };
      await run(MAKE, theirs);
      const {stateDict} = await readCheckpoint(theirs);
      await writeCheckpoint(ours, {modelName, numClasses: 4, stateDict});
      expect(await run(LOAD, ours)).toBe('loaded');
    },
    60_000,
  );

  it.skipIf(!existsSync(python))(
    'opens what we write, with the same types and values',
    async () => {
      const original = await readCheckpoint(fixture('attack_result.pt'));
      if (original.record === null) throw new Error('no record');
      const {record, stateDict} = original;
      const folder = await temporaryFolder();
      const defense = join(folder, 'defense_result.pt');
      const attack = join(folder, 'attack_result.pt');
      await writeCheckpoint(defense, {modelName: 'preactresnet18', numClasses: 4, stateDict});
      await writeAttackResult(attack, {...record, stateDict});
      expect((await stat(attack)).size).toBeGreaterThan(0);
      const files = [defense, attack, fixture('bare.pt'), fixture('attack_result.pt')];
      const {stdout} = await promisify(execFile)(python, ['-W', 'ignore', '-c', CHECK, ...files]);
      expect(stdout.trim()).toBe('equal');
    },
    60_000,
  );
});
