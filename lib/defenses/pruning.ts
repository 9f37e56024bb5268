import {usualRunOn} from '../datasets/known.js';
import type {OptionTable} from '../options/option.js';
import {type Figure, MEASURED, type RoundColumns} from '../report/round_columns.js';
import type {TableForm} from '../report/table_writer.js';
import type {PlannedWork} from '../time/planned_work.js';
import {type Rule, selecting} from './selection.js';

// What the methods share that cut channels.

const CHOSEN = [
  ['num_pruned', 'cells.pruned'],
  ['validation_acc', 'cells.validationAcc'],
] as const;

/** Candidates by u, in standard deviations. */
const STEPS: TableForm = {columns: [['u', 'cells.u'], ...MEASURED, ...CHOSEN]};

/** Candidates by a threshold of masks; value: the lowest mask that it leaves. */
export const THRESHOLDS: TableForm = {
  columns: [['threshold', 'cells.threshold'], ['value', 'cells.value'], ...MEASURED, ...CHOSEN],
};

/** Masks from the lowest, as the official tool lists them. */
export const MASKS: TableForm = {
  columns: [
    ['No', 'cells.number'],
    ['Layer Name', 'cells.layer'],
    ['Neuron Idx', 'cells.channel'],
    ['Score', 'cells.score', 4],
  ],
  separator: ' \t ',
};

/** Channels with what they were judged by. */
export const SCORES: TableForm = {
  columns: [
    ['layer', 'cells.layer'],
    ['channel', 'cells.channel'],
    ['score', 'cells.score'],
    ['cut', 'cells.cut'],
  ],
};

/** What the round of a method that prunes reports; by: what the last one was chosen by. */
export function pruningFigures(by: 'u' | 'threshold'): readonly Figure[] {
  return [
    {name: 'prunedShare', label: 'pruned', unit: 'share', drawn: false},
    {name: by, label: by, unit: 'number', drawn: false},
  ];
}

export function pruningColumns(by: 'u' | 'threshold'): RoundColumns {
  return [
    ['epoch', 'round'],
    [by, `figures.${by}`],
    ['pruned_share', 'figures.prunedShare'],
    ...MEASURED,
  ];
}

/** The options of a method that cuts outliers among channels. */
export function outlierOptions<const Part extends 'lipschitzU' | 'normU'>(
  beyond: string,
  part: Part,
) {
  return {
    u: {
      type: 'number',
      least: 0,
      help: `channels are cut ${beyond} by more than so many standard deviations of their layer`,
      official: 'u',
      byDataset: part,
      default: null,
    },
    pruneBias: {
      type: 'switch',
      help: "cut a channel's bias beside its weight",
      native: 'pruneBias',
      default: true,
    },
    ...selecting(['fixed', 'clean'], {unset: 'fixed', maxDrop: '0.05'}),
  } as const satisfies OptionTable;
}

/** The names of the official tool that have no meaning where the steps of u are the same in every run. */
export const STEPS_IGNORED = {
  ...{u_min: 'has fixed steps here, 0, 0.5 ... 10', u_max: 'has fixed steps here, 0, 0.5 ... 10'},
  u_num: 'has fixed steps here, 0, 0.5 ... 10',
} as const;

/** Candidates of u, 0, 0.5 ... 10. */
const OUTLIER_STEPS = 21;

/** The work of these, beside what they look at to score the channels. */
export function outlierWork(
  {select}: {readonly select: Rule | null},
  looked: Pick<PlannedWork, 'once' | 'fixed'>,
): PlannedWork {
  const judged = select === 'clean' ? JUDGED * (OUTLIER_STEPS + 1) : 0;
  const forward = (looked.once?.forward ?? 0) + judged;
  return {...looked, once: {forward}, alsoMeasured: OUTLIER_STEPS};
}

/** What the entries of these methods have in common. */
export const OUTLIER_ENTRY = {
  stage: 'scoring channels',
  purpose: 'training',
  figures: pruningFigures('u'),
  columns: pruningColumns('u'),
  tables: {steps: STEPS, scores: SCORES},
  rounds: () => 1,
  selection: ({select}: {readonly select: 'fixed' | 'clean' | null}) => select ?? 'fixed',
} as const;

interface OutlierConfig {
  readonly u: number | null;
  readonly select: Rule | null;
  readonly maxDrop: number | null;
}

/** The native options of these. */
export function nativeOutliers(
  {u, select, maxDrop}: OutlierConfig,
  part: 'lipschitzU' | 'normU',
  datasetName: string,
) {
  return {
    u: u ?? usualRunOn(datasetName)[part],
    selection: nativeSelection(select ?? 'fixed', maxDrop),
  };
}

/** What `clean` may lose where the user does not say, of most methods. */
const MAX_DROP = 0.05;

export function nativeSelection(select: Rule, maxDrop: number | null, usual = MAX_DROP) {
  return {select, maxDrop: maxDrop ?? usual};
}

/** Share of the clean images that judge, with `clean`. */
export const JUDGED = 0.2;

/** Share of the clean images that a method learns from. */
export function learnedShare(rule: Rule): number {
  return rule === 'clean' ? 1 - JUDGED : 1;
}

/** Candidates of a ladder of masks. */
export function candidatesOf({mostPruned, pruneStep}: {mostPruned: number; pruneStep: number}) {
  return Math.floor(mostPruned / pruneStep + 1e-9) + 1;
}

/** The options of masks that are cut from the lowest. */
export const MASK_LADDER = {
  pruneBy: {
    type: 'choice',
    choices: ['threshold', 'number'],
    help: 'what a candidate cuts: masks up to a threshold, or a share of all masks (number)',
    official: 'pruning_by',
    native: 'ladder.by',
    default: 'threshold',
  },
  mostPruned: {
    type: 'number',
    least: 0,
    below: 1,
    help: 'the last candidate, which leaves the untouched masks of 1',
    official: 'pruning_max',
    native: 'ladder.most',
    default: 0.9,
  },
  pruneStep: {
    type: 'number',
    least: 0.0001,
    most: 1,
    help: 'from one candidate to the next, from 0 on',
    official: 'pruning_step',
    native: 'ladder.step',
    default: 0.05,
  },
} as const satisfies OptionTable;
