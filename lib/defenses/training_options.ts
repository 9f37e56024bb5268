import {usualRunOn} from '../datasets/known.js';
import type {ScheduleName} from '../native/training_contract.js';
import {ADAM_BETAS} from '../options/commands/training.js';
import type {OptionTable} from '../options/option.js';
import {MEASURED} from '../report/round_columns.js';
import type {TableForm} from '../report/table_writer.js';

export const BATCH_SIZE = {
  batchSize: {
    type: 'integer',
    above: 0,
    help: 'images per batch',
    official: 'batch_size',
    native: 'batchSize',
    default: 256,
  },
} as const satisfies OptionTable;

/** What the native core takes besides for a schedule that is the cosine in any case. */
export const COSINE_ALONE = {
  schedule: 'cosine',
  warmupShare: 0,
  milestones: [],
  gamma: 1,
} as const;

/** Why the official tool's switch for mixed precision is ignored. */
export const AMP = {amp: 'has a switch of its own here, precision'} as const;

/** Why other options of the official tool are ignored. */
export const NO_EFFECT = 'has no effect in the official tool';

/** The epochs of a training that is a part of a method. */
export const EPOCHS: TableForm = {
  columns: [
    ['epoch', 'cells.round'],
    ['batch', 'none'],
    ['train_epoch_loss_avg_over_batch', 'cells.loss'],
    ['train_acc', 'cells.trainAcc'],
    ...MEASURED,
  ],
};

interface TrainingConfig {
  readonly schedule: ScheduleName | null;
  readonly flip: boolean | null;
}

/** The options of a training as the native core takes them, with what is usual on the data set. */
export function nativeTraining<N extends {readonly optimizer: object}>(
  native: N,
  {schedule, flip}: TrainingConfig,
  datasetName: string,
) {
  const usual = usualRunOn(datasetName);
  return {
    ...native,
    optimizer: {...native.optimizer, ...ADAM_BETAS},
    schedule: schedule ?? usual.schedule,
    flip: flip ?? usual.flip,
  };
}
