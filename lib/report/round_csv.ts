import type {RoundReport} from '../results.js';

type Cell = number | null;
/** A column's name and the value that a round has for it; null leaves the cell empty. */
type Column = readonly [name: string, value: (report: RoundReport) => Cell];

const EPOCH: Column = ['epoch', (r) => r.round];
const CLEAN_LOSS: Column = ['clean_test_loss_avg_over_batch', (r) => r.metrics?.cleanLoss ?? null];
const BD_LOSS: Column = ['bd_test_loss_avg_over_batch', (r) => r.metrics?.poisonedLoss ?? null];
const RA_LOSS: Column = ['ra_test_loss_avg_over_batch', (r) => r.metrics?.raLoss ?? null];
const RATES: readonly Column[] = [
  ['test_acc', (r) => r.metrics?.acc ?? null],
  ['test_asr', (r) => r.metrics?.asr ?? null],
  ['test_ra', (r) => r.metrics?.ra ?? null],
];
/** Of an epoch's own batches, in training mode. */
const TRAIN_RATES: readonly Column[] = [
  ['train_epoch_loss_avg_over_batch', (r) => r.loss],
  ['train_acc', (r) => r.trainAcc],
  ['train_acc_clean_only', (r) => r.attack?.cleanAcc ?? null],
  ['train_asr_bd_only', (r) => r.attack?.asr ?? null],
  ['train_ra_bd_only', (r) => r.attack?.ra ?? null],
];

/** The official columns: of the defense (specification B2) and of the attacks (B3.6). */
const COLUMNS = {
  defense: [EPOCH, CLEAN_LOSS, BD_LOSS, RA_LOSS, ...RATES],
  attack: [EPOCH, ['batch', () => null], ...TRAIN_RATES, CLEAN_LOSS, BD_LOSS, ...RATES],
  trainingAttack: [
    EPOCH,
    ...TRAIN_RATES,
    ['train_cross_acc_only', (r) => r.attack?.crossTrainAcc ?? null],
    CLEAN_LOSS,
    BD_LOSS,
    ['cross_test_loss_avg_over_batch', (r) => r.attack?.crossLoss ?? null],
    RA_LOSS,
    ...RATES,
    ['test_cross_acc', (r) => r.attack?.crossAcc ?? null],
  ],
} as const satisfies Readonly<Record<string, readonly Column[]>>;

export type CsvKind = keyof typeof COLUMNS;

/** The header line: the first column is an index without a name. */
export function csvHeader(kind: CsvKind): string {
  return `${['', ...COLUMNS[kind].map(([name]) => name)].join(',')}\n`;
}

/** One line of the table; `index` is the row's number from 0. */
export function csvRow(kind: CsvKind, index: number, report: RoundReport): string {
  const cells = COLUMNS[kind].map(([, value]) => cellText(value(report)));
  return `${[String(index), ...cells].join(',')}\n`;
}

function cellText(cell: Cell): string {
  if (cell === null) {
    return '';
  }
  return Number.isNaN(cell) ? 'nan_value' : String(cell);
}
