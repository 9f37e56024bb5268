import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {DefendOptions} from '../../lib/options/documented.js';
import {contentsOf, killedUntilDone, takenOut} from '../support/killed_runs.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, useWorld} from '../support/world.js';

const PLATEAU = {schedule: 'plateau', learningRate: 0.01} as const;
const AT_ONCE = {unlearningRounds: 3, unlearnedAccuracy: 1, recoveringRounds: 2} as const;
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
});
