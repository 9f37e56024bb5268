import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {copyFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {removeDefense} from '../../../lib/records/defense_result.js';
import {readRun, writeRun} from '../../../lib/records/run.js';
import {type RunSummary, runRound} from '../../../lib/records/run_summary.js';
import type {RoundReport} from '../../../lib/run/results.js';
import {purificationVerdict} from '../../../lib/run/verdict.js';
import {fixture} from '../../support/checkpoint_fixtures.js';
import {errorOf} from '../../support/error_of.js';

const METRICS = {
  ...{acc: 0.9, asr: 0.1, ra: 0.8, cleanLoss: 0.3, poisonedLoss: 4, raLoss: 0.5},
  ...{cleanCount: 50, poisonedCount: 45},
};

const UNMEASURED = {...METRICS, asr: null};

const SUMMARY: RunSummary = {
  ...{schemaVersion: 1, kind: 'defend', method: 'sau'},
  versions: {sauNative: '0.1.0', node: '22.0.0', libtorch: '2.9.0', libtorchCuda: null},
  ...{started: '2026-11-27T19:00:00.000Z', seconds: 12.5},
  ...{device: 'cpu', precision: 'fp32', seed: 3},
  options: {rounds: 2, clean: '5pct', adamBetas: [0.9, 0.999], batchOrder: null},
  checkpoint: {path: 'record/demo/attack_result.pt', sha256: 'a'.repeat(64)},
  result: {path: 'defense_result.pt', sha256: 'b'.repeat(64)},
  ...{model: 'preactresnet18_w8', numClasses: 10},
  dataset: {
    ...{name: 'cifar10', path: 'data/cifar10', format: 'cifar10-binary'},
    classTitles: ['airplane', 'automobile'],
    ...{imageSize: [32, 32], mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2]},
  },
  cleanSubset: {count: 20, chosen: '5pct', sha256: 'c'.repeat(64)},
  poisoned: null,
  before: METRICS,
  rounds: [{round: 0, seconds: 1, figures: {loss: 2, suspectShare: null}, metrics: null}],
  after: UNMEASURED,
  verdict: purificationVerdict({before: METRICS, after: UNMEASURED, numClasses: 10}),
  ...{der: null, completedRounds: 1, interrupted: true},
  ...{selection: 'oracle', passes: {forward: 300, backward: 200}, stopped: null},
  cost: {methodSeconds: 1.5, peakMemoryBytes: 2 ** 29},
  files: {checkpoint: 'defense_result.pt'},
};

const REPORT: RoundReport = {
  round: 4,
  figures: {loss: 1.5, cleanLoss: 1, sharedLoss: 0.5, suspectShare: 0.25},
  metrics: METRICS,
  seconds: 2,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sau-run-'));
});
afterEach(() => rmSync(folder, {recursive: true}));

const put = (name: string, content: unknown): void =>
  writeFileSync(
    join(folder, name),
    typeof content === 'string' ? content : JSON.stringify(content),
  );

describe('the summary of a run', () => {
  it('is read as it was written', async () => {
    expect(await writeRun(folder, SUMMARY)).toBe(join(folder, 'run.json'));
    expect(readdirSync(folder)).toEqual(['run.json']);
    expect(await readRun(folder)).toEqual(SUMMARY);
  });

  it.each([
    ['{', /at .*run\.json but .*JSON.*Copy the folder again/],
    ['[]', /its kind|it is not a map|its schema/],
    ['null', /it is not a map of names to values/],
    [{...SUMMARY, schemaVersion: undefined}, /its schemaVersion is not 1/],
    [{...SUMMARY, kind: 'bake'}, /its kind is not attack or defend/],
    [{...SUMMARY, seed: -1}, /its seed is not a count/],
    [{...SUMMARY, before: {...METRICS, acc: 'high'}}, /its before\.acc is not a number/],
    [{...SUMMARY, rounds: [{round: 0}]}, /its rounds\.0\.seconds is not a number/],
    [
      {...SUMMARY, dataset: {...SUMMARY.dataset, mean: [1, 2]}},
      /its dataset\.mean is not three numbers/,
    ],
    [{...SUMMARY, cost: {methodSeconds: 1}}, /its cost\.peakMemoryBytes is not a count/],
    [{...SUMMARY, verdict: {state: 'removed'}}, /its verdict\.state is not what became of a/],
    [{...SUMMARY, files: {checkpoint: 3}}, /its files\.checkpoint is not text/],
  ])('is refused where it is damaged (case %#)', async (content, message) => {
    put('run.json', content);
    const error = await errorOf(readRun(folder), 'ERR_CHECKPOINT');
    expect(error.message).toMatch(message);
    expect(error.details).toMatchObject({path: join(folder, 'run.json')});
  });

  it('is read where the version that wrote it noted no cost, no verdict and no names of classes', async () => {
    const {cost: _cost, verdict: _verdict, schemaVersion: schema, ...older} = SUMMARY;
    const {classTitles, ...dataset} = SUMMARY.dataset;
    expect(classTitles).not.toBeNull();
    put('run.json', {schema, ...older, dataset});
    expect(await readRun(folder)).toEqual({
      ...{...SUMMARY, cost: null, verdict: null},
      dataset: {...SUMMARY.dataset, classTitles: null},
    });
  });

  it.each(['schema', 'schemaVersion'])(
    'of a newer version is refused with what to do (%s)',
    async (name) => {
      put('run.json', {[name]: 2, whatever: true});
      expect((await errorOf(readRun(folder), 'ERR_CHECKPOINT')).message).toBe(
        `Expected the summary of a run of schemaVersion 1 at ${join(folder, 'run.json')} but it has schemaVersion 2. ` +
          'A newer version of sau-native wrote it: install that version to read it.',
      );
    },
  );

  it('is refused where the folder is no run', async () => {
    const {message} = await errorOf(readRun(folder), 'ERR_CHECKPOINT');
    expect(message).toContain(`at ${folder} but it has no run.json, and neither config.json`);
  });
});

