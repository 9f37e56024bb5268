import {cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {writeAttackResult} from '../../lib/records/write_checkpoint.js';
import {fixture} from '../support/checkpoint_fixtures.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {useRefusals} from '../support/refusals.js';

describe.skipIf(!IS_BUILT)('sau-native refuses', () => {
  const {world, file, expectRefusal, write, tensor, dataWith, weights} = useRefusals();

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
        names: ['damaged.pt', /checksum of entry attack_result\/data\/\d+/],
      });
    });

    it('that names code, of which nothing runs', () => {
      for (const name of ['malicious.pt', 'malicious_bare.pkl']) {
        expectRefusal(['--ckpt', fixture(name)], {
          status: 1,
          code: 'ERR_UNSAFE_PICKLE',
          names: [name, /(posix|os)\.system/, /nothing was executed/],
        });
        expect(sau(world.folder, ['inspect', fixture(name)])).toMatchObject({
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

    it('whose weights are not numbers', async () => {
      const weight = tensor('linear.weight');
      const nan = new Uint8Array(new Float32Array(weight.data.length / 4).fill(Number.NaN).buffer);
      const args = await write('nan.pt', (state) =>
        state.set('linear.weight', {...weight, data: nan}),
      );
      expectRefusal(args, {
        status: 1,
        code: 'ERR_DIVERGED',
        names: [/finite logits for the clean test images/, /weights are damaged/, /nan\.pt/],
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
        stateDict: weights(),
        poisonedTest: {...record.poisonedTest, items: changed},
      });
      expectRefusal(['--ckpt', folder], {
        status: 1,
        code: 'ERR_DATASET',
        names: [/labels in 0\.\.9/, /found 12/],
      });
    });
  });
});
