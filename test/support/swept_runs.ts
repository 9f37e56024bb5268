import type {RunSummary} from '../../lib/records/run_summary.js';
import type {Metrics} from '../../lib/run/metrics.js';
import type {SweepReportInput} from '../../lib/sweep/report/input.js';
import type {SweptRun} from '../../lib/sweep/report/tables.js';
import {runSummary} from './run_summaries.js';
import {metrics} from './sample_rounds.js';

/** A run of a sweep: by default the training of a badnet victim of seed 0 that is done. */
export function sweptRun(more: Partial<SweptRun> = {}): SweptRun {
  const attack = more.attack ?? 'badnet';
  const defense = more.defense ?? null;
  const seed = more.seed ?? 0;
  return {
    id: [attack, defense, seed].join(' '),
    folder: `runs/${[attack, defense ?? 'victim', seed].join('-')}`,
    ...{data: 'cifar10', model: 'preactresnet18', ratio: '0.1', clean: null, attack, defense, seed},
    method: defense ?? attack,
    state: done(metrics(0.9, 1, 0), {
      kind: 'attack',
      method: attack,
      before: null,
      der: null,
      seed,
    }),
    ...more,
  };
}

export function done(after: Metrics, more: Partial<RunSummary> = {}): SweptRun['state'] {
  return {kind: 'done', summary: runSummary(after, more)};
}

const ATTACKS = ['badnet', 'blended', 'a long name of an attack, alpha=0.1 and more'];
const DEFENSES = ['sau', 'ft', 'anp', 'ep', 'nad', 'ibau', 'clp', 'fp'];
const LOST = {kind: 'failed', code: 'ERR_DEVICE', message: 'no memory was left'} as const;

/** A sweep with all that its report can show: more columns than fit, two seeds, and runs without a result. */
export const SWEEP_INPUT: SweepReportInput = {
  ...{made: '2026-11-28T10:00:00.000Z', version: '0.1.0', name: 'paper'},
  runs: ATTACKS.flatMap((attack, i) => [
    ...[0, 1].map((seed) => sweptRun({attack, seed})),
    ...DEFENSES.flatMap((defense, j) =>
      [0, 1].map((seed): SweptRun => {
        const after = metrics(0.9 - (i + seed) / 50, 0.01 * j + seed / 100, 0.8 - j / 100);
        const selection = defense === 'clp' ? ({selection: 'oracle'} as const) : {};
        const own = sweptRun({attack, defense, seed, state: done(after, {seed, ...selection})});
        if (i === 1 && j === 2) return {...own, state: LOST};
        if (i === 2 && j === 3) return {...own, state: {kind: 'waiting'}};
        return i === 2 && j === 4 && seed === 1 ? {...own, state: LOST} : own;
      }),
    ),
  ]),
};
