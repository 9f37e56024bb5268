import {cpSync, existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {writeSafetensors} from '../../lib/checkpoint/safetensors_writer.js';
import {makeSyntheticDataset} from '../../lib/datasets/synthetic.js';
import {writePngs} from '../../lib/datasets/write_pngs.js';
import type {AttackOptions, DefendOptions} from '../../lib/options/documented.js';
import {put} from '../support/data_files.js';
import {builtPackage} from '../support/program.js';
import {programPath} from '../support/programs.js';
import {ZIP} from '../support/setup_world.js';
import {CPU, SCALE} from '../support/world.js';
import type {Scene} from './walk.js';
import {keepsWeights} from './writers.js';

/** What the scenes read, and what their folders have before. */
export interface Stage {
  readonly data: string;
  readonly record: string;
  /** The record's weights in another format. */
  readonly safetensors: string;
  /** A folder for the results that scenes begin with. */
  readonly earlier: string;
}

const ATTACK = {
  kind: 'badnet',
  ...CPU,
  ...SCALE,
  model: 'preactresnet18_w2',
  epochs: 1,
  batchSize: 8,
  cropPadding: 0,
} as const;
const ROUND = {rounds: 1, batchSize: 8} as const;

/** Draws the images and makes a record of them. */
export async function setStage(folder: string): Promise<Stage> {
  const {attack, readCheckpoint} = builtPackage();
  const data = join(folder, 'data', 'shapes');
  const made = await makeSyntheticDataset({seed: 1, trainPerClass: 4, testPerClass: 2, size: 16});
  for (const split of ['train', 'test'] as const) {
    const set = made[split];
    await writePngs(set, (i) =>
      join(data, split, made.classNames[set.labels[i] ?? 0] ?? '', `${i}.png`),
    );
  }
  const record = join(folder, 'record', 'badnet');
  await attack({...ATTACK, data, out: record});
  const safetensors = join(folder, 'model.safetensors');
  await writeSafetensors(safetensors, (await readCheckpoint(record)).stateDict);
  return {data, record, safetensors, earlier: join(folder, 'earlier')};
}

/** A training that can be continued stays; an earlier record is then set aside. */
const keepsTraining = (lines: readonly string[]): boolean =>
  lines.some((line) => line.endsWith('attack_epoch_latest.pt'));

const STATE = 'defense_state.pt';

/** So does the state of a defense that can go on. */
const keepsState = (lines: readonly string[]): boolean =>
  keepsWeights(lines) ||
  (lines.includes(`+ ${STATE}`) &&
    lines.every((line) => line === `+ ${STATE}` || line.startsWith('+ unfinished/')));

/** Defenses: into a new folder, over another result, of other formats. One that can go on does. */
export async function defenseScenes(stage: Stage): Promise<Scene[]> {
  const {data, record, safetensors, earlier} = stage;
  const {defend} = builtPackage();
  const before = join(earlier, 'defense');
  await defend({...CPU, ...ROUND, clean: '10', ckpt: record, method: 'ft', out: before});
  const scene = (name: string, options: DefendOptions, rest: Partial<Scene> = {}): Scene => {
    const call = (more: object) => (out: string) => ({
      name: 'defend',
      args: [{...CPU, clean: '10', ...options, ...more, out}],
    });
    const again = (out: string) =>
      call(existsSync(join(out, STATE)) ? {resume: true} : {force: true})(out);
    const first = call({force: rest.before !== undefined});
    return {...{name, before: null, mayLeave: keepsState, call: first, again}, ...rest};
  };
  const foreign = {ckpt: safetensors, data, ...SCALE, model: 'preactresnet18_w2'} as const;
  return [
    scene('defend', {...ROUND, ckpt: record}),
    scene('defend over an earlier result', {...ROUND, ckpt: record}, {before}),
    scene('defend with tables, a report and safetensors', {
      ...foreign,
      ...{method: 'clp', report: true},
    }),
    scene('defend of a program', {
      ...{...ROUND, ckpt: record, program: programPath('preactresnet18_w2'), writeProgram: true},
    }),
  ];
}

/** Attacks: new, over a record, continued, and without a training. */
export async function attackScenes({data, record, earlier}: Stage): Promise<Scene[]> {
  const two = {...ATTACK, epochs: 2, data};
  const begun = join(earlier, 'begun');
  const controller = new AbortController();
  await builtPackage()
    .attack(
      {...two, out: begun},
      {
        signal: controller.signal,
        onProgress: (progress) =>
          progress.kind === 'batch' && progress.round === 1 && controller.abort(),
      },
    )
    .catch(() => undefined);
  const scene = (name: string, options: AttackOptions, rest: Partial<Scene> = {}): Scene => {
    const call = (more: object) => (out: string) => ({
      name: 'attack',
      args: [{...options, ...more, out}],
    });
    const first = rest.before === undefined ? {} : {force: true};
    return {
      ...{name, before: null, mayLeave: keepsTraining},
      ...{call: call(options.resume ? {} : first), again: call({force: true, resume: false})},
      ...rest,
    };
  };
  return [
    scene('attack', {...ATTACK, data, preview: true}),
    scene('attack over an earlier record', {...ATTACK, data, seed: 1}, {before: record}),
    scene('attack, continued', {...two, resume: true}, {before: begun}),
    scene('attack without a training', {...ATTACK, data, poisonOnly: true}),
  ];
}

/** Whether a file is all that a failed run has left: it is whole, and what failed came after it. */
const isOnly =
  (line: string) =>
  (lines: readonly string[]): boolean =>
    lines.every((one) => one === line);

/** What reads models or data sets and writes a few files. */
export async function readingScenes({data, record, earlier}: Stage): Promise<Scene[]> {
  const defense = join(earlier, 'defense');
  const reported = join(earlier, 'reported');
  cpSync(defense, reported, {recursive: true});
  const scan = (more: object) => (out: string) => ({
    name: 'scan',
    args: [
      {
        ...{ckpt: record, ...CPU, dataFree: true, marginStarts: 1, marginIterations: 2},
        ...{report: true, out, ...more},
      },
    ],
  });
  const report = (out: string) => ({
    name: 'report',
    args: [out, {...CPU, evidence: true}],
  });
  const preview = (out: string) => ({
    name: 'inspectDataset',
    args: [{data, preview: join(out, 'preview.png')}],
  });
  return [
    {
      ...{name: 'scan', before: null, call: scan({}), again: scan({force: true})},
      mayLeave: isOnly('+ scan.json'),
    },
    {
      ...{name: 'report', before: reported, call: report, again: report},
      ...{mayLack: 'evidence.json', mayLeave: isOnly('+ evidence.json')},
    },
    {name: 'inspect with a preview', before: dirname(record), call: preview, again: preview},
  ];
}

/** What makes folders with many files. */
export function longScenes({record}: Stage): Scene[] {
  const compare = (out: string) => ({
    name: 'compare',
    args: [{...CPU, ckpt: record, methods: ['clp', 'ep'], seeds: [0], clean: '10', out}],
  });
  const demo = (more: object) => (out: string) => ({
    name: 'demo',
    args: [
      {
        ...CPU,
        ...{trainPerClass: 2, testPerClass: 1, size: 16, width: 2, epochs: 1, rounds: 1},
        ...{trainBatchSize: 8, batchSize: 8, clean: '10', out, ...more},
      },
    ],
  });
  return [
    {
      ...{name: 'compare', before: null, call: compare, again: compare, most: 1},
      // What is done stays for the next call.
      mayLeave: (lines) => lines.every((line) => line.startsWith('+ ')),
    },
    {name: 'demo', before: null, call: demo({}), again: demo({force: true}), most: 1},
  ];
}

/** What fetches LibTorch; `folder` is a free one. */
export async function setupScenes(folder: string): Promise<Scene[]> {
  const zip = await put(join(folder, 'libtorch.zip'), ZIP);
  const setup = (cache: string) => ({
    ...{name: 'setup', args: [{from: zip}], env: {SAU_NATIVE_CACHE: cache}},
  });
  return [{name: 'setup', before: null, call: setup, again: setup}];
}

/** What fetches a data set, of which the archives are in a folder. */
export function dataScenes(archives: string): Scene[] {
  const fetch = (dataset: string) => (out: string) => ({
    ...{name: 'fetchDataset', args: [{dataset, from: archives, out}]},
  });
  return ['cifar10', 'gtsrb'].map((name) => ({
    ...{name: `data ${name}`, before: null, call: fetch(name), again: fetch(name)},
    ...(name === 'gtsrb' ? {most: 1} : {}),
  }));
}
