import type {Metrics} from '../run/metrics.js';

/** A figure that rounds report, by its name in `RoundReport.figures`. */
export interface Figure {
  readonly name: string;
  /** In the curves and in the tables of a report. */
  readonly label: string;
  /** loss: drawn on an axis of its own; share: a fraction in [0,1], shown in percent; number: any other. */
  readonly unit: 'loss' | 'share' | 'number';
  /** Whether the curves draw it. */
  readonly drawn: boolean;
}

/** Where a column has its values: the round's number, nowhere, a figure, or a measurement. */
export type ColumnSource = 'round' | 'none' | `figures.${string}` | `metrics.${keyof Metrics}`;

/** The columns of a CSV of rounds, in order, after an index without a name. */
export type RoundColumns = readonly (readonly [header: string, source: ColumnSource])[];

const CLEAN_LOSS = ['clean_test_loss_avg_over_batch', 'metrics.cleanLoss'] as const;
const BD_LOSS = ['bd_test_loss_avg_over_batch', 'metrics.poisonedLoss'] as const;
const RA_LOSS = ['ra_test_loss_avg_over_batch', 'metrics.raLoss'] as const;
const RATES = [
  ['test_acc', 'metrics.acc'],
  ['test_asr', 'metrics.asr'],
  ['test_ra', 'metrics.ra'],
] as const;
/** All that is measured of a model. */
export const MEASURED = [CLEAN_LOSS, BD_LOSS, RA_LOSS, ...RATES] as const;
/** Figures of an epoch's batches, in training mode. */
const TRAINING = [
  ['train_epoch_loss_avg_over_batch', 'figures.loss'],
  ['train_acc', 'figures.trainAcc'],
] as const;
const TRAINING_BY_KIND = [
  ['train_acc_clean_only', 'figures.trainCleanAcc'],
  ['train_asr_bd_only', 'figures.trainAsr'],
  ['train_ra_bd_only', 'figures.trainRa'],
] as const;

/** The official tool's columns: of SAU (specification B2), of ordinary training (defenses E0), of attacks (B3.6). */
export const OFFICIAL_COLUMNS = {
  unlearning: [['epoch', 'round'], CLEAN_LOSS, BD_LOSS, RA_LOSS, ...RATES],
  training: [['epoch', 'round'], ['batch', 'none'], ...TRAINING, CLEAN_LOSS, BD_LOSS, ...RATES],
  attack: [
    ['epoch', 'round'],
    ['batch', 'none'],
    ...TRAINING,
    ...TRAINING_BY_KIND,
    CLEAN_LOSS,
    BD_LOSS,
    ...RATES,
  ],
  trainingAttack: [
    ['epoch', 'round'],
    ...TRAINING,
    ...TRAINING_BY_KIND,
    ['train_cross_acc_only', 'figures.trainCrossAcc'],
    CLEAN_LOSS,
    BD_LOSS,
    ['cross_test_loss_avg_over_batch', 'figures.crossLoss'],
    RA_LOSS,
    ...RATES,
    ['test_cross_acc', 'figures.crossAcc'],
  ],
} as const satisfies Readonly<Record<string, RoundColumns>>;

/** What the epochs of ordinary training report. */
export const TRAINING_FIGURES: readonly Figure[] = [
  {name: 'loss', label: 'loss', unit: 'loss', drawn: true},
  {name: 'trainAcc', label: 'training ACC', unit: 'share', drawn: false},
];
