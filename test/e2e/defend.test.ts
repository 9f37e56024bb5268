import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {cp, rm} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {beforeAll, describe, expect, it} from 'vitest';
import type {
  DefendOptions,
  DefendResult,
  Progress,
  SauDefenseOptions,
  StateDict,
} from '../../lib/index.js';
import {jsonOf, linesOf, namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, HALF, SCALE, TEST_COUNT, TRAIN_COUNT, useWorld} from '../support/world.js';

/** python: random.seed(0); random.sample(range(120), 20) */
const PYTHON_SAMPLE = [
  108, 49, 97, 113, 53, 5, 33, 65, 62, 51, 117, 100, 106, 38, 61, 45, 74, 114, 116, 27,
];
const FILES = [
  'clean_index.txt',
  'config.json',
  'curves.svg',
  'defense_result.pt',
  'rounds.jsonl',
  'run.json',
  'sau_df.csv',
];

/** Bytes of every tensor, for comparisons bit by bit. */
function bitsOf(state: StateDict): Record<string, string> {
  const entries = [...state].map(([name, {data}]) => [name, Buffer.from(data).toString('base64')]);
  return Object.fromEntries(entries);
}

describe.skipIf(!IS_BUILT)('a defense of a record', () => {
  const world = useWorld();
  const progress: Progress[] = [];
  let result: DefendResult;
  let out: string;

  beforeAll(async () => {
    if (!IS_BUILT) return;
    result = await builtPackage().defend(
      {...CPU, ckpt: world.record, clean: '20', rounds: 2, batchSize: 8},
      {onProgress: (event) => progress.push(event)},
    );
    out = join(world.record, 'defense', 'sau');
  });

  it('writes its files beside the record, and no others', () => {
    expect(namesIn(out)).toEqual(FILES);
    expect(Object.values(result.files).sort()).toEqual(FILES.map((name) => join(out, name)));
  });

  it('writes the purified weights as a checkpoint that the package reads', async () => {
    const {readCheckpoint} = builtPackage();
    const [attacked, purified] = await Promise.all([world.record, out].map(readCheckpoint));
    expect(purified).toMatchObject({
      kind: 'defense_result',
      modelName: 'preactresnet18_w8',
      numClasses: 10,
    });
    expect([...(purified?.stateDict.keys() ?? [])]).toEqual([
      ...(attacked?.stateDict.keys() ?? []),
    ]);
    expect(purified?.stateDict.get('linear.weight')?.data).not.toEqual(
      attacked?.stateDict.get('linear.weight')?.data,
    );
  });

  it("writes python's sample of the training images", () => {
    expect(linesOf(join(out, 'clean_index.txt')).map(Number)).toEqual(PYTHON_SAMPLE);
  });

  it('writes a row and a line for each round', () => {
    const [header, ...rows] = linesOf(join(out, 'sau_df.csv'));
    expect(header).toMatch(/^,epoch,.*,test_acc,test_asr,test_ra$/);
    expect(rows.map((row) => row.split(',').slice(0, 2))).toEqual([
      ['0', '0'],
      ['1', '1'],
    ]);
    const {acc, asr, ra} = result.after;
    expect(rows[1]?.split(',').slice(-3).map(Number)).toEqual([acc, asr, ra]);
    const reports = linesOf(join(out, 'rounds.jsonl')).map((line): unknown => JSON.parse(line));
    expect(reports).toEqual(result.rounds.map((report) => ({schemaVersion: 1, ...report})));
  });

  it('draws the curves', () => {
    const svg = readFileSync(join(out, 'curves.svg'), 'utf8');
    expect(svg).toMatch(/^<svg/);
    expect(svg).toContain('20 clean images');
  });

  it('is opened again by its folder, with all that it was and did', async () => {
    const run = await builtPackage().readRun(out);
    const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
    expect(run).toMatchObject({
      ...{
        schemaVersion: 1,
        kind: 'defend',
        method: 'sau',
        device: 'cpu',
        precision: 'fp32',
        seed: 0,
      },
      ...{model: 'preactresnet18_w8', numClasses: 10, completedRounds: 2, interrupted: false},
      versions: {node: process.versions.node, libtorch: expect.stringMatching(/^\d+\.\d+\.\d+$/)},
      options: {rounds: 2, batchSize: 8, clean: '20', normBound: 0.2},
      dataset: {name: 'shapes', path: world.data, format: 'imagefolder', imageSize: [16, 16]},
      cleanSubset: {count: 20, chosen: '20', sha256: sha256(join(out, 'clean_index.txt'))},
      poisoned: null,
      before: result.before,
      after: result.after,
      der: result.der,
      verdict: result.verdict,
    });
    expect(result).toMatchObject({failedGates: [], verdict: {figures: {targets: 1}}});
    expect(run.dataset.classTitles).toEqual(namesIn(join(world.data, 'train')));
    const attacked = join(world.record, 'attack_result.pt');
    expect(run.checkpoint).toEqual({path: attacked, sha256: sha256(attacked)});
    expect(run.result).toEqual({
      path: 'defense_result.pt',
      sha256: sha256(join(out, 'defense_result.pt')),
    });
    expect(Date.now() - Date.parse(run.started ?? '')).toBeGreaterThan(1000 * (run.seconds ?? 0));
    const [first] = result.rounds;
    expect(run.rounds).toHaveLength(2);
    expect(run.rounds[0]).toMatchObject({round: 0, metrics: first?.metrics ?? null});
    expect(Object.keys(run.rounds[0]?.figures ?? {})).toEqual([
      'loss',
      'cleanLoss',
      'sharedLoss',
      'suspectShare',
    ]);
    expect(run.rounds[0]?.figures).toEqual(first?.figures);
    expect(Object.values(run.files).sort()).toEqual(FILES.filter((name) => name !== 'run.json'));
  });

  it('is opened alike where an older version wrote it, which had config.json alone', async () => {
    const older = join(world.folder, 'older');
    await cp(out, older, {recursive: true});
    await rm(join(older, 'run.json'));
    const {readRun} = builtPackage();
    const [now, then] = await Promise.all([out, older].map(readRun));
    const costs = {seconds: null, selection: null, passes: null, cost: null};
    const unknown = {started: null, verdict: null, ...costs};
    expect(then).toEqual({
      ...{...now, ...unknown},
      checkpoint: {...now?.checkpoint, sha256: null},
      result: {...now?.result, sha256: null},
      dataset: {...now?.dataset, format: null, classTitles: null},
      cleanSubset: {...now?.cleanSubset, sha256: null},
    });
  });

  it('gives the same weights bit by bit when it is run again from its config.json', async () => {
    const {config} = jsonOf(join(out, 'config.json')) as {config: DefendOptions};
    const {defend, readCheckpoint} = builtPackage();
    const again = join(world.folder, 'again');
    await defend({...config, out: again});
    const [first, second] = await Promise.all([out, again].map(readCheckpoint));
    expect(first).toBeDefined();
    expect(bitsOf(second?.stateDict ?? new Map())).toEqual(bitsOf(first?.stateDict ?? new Map()));
  });

  it('tells its stages, the model before, and each round in order', () => {
    const told = progress.map((event) => (event.kind === 'stage' ? event.message : event.kind));
    expect(told.filter((kind) => !['batch', 'images', 'note'].includes(kind))).toEqual([
      'reading the checkpoint and the images',
      'preparing the device',
      'estimate',
      'measuring the backdoored model',
      'before',
      'unlearning',
      'round',
      'round',
      'writing the result',
    ]);
    const reports = progress.flatMap((event) => (event.kind === 'round' ? [event.report] : []));
    expect(reports).toEqual(result.rounds);
    expect(reports.map(({round}) => round)).toEqual([0, 1]);
    expect(progress.find((event) => event.kind === 'before')).toMatchObject({
      metrics: result.before,
    });
  });

  it('says at its start where the model hardly recognizes anything, as this one after two epochs', () => {
    const notes = progress.flatMap((event, i) => (event.kind === 'note' ? [{i, ...event}] : []));
    const doubt = notes.find(({message}) => message.includes('hardly more than one that guesses'));
    const first = progress.findIndex(({kind}) => kind === 'batch');
    expect(doubt?.i).toBeLessThan(first);
    expect(result.verdict).toMatchObject({state: 'unknown', because: 'untrained-model'});
  });

  it('counts the images that it reads and measures, all of each set', () => {
    const whole = progress.flatMap((event) =>
      event.kind === 'images' && event.done === event.of ? [`${event.doing} ${event.of}`] : [],
    );
    const all = result.before.cleanCount + result.before.poisonedCount;
    expect(whole).toEqual([
      `finding ${TRAIN_COUNT + TEST_COUNT}`,
      ...['reading 20', `reading ${result.before.cleanCount}`],
      `reading ${result.before.poisonedCount}`,
      ...Array.from({length: 3}, () => `measuring ${all}`), // before, and after each round
    ]);
  });

  it('counts its batches up to the last, with the time left for measuring there', () => {
    const batches = progress.flatMap((event) => (event.kind === 'batch' ? [event] : []));
    const places = batches.map(({round, batch}) => [round, batch]);
    const expected = [0, 1].flatMap((round) => [1, 2, 3].map((batch) => [round, batch]));
    expect(places.filter(([, batch]) => batch !== 0)).toEqual(expected);
    expect(batches.every(({rounds, batches: all}) => rounds === 2 && all === 3)).toBe(true);
    const left = batches.map(({secondsLeft}) => secondsLeft);
    expect(left.every((seconds) => seconds === null || seconds >= 0)).toBe(true);
    expect(left.at(-1)).toBeGreaterThan(0);
    const rounds = progress.flatMap((event) => (event.kind === 'round' ? [event.secondsLeft] : []));
    expect(rounds.at(-1)).toBe(0);
  });

  it('is refused where there is a result, unless it is forced', async () => {
    const {defend} = builtPackage();
    const options = {...CPU, ckpt: world.record, clean: '10', rounds: 1, evalEvery: 0};
    await expect(defend(options)).rejects.toMatchObject({code: 'ERR_OUTPUT'});
    const copy = join(world.folder, 'copy');
    await cp(out, copy, {recursive: true});
    const forced = await defend({...options, out: copy, force: true});
    expect(namesIn(copy)).toEqual(FILES);
    expect(forced.completedRounds).toBe(1);
    expect(forced.after.acc).not.toBeNull(); // measured once at the end, though in no round
  });
});

