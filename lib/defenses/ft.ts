import {usualRunOn} from '../datasets/known.js';
import {ADAM_BETAS, TRAINING} from '../options/commands/training.js';
import {nativeOf} from '../options/native.js';
import {type OptionGroups, tableOf} from '../options/option.js';
import {OFFICIAL_COLUMNS, TRAINING_FIGURES} from '../report/round_columns.js';
import {defense} from './entry.js';

const OPTIONS = {
  'fine-tuning': {
    rounds: {
      type: 'integer',
      above: 0,
      help: 'passes over the clean images',
      official: 'epochs',
      byDataset: 'fineTuningRounds',
      default: null,
    },
    batchSize: {
      type: 'integer',
      above: 0,
      help: 'images per batch',
      official: 'batch_size',
      native: 'batchSize',
      default: 256,
    },
    ...TRAINING,
    scheduleLength: {
      ...TRAINING.scheduleLength,
      help: 'rounds until cosine and oneCycle reach a rate of 0',
      details: 'Whatever the number of rounds is, as in the official tool.',
      unset: '100',
      default: 100,
    },
  },
} as const satisfies OptionGroups;

/** Ordinary fine-tuning on the clean images: what a defense must be better than (defenses E1). */
export const FT = defense({
  summary: 'fine-tuning on the clean images',
  stage: 'fine-tuning',
  options: OPTIONS,
  purpose: 'training',
  ignored: {
    amp: 'has a switch of its own here, precision',
    steplr_stepsize: 'belongs to a schedule that is not known here',
    optim: 'has no effect in the official tool',
  },
  figures: TRAINING_FIGURES,
  columns: OFFICIAL_COLUMNS.training,
  async nativeOptions(config, {datasetName}) {
    const native = nativeOf(tableOf(OPTIONS), config);
    const usual = usualRunOn(datasetName);
    return {
      ...native,
      optimizer: {...native.optimizer, ...ADAM_BETAS},
      schedule: config.schedule ?? usual.schedule,
      flip: config.flip ?? usual.flip,
    };
  },
});
