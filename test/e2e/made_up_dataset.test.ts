import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {put, someBytes} from '../support/data_files.js';
import {copyPackage} from '../support/data_world.js';
import {IS_BUILT} from '../support/paths.js';
import {entriesOf, makeTar} from '../support/raw_tar.js';

/** Three classes, and four images in two files. */
const FILES = new Map(
  ['one', 'two', 'three'].map((name, i) => [
    `gems/${name}.bin`,
    Buffer.from([i, ...someBytes(3072, i), 2, ...someBytes(3072, 9 + i)]),
  ]),
);
const ARCHIVE = gzipSync(makeTar(entriesOf(FILES)));
const ENTRY = {
  title: 'Gems',
  aliases: ['stones'],
  numClasses: 3,
  classes: ['agate', 'beryl', 'citrine'],
  classTitles: ['Agate', 'Beryl', 'Citrine'],
  size: 32,
  mean: [0.1, 0.2, 0.3],
  std: [0.4, 0.5, 0.6],
  layouts: [
    {
      reader: 'cifar-binary',
      format: 'gems-binary',
      folder: 'gems',
      train: ['one.bin', 'two.bin'],
      test: ['three.bin'],
      labelBytes: 1,
      names: 'names.txt',
    },
  ],
  source: {
    page: 'https://gems.example',
    archives: [
      {
        url: 'https://gems.example/gems.tar.gz',
        bytes: ARCHIVE.length,
        sum: {sha256: createHash('sha256').update(ARCHIVE).digest('hex')},
        places: {gems: 'gems'},
      },
    ],
    bytes: 20_000,
  },
  usual: {
    rounds: 7,
    epochs: 11,
    fineTuningRounds: 13,
    schedule: 'cosine',
    cosineEpochs: null,
    flip: true,
  },
};

describe.skipIf(!IS_BUILT)(
  'a made-up data set, whose entry in the table is the one place that is touched',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'sau-made-up-'));
    let places = 0;
    beforeAll(() => {
      copyPackage(folder, (table) =>
        table.replaceAll('exports.KNOWN = {', (start) => {
          places += 1;
          return `${start}\n  gems: ${JSON.stringify(ENTRY)},`;
        }),
      );
    });
    afterAll(() => rmSync(folder, {recursive: true}));

    function node(...args: string[]): string {
      const {stdout, stderr, status} = spawnSync(process.execPath, args, {
        ...{cwd: folder, encoding: 'utf8'},
      });
      expect({stderr, status}).toEqual({stderr: '', status: 0});
      return stdout;
    }
    const sau = (...args: string[]): string =>
      node(join(folder, 'dist/bin/sau-native.js'), ...args);
    const script = (body: string): unknown =>
      JSON.parse(
        node('-e', `const lib = (name) => require('./dist/lib/' + name + '.js'); ${body}`),
      );

    it('is known to the help and the defaults of every command', () => {
      expect(places).toBe(1);
      const attack = sau('attack', 'badnet', '--help').replaceAll(/\s+/g, ' ');
      expect(attack).toContain('(auto, gems, cifar10,');
      expect(attack).toContain('gems-binary, cifar10-binary');
      expect(attack).toMatch(/--epochs <n> epochs \(default: 100; 11 for gems, 50 for gtsrb/);
      expect(attack).toMatch(/--flip .*on for gems, on for cifar10/);
      const defend = sau('defend', '--help').replaceAll(/\s+/g, ' ');
      expect(defend).toMatch(/7 for gems, 20 for tiny/);
      expect(sau('data', '--help').replaceAll(/\s+/g, ' ')).toContain(
        'Fetches gems (Gems), cifar10',
      );
      expect(
        script(`const {parseDefendConfig, resolveRounds, resolveTraining} = lib('options/config');
        const config = parseDefendConfig({ckpt: 'x', dataset: 'gems'});
        const {epochs} = resolveTraining({recipe: 'reference', epochs: null, schedule: null, scheduleLength: null, flip: null}, 'stones');
        console.log(JSON.stringify([config.dataset, resolveRounds(config, 'gems'), epochs]));`),
      ).toEqual(['gems', 7, 11]);
    });

    it('is fetched, recognized, opened and read', async () => {
      await put(join(folder, 'gems.tar.gz'), ARCHIVE);
      const result = JSON.parse(sau('data', 'gems', '--from', 'gems.tar.gz', '--json', '--quiet'));
      expect(result).toMatchObject({action: 'fetched', trainCount: 4, testCount: 2, numClasses: 3});
      expect(
        script(`lib('datasets/open_dataset').openDataset({path: 'data'}).then(async (set) => {
        const {labels} = await set.loadTrain();
        const {normalization} = lib('target/target');
        const scale = await normalization({mean: null, std: null}, null, set);
        console.log(JSON.stringify({...set, ...scale, labels: [...labels]}));
      });`),
      ).toMatchObject({
        ...{name: 'gems', format: 'gems-binary', height: 32, mean: ENTRY.mean, std: ENTRY.std},
        ...{classNames: ENTRY.classes, classTitles: ENTRY.classTitles, labels: [0, 2, 1, 2]},
        root: join(folder, 'data', 'gems'),
      });
    });
  },
);