describe.skipIf(!IS_BUILT)('fine-tuning', () => {
  const world = useWorld();

  it('is a defense with options, figures and files of its own', async () => {
    const {defend, readCheckpoint} = builtPackage();
    const options = {...CPU, ckpt: world.record, clean: '20', method: 'ft'} as const;
    const training = {rounds: 2, batchSize: 8, cropPadding: 1, learningRate: 0.001};
    const result = await defend({
      ...options,
      ...training,
      out: pathToFileURL(join(world.folder, 'ft')),
    });
    expect(namesIn(join(world.folder, 'ft'))).toContain('ft_df.csv');
    expect(result.rounds.map(({figures}) => Object.keys(figures))).toEqual([
      ['loss', 'trainAcc'],
      ['loss', 'trainAcc'],
    ]);
    expect(linesOf(result.files.csv)).toHaveLength(3);
    expect(readFileSync(result.files.curves, 'utf8')).toContain('fine-tuning loss');
    const {config} = jsonOf(result.files.config) as {config: Record<string, unknown>};
    expect(config).toMatchObject({method: 'ft', rounds: 2, cropPadding: 1});
    const [purified, backdoored] = await Promise.all(
      [result.files.checkpoint, world.record].map(readCheckpoint),
    );
    expect(bitsOf(purified?.stateDict ?? new Map())).not.toEqual(
      bitsOf(backdoored?.stateDict ?? new Map()),
    );
    expect(result.after).not.toEqual(result.before);
  });

  it('goes to a folder of its own beside the checkpoint', async () => {
    const {defend} = builtPackage();
    const {files} = await defend({
      ...{...CPU, ckpt: world.record, clean: '10', method: 'ft', rounds: 1, batchSize: 8},
      evalEvery: 0,
    });
    expect(files.checkpoint).toBe(join(world.record, 'defense', 'ft', 'defense_result.pt'));
  });
});

