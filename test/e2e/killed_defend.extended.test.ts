import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {DefendOptions} from '../../lib/options/documented.js';
import {readDefenseState, writeDefenseState} from '../../lib/records/defense_state.js';
import {
  contentsOf,
  killedSitting,
  killedUntilDone,
  STATE,
  takenOut,
} from '../support/killed_runs.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, useWorld, VICTIM} from '../support/world.js';

const PLATEAU = {schedule: 'plateau', learningRate: 0.01} as const;
const AT_ONCE = {unlearningRounds: 3, unlearnedAccuracy: 1, recoveringRounds: 2} as const;
const TINY = {warmupRounds: 0, trainMode: true, signSteps: false} as const;
const FEW = {batchSize: 10, pruneStep: 0.3} as const;

/** Small runs of each method, and how often each can be killed at least. */
const RUNS: readonly [string, object, number][] = [
  ['sau', {rounds: 4, batchSize: 10}, 3],
  ['sau, by SGD', {rounds: 3, batchSize: 10, optimizer: 'sgd', learningRate: 0.01}, 2],
  ['sau, from random starts', {rounds: 3, batchSize: 10, init: 'random', outerSteps: 2}, 2],
  ['sau, in bf16', {rounds: 3, batchSize: 10, precision: 'bf16'}, 2],
  ['sau, in whatever is fastest', {rounds: 3, batchSize: 10, precision: 'auto'}, 2],
  ['sau, with patience', {rounds: 8, batchSize: 10, patience: 2, learningRate: 1e-7}, 2],
  ['sau, measured now and then', {rounds: 4, batchSize: 10, evalEvery: 3}, 3],
  ['sau, saved now and then', {rounds: 5, batchSize: 10, saveEvery: 2}, 2],
  ['sau, with a report', {rounds: 3, batchSize: 10, report: true}, 2],
  ['sau, which keeps what the reference says', {rounds: 11, batchSize: 20}, 5],
  ['ft', {rounds: 4, batchSize: 10}, 3],
  ['ft, by its losses', {rounds: 14, batchSize: 10, ...PLATEAU}, 5],
  ['ftsam', {rounds: 3, batchSize: 10}, 2],
  ['ftsam, as the official tool', {rounds: 3, batchSize: 10, compat: 'reference'}, 2],
  ['ibau', {rounds: 3, batchSize: 10, fixedPoints: 1}, 2],
  ['nad', {rounds: 3, batchSize: 10, teacherRounds: 3}, 5],
  [
    'nad, as the official tool',
    {rounds: 2, batchSize: 10, teacherRounds: 2, compat: 'reference'},
    2,
  ],
  ['nc', {rounds: 2, batchSize: 10, inversionEpochs: 1, anomalyThreshold: 0.01}, 10],
  ['nc, which finds nothing', {rounds: 2, inversionEpochs: 1, anomalyThreshold: 1e6}, 9],
  ['fp', {rounds: 3, ...FEW}, 3],
  ['fp, as the official tool', {rounds: 2, ...FEW, compat: 'reference'}, 2],
  ['anp', {iterations: 8, reportEvery: 2, ...FEW}, 4],
  ['anp, as the official tool', {iterations: 4, reportEvery: 2, ...FEW, compat: 'reference'}, 2],
  ['rnp', {unlearningRounds: 3, recoveringRounds: 3, ...FEW, select: 'clean'}, 5],
  ['rnp, which unlearns at once', {...AT_ONCE, ...FEW}, 3],
  ['npd', {rounds: 3, batchSize: 10, warmupRounds: 2}, 4],
  ['npd, as on Tiny ImageNet', {rounds: 3, batchSize: 10, ...TINY}, 2],
  ['clp', {u: 1}, 0],
  ['bnp', {u: 1}, 0],
  ['ep', {u: 1, batchSize: 40}, 0],
];

describe.skipIf(!IS_BUILT)('a defense whose process is killed again and again', () => {
  const world = useWorld();

  it.each(RUNS)('goes on to the files of the unbroken one: %s', async (name, more, least) => {
    const [method] = name.split(',');
    const out = join(world.folder, name.replace(/\W+/g, '_'));
    const options = {...CPU, ckpt: world.record, clean: 40, method, ...more, out} as DefendOptions;
    await builtPackage().defend(options);
    const whole = takenOut(out);
    const kills = killedUntilDone({...options, out});
    expect(contentsOf(out)).toEqual(whole);
    expect(kills).toBeGreaterThanOrEqual(least);
  });

  it.each(['ft', 'ftsam', 'nad'])(
    'draws what dropout and stochastic depth would have drawn: %s',
    async (method) => {
      const {attack, defend} = builtPackage();
      const ckpt = join(world.folder, 'record', 'efficientnet');
      const victim = {...VICTIM, model: 'efficientnet_b0_w8', epochs: 1} as const;
      await attack({...victim, data: world.data, out: ckpt, force: true});
      const out = join(world.folder, `dropout-${method}`);
      const more = method === 'nad' ? {teacherRounds: 2} : {};
      const given = {...CPU, ckpt, clean: 40, method, rounds: 3, batchSize: 10, ...more, out};
      await defend(given as DefendOptions);
      const whole = takenOut(out);
      expect(killedUntilDone(given)).toBeGreaterThan(1);
      expect(contentsOf(out)).toEqual(whole);
    },
  );

  it('goes on after an abort that wrote the weights of an interrupted round', async () => {
    const {defend} = builtPackage();
    const out = join(world.folder, 'saved_on_abort');
    const given = {...CPU, ckpt: world.record, clean: 40, rounds: 4, batchSize: 10, out};
    await defend(given);
    const whole = takenOut(out);
    const controller = new AbortController();
    const {completedRounds} = await defend(given, {
      signal: controller.signal,
      saveOnAbort: true,
      onProgress: (progress) => {
        if (progress.kind === 'round' && progress.report.round === 1) controller.abort();
      },
    });
    expect(completedRounds).toBeLessThan(4);
    expect(Object.keys(contentsOf(out)).sort()).toEqual([...Object.keys(whole), STATE].sort());
    await defend({...given, resume: true});
    expect(contentsOf(out)).toEqual(whole);
  });

  it('keeps what a time budget chose at first, and counts the time of earlier sittings', async () => {
    const {defend, readRun} = builtPackage();
    const out = join(world.folder, 'budget');
    const budget = {rounds: 100_000, timeBudget: '20s', evalEvery: 0};
    const given = {...CPU, ckpt: world.record, clean: 40, batchSize: 10, ...budget, out};
    expect(killedSitting(given)).toBe(true);
    const saved = await readDefenseState(out);
    expect(saved.facts.config.timeBudget).toBeNull();
    const late = {...saved, facts: {...saved.facts, seconds: 3600}};
    await writeDefenseState(out, late);
    const {stopped, completedRounds} = await defend({...given, resume: true});
    expect(stopped).toBe('timeBudget');
    expect(completedRounds).toBeLessThan(Number(saved.facts.config.rounds));
    const {options, seconds} = await readRun(out);
    expect(options.rounds).toBe(saved.facts.config.rounds);
    expect(seconds).toBeGreaterThan(3600);
  });
});
