import {spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {KNOWN} from '../../lib/datasets/known.js';
import {archiveServer, useDataWorld} from '../support/data_world.js';
import {namesIn} from '../support/folders.js';
import {expectSchema} from '../support/json_schemas.js';
import {IS_BUILT, ROOT} from '../support/paths.js';
import {builtPackage, type Finished} from '../support/program.js';
import {fileServer, finished, saidBy, useSetupWorld} from '../support/setup_world.js';

const CIFAR = 'cifar-10-python.tar.gz';
/** Whether this user may mount a small disk in a namespace of its own. */
const MAY_MOUNT =
  spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
const HAS_SCRIPT = spawnSync('script', ['--version']).status === 0;
const PYTHON = process.env.SAU_TEST_PYTHON ?? '';
const LIBTORCH = Object.fromEntries(
  ['LIBTORCH', 'SAU_NATIVE_LIBTORCH', 'SAU_NATIVE_CACHE'].map((name) => [name, process.env[name]]),
);
const SMALL = ['--model', 'preactresnet18_w8', '--device', 'cpu', '--threads', '1'];

describe.skipIf(!IS_BUILT)('sau-native data', () => {
  const world = useSetupWorld();
  const data = useDataWorld();
  const start = (args: readonly string[], env = {}) => world.start(args, env, data.program);
  const sau = (args: readonly string[], env = {}): Promise<Finished> => finished(start(args, env));
  /** With the LibTorch of these tests. */
  const run = (args: readonly string[]): Promise<Finished> => sau(args, LIBTORCH);
  const fetched = (...names: string[]): string => join(world.folder, 'data', ...names);
  /** A command with a terminal, on which somebody answers the first question. */
  const onTerminal = async (command: string, answer: string, source: string) => {
    const script = world.file('run.sh', `exec "${process.execPath}" "${data.program}" ${command}`);
    const env = {...process.env, CI: undefined, SAU_NATIVE_DATA_SOURCE: source};
    const child = spawn('script', ['-qec', `sh ${script}`, '/dev/null'], {cwd: world.folder, env});
    let said = '';
    child.stdout.on('data', (text) => {
      if (!said.includes('[y/N]') && String(said + text).includes('[y/N]')) {
        child.stdin.write(`${answer}\n`);
      }
      said += text;
    });
    const {status} = await finished(child);
    return {said, status};
  };
  const archive = (name: string): Buffer => data.archives.get(name) ?? Buffer.alloc(0);

  it.each([
    ['cifar10', ['cifar-10-batches-py'], {trainCount: 150, testCount: 30, numClasses: 10}],
    ['cifar100', ['cifar-100-python'], {trainCount: 100, testCount: 100, numClasses: 100}],
    ['gtsrb', ['Test', 'Train'], {trainCount: 43, testCount: 43, numClasses: 43}],
    ['tiny', ['tiny-imagenet-200'], {trainCount: 200, testCount: 200, numClasses: 200}],
  ] as const)(
    'brings %s to where the official loader expects it, once',
    async (name, folders, counts) => {
      const server = archiveServer(data.archives);
      const address = await world.serve(server.handle);
      const args = ['data', name, '--from', `${address}/mirror/`, '--json'];
      const first = JSON.parse((await sau(args)).stdout);
      const names = KNOWN[name].source.archives.map(({url}) => url.slice(url.lastIndexOf('/') + 1));
      expectSchema('data', first);
      expect(first).toEqual({
        schemaVersion: 1,
        ...{action: 'fetched', dataset: name, path: fetched(name), ...counts},
        format: KNOWN[name].layouts.at(-1)?.format,
        from: names.map((each) => `${address}/mirror/${each}`),
      });
      expect(namesIn(fetched())).toEqual([name]);
      expect(namesIn(fetched(name))).toEqual(folders);
      expect(server.asked).toEqual(names);
      const second = JSON.parse((await sau(args)).stdout);
      expect(second).toMatchObject({action: 'present', path: fetched(name), ...counts});
      expect(server.asked).toEqual(names);
    },
  );

  it('takes archives that were fetched elsewhere, after the same check', async () => {
    for (const [name, bytes] of data.archives) world.file(`downloads/${name}`, bytes);
    const {stdout} = await sau(['data', 'gtsrb', '--from', 'downloads', '--out', 'my sets']);
    const folder = join(world.folder, 'my sets', 'gtsrb');
    expect(stdout).toContain(
      `GTSRB is now in ${folder}: 43 training and 43 test images of 43 classes`,
    );
    expect(stdout).toContain(
      "$ sau-native attack badnet --data 'my sets/gtsrb' --save-folder-name badnet_demo",
    );
    const file = `downloads/${CIFAR}`;
    expect((await sau(['data', 'cifar10', '--quiet'], {SAU_NATIVE_DATA_SOURCE: file})).status).toBe(
      0,
    );
    expect(namesIn(fetched('cifar10'))).toEqual(['cifar-10-batches-py']);
    const other = world.file('other.tar.gz', archive('cifar-100-python.tar.gz'));
    const {stderr, status} = await sau(['data', 'cifar10', '--out', 'elsewhere', '--from', other]);
    expect(stderr).toMatch(
      /Expected sha256 \w{64} for .*other.tar.gz but received .*\n.*ERR_CHECKSUM/,
    );
    expect(status).toBe(1);
    expect(existsSync(join(world.folder, 'elsewhere'))).toBe(false);
  });

  it("has the authors' checksums, which no other file passes", async () => {
    const address = await world.serve(archiveServer(data.archives).handle);
    const {stderr, status} = await world.sau(['data', 'cifar10', '--from', address]);
    expect(stderr).toMatch(
      /Expected sha256 6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce for http/,
    );
    expect(status).toBe(1);
    expect(namesIn(world.folder)).toEqual([]);
  });

  it.each([
    [
      ['data', 'svhn'],
      2,
      /Expected one of cifar10, cifar100, gtsrb, tiny for <dataset> but received "svhn"/,
    ],
    [['data', 'imagenet'], 2, /for <dataset> but received "imagenet"/],
    [['data'], 2, /missing required argument 'dataset'/],
    [['data', 'tiny', '--from', 'none'], 2, /for --from but received .*none: there is nothing/],
    [['data', 'tiny', '--from', '.'], 2, /there is no file tiny-imagenet-200.zip in it/],
    [['data', 'gtsrb', '--from', '/etc/passwd'], 2, /it is one file, and there are 3/],
    [['data', 'tiny', '--from', '/dev/null'], 2, /it is neither a file nor a folder/],
    [['data', 'tiny', '--from', 'http://'], 2, /it is no address/],
  ])('refuses %j', async (args, code, message) => {
    const {stderr, status} = await sau(args);
    expect(stderr).toMatch(message);
    expect(status).toBe(code);
    expect(namesIn(world.folder)).toEqual([]);
  });

  it('goes on where a connection broke, and after an abort in a later call', async () => {
    const bytes = archive(CIFAR);
    const cut = Math.floor(bytes.length / 3);
    const server = fileServer(bytes, {cutAfter: cut});
    const first = await sau(['data', 'cifar10', '--from', await world.serve(server.handle)]);
    expect(first.stderr).toMatch(/trying again from byte [1-9]/);
    expect(server.ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
    expect(first.status).toBe(0);
    rmSync(fetched(), {recursive: true});

    const hanging = fileServer(bytes, {cutAfter: cut, stall: true});
    const address = await world.serve(hanging.handle);
    const child = start(['data', 'cifar10', '--from', address]);
    await saidBy(child, /kB of/);
    child.kill('SIGINT');
    expect((await finished(child)).status).toBe(130);
    expect(namesIn(fetched())).toEqual(['.sau-native-data']);
    expect((await sau(['data', 'cifar10', '--from', address])).status).toBe(0);
    expect(hanging.ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
    expect(namesIn(fetched())).toEqual(['cifar10']);
  });

  it('says what a server answered, and leaves nothing', async () => {
    const address = await world.serve((_, response) => response.writeHead(404).end());
    const {stderr, status} = await sau(['data', 'tiny', '--from', address]);
    expect(stderr).toMatch(/tiny-imagenet-200.zip but the server answered 404/);
    expect(stderr).toContain('with `npx sau-native data tiny --from FOLDER`');
    expect(stderr).toContain('(ERR_DOWNLOAD)');
    expect(status).toBe(1);
    expect(namesIn(world.folder)).toEqual([]);
  });

  it('fetches once for two processes at once', async () => {
    let release = (): void => undefined;
    const server = archiveServer(data.archives);
    const address = await world.serve((request, response) => {
      release = () => server.handle(request, response);
    });
    const args = ['data', 'cifar10', '--from', address, '--json'];
    const first = start(args);
    const firstEnd = finished(first);
    await saidBy(first, /fetching/);
    const second = start(args);
    const secondEnd = finished(second);
    await saidBy(second, new RegExp(`note: process ${first.pid} is fetching it`));
    release();
    const ends = await Promise.all([firstEnd, secondEnd]);
    expect(ends.map(({stdout}) => JSON.parse(stdout).action)).toEqual(['fetched', 'present']);
    expect(server.asked).toEqual([CIFAR]);
    expect(namesIn(fetched())).toEqual(['cifar10']);
  });

  it('overwrites nothing: a part of the data set must be moved away first', async () => {
    world.file('data/cifar10/mine.txt', 'mine');
    world.file('data/cifar10/cifar-10-batches-py/data_batch_1', 'half');
    const server = archiveServer(data.archives);
    const args = ['data', 'cifar10', '--from', await world.serve(server.handle)];
    const {stderr, status} = await sau(args);
    expect(stderr).toMatch(
      /room for CIFAR-10 in .* but there is cifar-10-batches-py already.*\n.*ERR_OUTPUT/,
    );
    expect(status).toBe(1);
    expect(server.asked).toEqual([]);
    rmSync(fetched('cifar10/cifar-10-batches-py'), {recursive: true});
    expect((await sau(args)).status).toBe(0);
    expect(namesIn(fetched('cifar10'))).toEqual(['cifar-10-batches-py', 'mine.txt']);
    expect(readFileSync(fetched('cifar10/mine.txt'), 'utf8')).toBe('mine');
  });

  it.skipIf(!MAY_MOUNT)('sees before it fetches that the disk is too small', async () => {
    const server = archiveServer(data.archives);
    const address = await world.serve(server.handle);
    mkdirSync(fetched());
    const script =
      'mount -t tmpfs -o size=100m tmpfs data || exit 99; "$@"; echo "status $?"; find data -mindepth 1';
    const command = [process.execPath, data.program, 'data', 'cifar10', '--from', address];
    const {stdout, stderr} = await finished(
      spawn('unshare', ['-rm', 'sh', '-c', script, 'sh', ...command], {cwd: world.folder}),
    );
    expect(stderr).toMatch(
      /Expected 3\d\d MB of free space in .* for CIFAR-10 but there are .*`--out`/,
    );
    expect(stdout).toBe('status 1\n');
    expect(server.asked).toEqual([]);
  });

  it('leaves nothing of a data set where the disk fills while it is unpacked', async () => {
    const file = world.file(`downloads/${CIFAR}`, archive(CIFAR));
    const before = namesIn(world.folder);
    // No file may be longer than 40 KiB; a batch of 30 images is.
    const command = [process.execPath, data.program, 'data', 'cifar10', '--from', file];
    const {stderr, status} = await finished(
      spawn('bash', ['-c', 'ulimit -f 40; exec "$@"', 'bash', ...command], {cwd: world.folder}),
    );
    expect(stderr).toMatch(/Expected to write .* but no file may be so long here/);
    expect(stderr).toContain('(ERR_OUTPUT)');
    expect(status).toBe(1);
    expect(namesIn(world.folder)).toEqual(before);
  });

  it.skipIf(!MAY_MOUNT)(
    'keeps what is fetched where a disk has no room for its files',
    async () => {
      const server = archiveServer(data.archives);
      const address = await world.serve(server.handle);
      mkdirSync(fetched());
      const script =
        'mount -t tmpfs -o size=2g,nr_inodes=60 tmpfs data || exit 99; "$@"; echo "status $?"; find data -mindepth 1';
      const command = [process.execPath, data.program, 'data', 'gtsrb', '--from', address];
      const {stdout, stderr} = await finished(
        spawn('unshare', ['-rm', 'sh', '-c', script, 'sh', ...command], {cwd: world.folder}),
      );
      expect(stderr).toMatch(/Expected to write .* but the disk is full: free space/);
      expect(stderr).toContain('(ERR_OUTPUT)');
      expect(stdout).toMatch(/^status 1\n/);
      expect(stdout).not.toMatch(/\.ppm|GT-/);
    },
  );

  it('is the library function of the same', async () => {
    const {fetchDataset} = builtPackage();
    const from = world.file(CIFAR, archive(CIFAR));
    const out = join(world.folder, 'sets');
    const failed = fetchDataset({dataset: 'cifar10', out, from});
    await expect(failed).rejects.toMatchObject({code: 'ERR_CHECKSUM'});
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(fetchDataset({dataset: 'cifar10', out, from}, {signal})).rejects.toThrow('enough');
    expect(existsSync(out)).toBe(false);
  });

  describe("the reference's two commands", () => {
    it('work as they stand after it, from an empty folder', async () => {
      const small = ['--epochs', '1', ...SMALL];
      const attack = ['attack', 'badnet', '--save_folder_name', 'badnet_demo'];
      const without = await run([...attack, ...small]);
      expect(without.stderr).toContain(
        'Fetch it with `npx sau-native data cifar10`, or check --data.',
      );
      expect(without.status).toBe(1);
      expect(namesIn(world.folder)).toEqual([]);

      const address = await world.serve(archiveServer(data.archives).handle);
      await sau(['data', 'cifar10', '--from', address]);
      const attacked = await run([...attack, ...small]);
      expect(attacked.stderr).not.toContain('ERR_');
      expect(attacked.stdout).toMatch(/15 poisoned training images, 1 epoch on cpu/);
      const record = join(world.folder, 'record', 'badnet_demo');
      const {record: stored} = await builtPackage().readCheckpoint(record);
      expect(stored).toMatchObject({dataPath: './data/cifar10', datasetName: 'cifar10'});

      const defend = ['defend', '--result_file', 'badnet_demo', ...SMALL.slice(2)];
      const defended = await run([...defend, '--n_rounds', '1', '--batch_size', '4']);
      expect(defended.stderr).not.toContain('ERR_');
      expect(existsSync(join(record, 'defense/sau/defense_result.pt'))).toBe(true);

      rmSync(fetched(), {recursive: true});
      const again = await run([...defend, '--n_rounds', '1', '--out', 'again']);
      expect(again.stderr).toMatch(
        /Expected a data set to take --clean 5pct from but found none. Fetch it with `npx sau-native data cifar10`, name/,
      );
      expect(again.status).toBe(1);
      const measured = await run(['evaluate', '--ckpt', 'record/badnet_demo', ...SMALL.slice(2)]);
      expect(measured.stderr).toMatch(
        /ACC is not measured. Fetch it with `npx sau-native data cifar10`/,
      );
    });

    it('find the data at its usual place where the record has it from elsewhere', async () => {
      const address = await world.serve(archiveServer(data.archives).handle);
      await sau(['data', 'cifar10', '--from', address, '--out', 'elsewhere']);
      const args = ['attack', 'badnet', '--data', 'elsewhere/cifar10', '--epochs', '1', ...SMALL];
      await run(args);
      mkdirSync(fetched());
      renameSync(join(world.folder, 'elsewhere/cifar10'), fetched('cifar10'));
      const {stdout} = await run([
        ...['evaluate', '--result_file', 'badnet', '--json', '--quiet', ...SMALL.slice(2)],
      ]);
      expect(JSON.parse(stdout).metrics).toMatchObject({cleanCount: 30});
    });

    it.skipIf(!existsSync(PYTHON))(
      'leave a record whose data the official loader finds',
      async () => {
        const address = await world.serve(archiveServer(data.archives).handle);
        await sau(['data', 'cifar10', '--from', address]);
        await run(['attack', 'badnet', '--save_folder_name', 'demo', '--epochs', '1', ...SMALL]);
        const check = join(ROOT, 'scripts/oracle/check_record.py');
        const record = join(world.folder, 'record', 'demo');
        const args = ['-W', 'ignore', check, record, '--data', fetched('cifar10')];
        const {stdout, stderr} = spawnSync(PYTHON, args, {encoding: 'utf8'});
        expect(stderr).toBe('');
        expect(stdout).toContain('15 poisoned training images, 27 poisoned test images');
      },
    );

    it.skipIf(!HAS_SCRIPT).each([
      ['y', 'fetches it', true],
      ['n', 'goes no further', false],
    ])('ask on a terminal, and an answer of %s %s', async (answer, _, isFetched) => {
      const address = await world.serve(archiveServer(data.archives).handle);
      const {said, status} = await onTerminal('attack badnet --poison-only', answer, address);
      expect(said).toMatch(/CIFAR-10 is not there. Fetch it to .*data now \(about 170 MB\)\?/);
      expect(status).toBe(isFetched ? 0 : 1);
      expect(existsSync(fetched('cifar10'))).toBe(isFetched);
      expect(existsSync(join(world.folder, 'record/badnet/bd_train_dataset'))).toBe(isFetched);
      if (!isFetched) expect(said).toContain('Fetch it with `npx sau-native data cifar10`');
    });

    it.skipIf(!HAS_SCRIPT)('ask for the data set of a record before a sandbox', async () => {
      const address = await world.serve(archiveServer(data.archives).handle);
      await sau(['data', 'cifar10', '--from', address]);
      await run([
        'attack',
        'badnet',
        '--save_folder_name',
        'badnet_demo',
        '--epochs',
        '1',
        ...SMALL,
      ]);
      const rest = SMALL.slice(2).join(' ');
      const commands = [
        [`scan --ckpt record/badnet_demo --clean 20 ${rest}`, 'n', 1],
        [`defend --result_file badnet_demo --rounds 1 --out out ${rest}`, 'y', 0],
      ] as const;
      rmSync(fetched(), {recursive: true});
      for (const [command, answer, expected] of commands) {
        const {said, status} = await onTerminal(command, answer, address);
        expect(said).toMatch(/CIFAR-10 is not there. Fetch it to .*data now \(about 170 MB\)\?/);
        expect(status).toBe(expected);
      }
      expect(existsSync(fetched('cifar10'))).toBe(true);
    });
  });
});
