import type {Evidence} from '../../lib/records/evidence.js';
import type {ScanSummary} from '../../lib/records/scan_summary.js';
import type {ReportedRun, ReportInput} from '../../lib/report/html/input.js';
import {runSummary} from './run_summaries.js';
import {metrics} from './sample_rounds.js';

/** A pixel as PNG. */
export const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Of three classes: all poisoned images go to class 0 before, and half of them to their own after. */
export const EVIDENCE: Evidence = {
  schemaVersion: 1,
  of: {checkpoint: 'a'.repeat(64), result: 'b'.repeat(64)},
  clean: {total: [4, 4, 4], recognized: {before: [4, 4, 4], after: [4, 3, 2]}},
  poisoned: {
    targets: [0],
    total: [0, 4, 4],
    hits: {before: [0, 4, 4], after: [0, 1, 3]},
    recognized: {before: [0, 0, 0], after: [0, 3, 1]},
    predicted: {before: [8, 0, 0], after: [4, 3, 1]},
    confusion: {
      before: [
        [0, 0, 0],
        [4, 0, 0],
        [4, 0, 0],
      ],
      after: [
        [0, 0, 0],
        [1, 3, 0],
        [3, 0, 1],
      ],
    },
  },
  strip: {
    clean: [{image: PIXEL, label: 1, predicted: {before: 1, after: 1}}],
    poisoned: [{image: PIXEL, label: 1, predicted: {before: 0, after: 1}}],
    adversarial: [{image: PIXEL, label: 1, predicted: {before: 2, after: 2}}],
  },
  looks: [
    {
      kind: 'poisoned',
      label: 1,
      predicted: {before: 0, after: 1},
      image: {before: PIXEL, after: PIXEL},
    },
  ],
  map: {
    before: {explained: [0.6, 0.2], clean: [[0.5, -0.25, 1]], poisoned: [[-1, 0.5, 1]]},
    after: {explained: [0.5, 0.3], clean: [[0.5, 1, 1]], poisoned: [[0.25, 0.5, 1]]},
  },
  missing: [],
};

/** A run of a defense with everything. */
export function reportedRun(more: Partial<ReportedRun> = {}): ReportedRun {
  return {
    summary: runSummary(metrics(0.88, 0.02, 0.85), {numClasses: 3}),
    folder: 'record/demo/defense/sau',
    evidence: EVIDENCE,
    missing: [],
    curves: {wide: '<svg class="wide-one"></svg>', narrow: '<svg class="narrow-one"></svg>'},
    tables: [
      {name: 'triggers', file: 'trigger_norms.csv', header: ['class'], rows: [['0']], more: 2},
    ],
    pictures: [{name: 'masks', file: 'trigger_masks.png', image: PIXEL}],
    ...more,
  };
}

export function reportInput(more: Partial<ReportInput> = {}): ReportInput {
  return {
    made: '2026-11-28T05:00:00.000Z',
    version: '0.1.0',
    runs: [reportedRun()],
    comparison: null,
    scans: [],
    ...more,
  };
}

const {versions, dataset} = runSummary(metrics(1, 1, 1));

/** A scan that suspects one of two classes. */
export const SCAN: ScanSummary = {
  ...{schemaVersion: 1, kind: 'scan', started: '2026-11-28T05:00:00.000Z', versions, seed: 0},
  ...{checkpoint: {path: 'm.pt', sha256: null}, model: 'resnet18', numClasses: 3, dataset},
  ...{cleanSubset: null, device: 'cpu', precision: 'fp32', options: {steps: 3}},
  verdict: {state: 'suspicious', labels: [2], by: ['nc'], words: 'It leads to class 2.'},
  statistics: [
    {
      ...{
        name: 'nc',
        title: 'size of the trigger',
        suspicious: 'small',
        scale: 'log',
        decides: true,
      },
      classes: [
        {label: 0, title: null, value: 30, index: 0.5, figures: {}},
        {label: 2, title: 'cat', value: 3, index: 'infinite', figures: {}},
      ],
      ...{maxIndex: 'infinite', maxIndexOfMeanMedian: null, pValue: null, labels: [2]},
      threshold: {kind: 'index', value: 2, calibration: 'Twelve models.'},
      ...{notes: [], passes: {forward: 1, backward: 1}, seconds: 1},
    },
  ],
  ...{passes: {forward: 1, backward: 1}, seconds: 2, files: {}},
};
