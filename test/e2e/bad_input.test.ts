import {spawnSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import {namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {sau} from '../support/program.js';
import {type Refusal, RUN, useRefusals} from '../support/refusals.js';

describe.skipIf(!IS_BUILT)('sau-native refuses', () => {
  const {world, file, expectRefusal, write, dataWith} = useRefusals();
  let className: string;

  beforeAll(() => {
    if (IS_BUILT) className = readdirSync(join(world.data, 'test'))[0] ?? '';
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

    it('that is not what --dataset says', async () => {
      const record = ['--ckpt', world.record];
      expectRefusal(
        [...record, '--dataset', 'gtsrb'],
        refusal(/43 classes of GTSRB/, /as --dataset gtsrb asks for, but found 10 classes/),
      );
      expectRefusal(
        [...record, '--dataset', 'cifar10-binary'],
        refusal(/cifar-10-batches-bin/, /of the format imagefolder/, world.data),
      );
      const weights = (await write('no_images.pt', () => undefined)).slice(0, 2);
      expectRefusal(
        [...weights, '--dataset', 'tiny'],
        refusal(/--dataset tiny has 200 and the checkpoint .* has 10/),
      );
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
      expect(stderr).toMatch(
        /Expected a data set at .*data\/cifar10 but .* Fetch it with `npx sau-native data cifar10`, or check --data\.\n {2}\(ERR_DATASET\)/,
      );
      expect(status).toBe(1);
      const folders = sau(world.folder, ['attack', 'badnet', '--dataset', 'imagefolder']);
      expect(folders.stderr).toMatch(/Expected --data .*\n {2}\(ERR_CONFIG\)/);
      expect(folders.status).toBe(2);
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
        expectNoRoom(disk, /Expected \d\.\d MiB of free space at .*small_disk/);
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
        refusal(/Expected --mean and --std for \S+data\/shapes of 10 classes/),
      );
    });
  });
});