describe('a folder with a defense', () => {
  it('is left without it where another method takes its place, and with all else', async () => {
    await writeRun(folder, {...SUMMARY, method: 'ft'});
    for (const name of ['ft_df.csv', 'defense_result.pt', 'attack_df.csv', 'notes.txt'])
      put(name, '');
    await removeDefense(folder, 'sau');
    expect(readdirSync(folder).sort()).toEqual(['attack_df.csv', 'notes.txt']);
  });
});

describe('a round of a summary', () => {
  it('has the figures of unlearning by name', () => {
    expect(runRound(REPORT)).toEqual({
      ...{round: 4, seconds: 2, metrics: METRICS},
      figures: {loss: 1.5, cleanLoss: 1, sharedLoss: 0.5, suspectShare: 0.25},
    });
  });

  it('has those of training, and null for what JSON cannot say', () => {
    const figures = {loss: Number.NaN, trainAcc: 0.7, trainAsr: null, crossLoss: 3};
    expect(runRound({...REPORT, figures}).figures).toEqual({...figures, loss: null});
  });
});

describe('a folder from before there were summaries', () => {
  const versions = {sauNative: '0.0.9', node: '20.0.0', libtorch: '2.5.0', libtorchCuda: null};
  const constants = {mean: [0, 0, 0], std: [1, 1, 1]};
  const {mean, std} = constants;
  const config = {
    ...{seed: 7, rounds: 9, clean: '5pct', model: 'preactresnet18', numClasses: 43, imageSize: 32},
    ...{mean, std, device: 'cuda:0', precision: 'bf16', normBound: 0.2},
  };
  /** A line of rounds.jsonl as those versions wrote it. */
  const line = {
    ...{round: 4, loss: 1.5, cleanLoss: 1, sharedLoss: 0.5, suspectShare: 0.25},
    ...{trainAcc: null, metrics: METRICS, seconds: 2},
  };
  const defense = {
    ...{versions, config, checkpoint: '/old/attack_result.pt', dataset: '/data/gtsrb'},
    ...{cleanImages: 1960, completedRounds: 1, before: {...METRICS, asr: 0.9}, after: METRICS},
  };

  it('of a defense opens as a run', async () => {
    put('config.json', defense);
    put('rounds.jsonl', `${JSON.stringify(line)}\n{"round": 5, "lo`);
    expect(await readRun(folder)).toMatchObject({
      ...{schemaVersion: 1, kind: 'defend', method: 'sau', versions, started: null, seconds: null},
      ...{device: 'cuda:0', precision: 'bf16', seed: 7, options: {normBound: 0.2}},
      checkpoint: {path: '/old/attack_result.pt', sha256: null},
      dataset: {name: 'gtsrb', path: '/data/gtsrb', format: null, imageSize: [32, 32]},
      cleanSubset: {count: 1960, chosen: '5pct', sha256: null},
      ...{completedRounds: 1, interrupted: true, rounds: [runRound(REPORT)]},
      der: 0.9,
    });
  });

  it('of an attack opens by its notes and its attack_result.pt', async () => {
    await copyFile(fixture('attack_result.pt'), join(folder, 'attack_result.pt'));
    const epoch = {...line, suspectShare: null, trainAcc: 0.75, attack: {cleanAcc: 0.8}};
    put('rounds.jsonl', `${JSON.stringify(epoch)}\n`);
    const attacked = {kind: 'badnet', seed: 1, model: 'preactresnet18', data: null};
    const options = {...attacked, imageSize: null, numClasses: null, patch: 'white'};
    put('sau_native.json', {...constants, epochs: 1, config: options, versions});
    expect(await readRun(folder)).toMatchObject({
      ...{kind: 'attack', method: 'badnet', seed: 1, options: {patch: 'white'}, before: null},
      result: {path: 'attack_result.pt', sha256: null},
      dataset: {name: 'cifar10', path: null, mean: [0, 0, 0]},
      after: METRICS,
      rounds: [{round: 4, figures: {loss: 1.5, trainAcc: 0.75, cleanAcc: 0.8}}],
      ...{completedRounds: 1, interrupted: false},
    });
  });

  it.each([
    ['config.json', '{', /at .*config\.json but .*JSON/],
    ['config.json', {...defense, checkpoint: 5}, /its checkpoint is missing or not what it was/],
    ['config.json', [], /it is no map|its versions is missing/],
    ['rounds.jsonl', 'nonsense\n', /at .*rounds\.jsonl but its line 1 is no report of a round/],
  ])('is refused where its %s is damaged (case %#)', async (name, content, message) => {
    put('config.json', defense);
    put(name, content);
    expect((await errorOf(readRun(folder), 'ERR_CHECKPOINT')).message).toMatch(message);
  });
});
