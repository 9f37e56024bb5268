import type {RunSummary} from '../../lib/records/run_summary.js';
import type {Metrics} from '../../lib/run/metrics.js';
import {metrics} from './sample_rounds.js';

/** What a run of a comparison wrote: by default of SAU with seed 0, from 0.9 / 1 / 0 to `after`. */
export function runSummary(after: Metrics, more: Partial<RunSummary> = {}): RunSummary {
  return {
    ...{schemaVersion: 1, kind: 'defend', method: 'sau'},
    versions: {sauNative: '0.1.0', node: '22.0.0', libtorch: '2.9.0', libtorchCuda: null},
    ...{started: '2026-11-27T19:00:00.000Z', seconds: 12},
    ...{device: 'cpu', precision: 'fp32', seed: 0},
    options: {rounds: 1},
    checkpoint: {path: 'record/demo/attack_result.pt', sha256: 'a'.repeat(64)},
    result: {path: 'defense_result.pt', sha256: 'b'.repeat(64)},
    ...{model: 'preactresnet18_w8', numClasses: 10},
    dataset: {
      ...{name: 'cifar10', path: 'data/cifar10', format: 'cifar10-binary'},
      classTitles: null,
      ...{imageSize: [32, 32], mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2]},
    },
    cleanSubset: {count: 20, chosen: '20', sha256: 'c'.repeat(64)},
    poisoned: null,
    before: metrics(0.9, 1, 0),
    rounds: [{round: 0, seconds: 1, figures: {loss: 2}, metrics: null}],
    ...{after, der: 0.9, verdict: null, completedRounds: 1, interrupted: false},
    ...{selection: 'last', passes: {forward: 300, backward: 240}, stopped: null},
    cost: {methodSeconds: 10, peakMemoryBytes: 2 ** 29},
    files: {checkpoint: 'defense_result.pt'},
    ...more,
  };
}
