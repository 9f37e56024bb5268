import type {RunSummary} from '../../lib/records/run_summary.js';
import type {Metrics} from '../../lib/run/metrics.js';
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
