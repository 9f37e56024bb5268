import type {TableForm} from '../report/table_writer.js';

/** What the native core takes besides for a schedule that is the cosine in any case. */
export const COSINE_ALONE = {
  schedule: 'cosine',
  warmupShare: 0,
  milestones: [],
  gamma: 1,
} as const;

/** Why the official tool's switch for mixed precision is ignored. */
export const AMP = {amp: 'has a switch of its own here, precision'} as const;

/** The rounds of an ordinary training that comes before a defense's own. */
export const TEACHER_TABLE: TableForm = {
  columns: [
    ['epoch', 'cells.round'],
    ['batch', 'none'],
    ['train_epoch_loss_avg_over_batch', 'cells.loss'],
    ['train_acc', 'cells.trainAcc'],
    ['clean_test_loss_avg_over_batch', 'metrics.cleanLoss'],
    ['bd_test_loss_avg_over_batch', 'metrics.poisonedLoss'],
    ['test_acc', 'metrics.acc'],
    ['test_asr', 'metrics.asr'],
    ['test_ra', 'metrics.ra'],
  ],
};