describe.skipIf(!IS_BUILT)('a defense with less than a record', () => {
  const world = useWorld();
  let weights: string;

  beforeAll(async () => {
    if (!IS_BUILT) return;
    const {readCheckpoint, writeCheckpoint} = builtPackage();
    const {stateDict} = await readCheckpoint(world.record);
    weights = join(world.folder, 'weights.pt');
    await writeCheckpoint(weights, {modelName: 'preactresnet18_w8', numClasses: 10, stateDict});
  });

  async function notesOf(options: Omit<SauDefenseOptions, 'method'>) {
    const notes: string[] = [];
    const result = await builtPackage().defend(
      {...CPU, ...SCALE, ckpt: weights, rounds: 1, batchSize: 8, ...options},
      {onProgress: (event) => event.kind === 'note' && notes.push(event.message)},
    );
    return {result, notes};
  }

  it('measures no ASR without a poisoned test set, and says so', async () => {
    const {result, notes} = await notesOf({
      data: world.data,
      clean: '10',
      out: join(world.folder, 'no_poison'),
    });
    expect(notes).toEqual(['no poisoned test set: ASR and RA are not measured']);
    expect(result.after).toMatchObject({asr: null, ra: null, cleanCount: 50, poisonedCount: 0});
    expect(result.after.acc).not.toBeNull();
    expect(result.der).toBeNull();
  });

  it('measures nothing with only a folder of clean images, and says so', async () => {
    const clean = join(world.folder, 'clean');
    await cp(join(world.data, 'test'), clean, {recursive: true});
    const {result, notes} = await notesOf({
      clean,
      imageSize: 16,
      mean: HALF,
      std: HALF,
      out: join(world.folder, 'only_clean'),
    });
    expect(notes).toEqual([
      'no data set with a test split: ACC is not measured',
      'no poisoned test set: ASR and RA are not measured',
    ]);
    expect(result.after).toMatchObject({acc: null, asr: null, cleanCount: 0, poisonedCount: 0});
    expect(result.rounds).toHaveLength(1);
    expect(linesOf(result.files.csv ?? '')[1]).toMatch(/^0,0,,,,,,$/);
    expect(readFileSync(result.files.curves ?? '', 'utf8')).toMatch(/^<svg/);
  });

  it('finds its record again when the whole project was moved', async () => {
    const {evaluate} = builtPackage();
    const before = await evaluate({...CPU, ckpt: world.record});
    const moved = `${world.folder}_moved`;
    await cp(world.folder, moved, {recursive: true});
    await rm(dirname(world.record), {recursive: true});
    const after = await evaluate({...CPU, ckpt: join(moved, 'record', 'badnet')});
    await rm(moved, {recursive: true});
    expect(after.metrics).toEqual(before.metrics);
  });
});
