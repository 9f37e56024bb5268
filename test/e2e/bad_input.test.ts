import {spawnSync} from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {join, resolve} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import {writeAttackResult} from '../../lib/checkpoint/write_checkpoint.js';
import type {StateDict, TensorData} from '../../lib/index.js';
import {builtPackage, IS_BUILT, namesIn, SCALE_FLAGS, sau, useWorld} from './world.js';

const FIXTURES = resolve(__dirname, '../fixtures/checkpoint');
const RUN = ['--device', 'cpu', '--threads', '1', '--rounds', '1', '--batch-size', '8'];

describe.skipIf(!IS_BUILT)('sau-native refuses', () => {
  const world = useWorld();
  const file = (name: string): string => join(world.folder, name);
  let weights: StateDict;
  let className: string;

  beforeAll(async () => {
    if (!IS_BUILT) return;
    weights = (await builtPackage().readCheckpoint(world.record)).stateDict;
    className = readdirSync(join(world.data, 'test'))[0] ?? '';
  });

  interface Refusal {
    readonly status: number;
    readonly code: string;
    /** What the message has to name. */
    readonly names: readonly (string | RegExp)[];
  }

  /** Runs `defend` and checks that it fails as it should, having written nothing. */
  function expectRefusal(args: readonly string[], {status, code, names}: Refusal): void {
    const out = file('out');
    const given = args.includes('--clean') ? [] : ['--clean', '10'];
    const finished = sau(world.folder, ['defend', ...given, '--out', out, ...RUN, ...args]);
    for (const name of names) expect(finished.stderr).toMatch(name);
    expect(finished.stderr).toContain(`(${code})`);
    expect(finished).toMatchObject({status, stdout: ''});
    expect(namesIn(out)).toEqual([]);
    rmSync(out, {recursive: true, force: true});
  }

  async function write(name: string, change: (state: Map<string, TensorData>) => void) {
    const stateDict = new Map(weights);
    change(stateDict);
    const path = file(name);
    const head = {modelName: 'preactresnet18_w8', numClasses: 10};
    await builtPackage().writeCheckpoint(path, {...head, stateDict});
    return ['--ckpt', path, '--data', world.data, ...SCALE_FLAGS];
  }

  function tensor(name: string): TensorData {
    const found = weights.get(name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  }

  /** A copy of the data set with a change. */
  function dataWith(name: string, change: (folder: string) => void): string {
    const folder = file(name);
    cpSync(world.data, folder, {recursive: true});
    change(folder);
    return folder;
  }

  describe('a checkpoint', () => {
    it('that is truncated', () => {
      const bytes = readFileSync(join(world.record, 'attack_result.pt'));
      writeFileSync(file('truncated.pt'), bytes.subarray(0, bytes.length / 2));
      expectRefusal(['--ckpt', file('truncated.pt')], {
        status: 1,
        code: 'ERR_CHECKPOINT',
        names: ['truncated.pt', /truncated or damaged/],
      });
    });

    it('whose weights were damaged', () => {
      const bytes = readFileSync(join(world.record, 'attack_result.pt'));
      const middle = Math.floor(bytes.length / 2);
      bytes.fill(0x55, middle, middle + 64);
      writeFileSync(file('damaged.pt'), bytes);
      expectRefusal(['--ckpt', file('damaged.pt')], {
        status: 1,
        code: 'ERR_CHECKPOINT',
        names: ['damaged.pt', /checksum of entry data\/\d+/],
      });
    });

    it('that names code, of which nothing runs', () => {
      for (const name of ['malicious.pt', 'malicious_bare.pkl']) {
        expectRefusal(['--ckpt', join(FIXTURES, name)], {
          status: 1,
          code: 'ERR_UNSAFE_PICKLE',
          names: [name, /(posix|os)\.system/, /nothing was executed/],
        });
        expect(sau(world.folder, ['inspect', join(FIXTURES, name)])).toMatchObject({
          status: 1,
          stdout: '',
          stderr: expect.stringContaining('(ERR_UNSAFE_PICKLE)'),
        });
      }
      expect(existsSync(file('EXECUTED_BY_UNPICKLING'))).toBe(false);
    });

    it('that is not there', () => {
      expectRefusal(['--ckpt', 'absent.pt'], {
        status: 1,
        code: 'ERR_CHECKPOINT',
        names: ['absent.pt', /no such file/],
      });
      expectRefusal(['--result-file', 'absent'], {
        status: 1,
        code: 'ERR_CHECKPOINT',
        names: ['record/absent'],
      });
    });

    it('that lacks weights, listing them', async () => {
      const args = await write('missing.pt', (state) => {
        state.delete('linear.bias');
        state.delete('layer1.0.bn1.weight');
      });
      expectRefusal(args, {
        status: 1,
        code: 'ERR_CHECKPOINT',
        names: [/2 missing: layer1\.0\.bn1\.weight, linear\.bias/],
      });
    });

    it('that has other weights too, listing them', async () => {
      const args = await write('extra.pt', (state) =>
        state.set('head.bias', tensor('linear.bias')),
      );
      expectRefusal(args, {status: 1, code: 'ERR_CHECKPOINT', names: [/1 unknown: head\.bias/]});
    });

    it('that has weights of another shape, listing them', async () => {
      const bias = tensor('linear.bias');
      const args = await write('misshapen.pt', (state) =>
        state.set('linear.bias', {...bias, shape: [5], data: bias.data.slice(0, 20)}),
      );
      expectRefusal(args, {
        status: 1,
        code: 'ERR_CHECKPOINT',
        names: [/linear\.bias \(expected float32 \[10\], received float32 \[5\]\)/],
      });
    });

    it('whose loss is not a number', async () => {
      const weight = tensor('linear.weight');
      const nan = new Uint8Array(new Float32Array(weight.data.length / 4).fill(Number.NaN).buffer);
      const args = await write('nan.pt', (state) =>
        state.set('linear.weight', {...weight, data: nan}),
      );
      expectRefusal(args, {
        status: 1,
        code: 'ERR_DIVERGED',
        names: [/finite loss/, /nan in round 1/, /--learning-rate/],
      });
    });

    it('with another number of classes than the user says, or the data has', () => {
      expectRefusal(['--ckpt', world.record, '--num-classes', '7'], {
        status: 1,
        code: 'ERR_DATASET',
        names: [/--num-classes has 7/, /attack_result\.pt has 10/],
      });
      const five = dataWith('five_classes', (folder) => {
        for (const split of ['train', 'test']) {
          const names = readdirSync(join(folder, split)).slice(5);
          for (const name of names) rmSync(join(folder, split, name), {recursive: true});
        }
      });
      expectRefusal(['--ckpt', world.record, '--data', five], {
        status: 1,
        code: 'ERR_DATASET',
        names: [/has 10/, /five_classes has 5/],
      });
    });

    it('whose record has labels out of range', async () => {
      const {record} = await builtPackage().readCheckpoint(world.record);
      if (record?.poisonedTest == null) throw new Error('no poisoned test set');
      const {items} = record.poisonedTest;
      const changed = new Map([...items].map(([i, item]) => [i, {...item, attackLabel: 12}]));
      const folder = join(world.folder, 'record', 'labels');
      cpSync(world.record, folder, {recursive: true});
      await writeAttackResult(join(folder, 'attack_result.pt'), {
        ...record,
        modelName: 'preactresnet18_w8',
        numClasses: 10,
        stateDict: weights,
        poisonedTest: {...record.poisonedTest, items: changed},
      });
      expectRefusal(['--ckpt', folder], {
        status: 1,
        code: 'ERR_DATASET',
        names: [/labels in 0\.\.9/, /found 12/],
      });
    });
  });

  describe('a data set', () => {
    const refusal = (...names: (string | RegExp)[]): Refusal => ({
      status: 1,
      code: 'ERR_DATASET',
      names,
    });

    it('that is empty, a file, or not there', () => {
      mkdirSync(file('empty'));
      writeFileSync(file('a_file'), '');
      for (const name of ['empty', 'a_file', 'nowhere']) {
        expectRefusal(['--ckpt', world.record, '--data', file(name)], refusal(file(name)));
      }
    });

    it('with a class that has no images', () => {
      const data = dataWith('hollow', (folder) => {
        const images = join(folder, 'train', className);
        rmSync(images, {recursive: true});
        mkdirSync(images);
      });
      expectRefusal(
        ['--ckpt', world.record, '--data', data],
        refusal(join(data, 'train', className)),
      );
    });

    it('with a corrupt image, naming it', () => {
      let image = '';
      const data = dataWith('corrupt', (folder) => {
        const images = join(folder, 'test', className);
        image = join(images, readdirSync(images)[0] ?? '');
        writeFileSync(image, readFileSync(image).subarray(0, 60));
      });
      expectRefusal(['--ckpt', world.record, '--data', data], refusal(image, /cannot be decoded/));
    });

    it('that is smaller than --clean asks for', () => {
      expectRefusal(['--ckpt', world.record, '--clean', '121'], {
        status: 2,
        code: 'ERR_CONFIG',
        names: [/at most the 120 images/, /--clean/, /121/],
      });
    });

    it('where --clean needs one and there is none', async () => {
      const args = await write('no_data.pt', () => undefined);
      const withoutData = args.filter((arg) => arg !== '--data' && arg !== world.data);
      expectRefusal(withoutData, refusal(/--data/, /--clean 10/));
    });

    it('that attack is not given', () => {
      const {stderr, status} = sau(world.folder, ['attack', 'badnet']);
      expect(stderr).toMatch(/Expected --data .*\n {2}\(ERR_CONFIG\)/);
      expect(status).toBe(2);
    });
  });

  describe('a device', () => {
    it('that is unknown', () => {
      expectRefusal(['--ckpt', world.record, '--device', 'gpu'], {
        status: 2,
        code: 'ERR_CONFIG',
        names: [/auto, cpu, cuda or cuda:N for --device but received "gpu"/],
      });
    });

    it('that the machine does not have', () => {
      expectRefusal(['--ckpt', world.record, '--device', 'cuda:63'], {
        status: 4,
        code: 'ERR_DEVICE',
        names: [/cuda:63/],
      });
    });
  });

  describe('an output folder', () => {
    /** The out folder of these is theirs. */
    function expectNoRoom(out: string, message: RegExp): void {
      const finished = sau(world.folder, [
        ...['defend', '--ckpt', world.record, '--clean', '10', ...RUN, '--out', out],
      ]);
      expect(finished.stderr).toMatch(message);
      expect(finished.stderr).toContain('(ERR_OUTPUT)');
      expect(finished.stderr).not.toContain('unlearning'); // before the first round
      expect(finished).toMatchObject({status: 1, stdout: ''});
      expect(namesIn(out).filter((name) => /\.(pt|csv|jsonl|tmp)$/.test(name))).toEqual([]);
    }

    it('that cannot be made', () => {
      writeFileSync(file('in_the_way'), '');
      expectNoRoom(join(file('in_the_way'), 'out'), /in_the_way\/out.*--out/);
    });

    it('that may not be written', () => {
      expectNoRoom('/proc', /\/proc.*--out/);
    });

    it('without room for the result, before the first round', ({skip}) => {
      const disk = file('small_disk');
      mkdirSync(disk);
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
      if (mounted.status !== 0) skip('a small file system cannot be mounted here');
      try {
        expectNoRoom(disk, /Expected 1\.\d MiB of free space at .*small_disk/);
      } finally {
        spawnSync('umount', [disk]);
      }
    });
  });

  describe('a command line', () => {
    const refusal = (...names: (string | RegExp)[]): Refusal => ({
      status: 2,
      code: 'ERR_CONFIG',
      names,
    });

    it('with an unknown option, suggesting one', () => {
      expectRefusal(
        ['--ckpt', world.record, '--stepz', '1'],
        refusal(/--stepz/, /Did you mean --steps/),
      );
    });

    it('with both --ckpt and --result-file', () => {
      expectRefusal(
        ['--ckpt', world.record, '--result-file', 'badnet'],
        refusal(/exactly one of --ckpt and --result-file but received both/),
      );
    });

    it('with a YAML file that is none, or has a bad value', () => {
      writeFileSync(file('broken.yaml'), 'a: [1\nb: }');
      expectRefusal(
        ['--ckpt', world.record, '--config', 'broken.yaml'],
        refusal(/YAML file for --config but received broken\.yaml/),
      );
      writeFileSync(file('bad.yaml'), 'n_rounds: many\n');
      const args = ['defend', '--ckpt', world.record, '--config', 'bad.yaml'];
      const {stderr, status} = sau(world.folder, args);
      expect(stderr).toMatch(/integer > 0 for n_rounds in bad\.yaml but received "many"/);
      expect(status).toBe(2);
    });

    it('with a batch order that does not fit', () => {
      writeFileSync(file('order.json'), '[0, 1, 2, 3, 4, 5, 6, 7, 8, 10]');
      expectRefusal(
        ['--ckpt', world.record, '--batch-order', 'order.json'],
        refusal(/1 x 10 positions from 0 to 9 in order\.json/, /received the position 10/),
      );
    });

    it('without --mean and --std where they are not known', async () => {
      const args = await write('no_scale.pt', () => undefined);
      expectRefusal(
        args.slice(0, 6), // without --mean and --std
        refusal(/Expected --mean and --std for the data set/),
      );
    });
  });
});
