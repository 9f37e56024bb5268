import {TRAINING} from '../options/commands/training.js';
import {nativeOf} from '../options/native.js';
import {type OptionGroups, tableOf} from '../options/option.js';
import {OFFICIAL_COLUMNS, TRAINING_FIGURES} from '../report/round_columns.js';
import {defense} from './entry.js';
import {AMP, BATCH_SIZE, NO_EFFECT, nativeTraining} from './training_options.js';

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
    ...BATCH_SIZE,
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
    ...AMP,
    steplr_stepsize: 'belongs to a schedule that is not known here',
    optim: NO_EFFECT,
  },
  figures: TRAINING_FIGURES,
  columns: OFFICIAL_COLUMNS.training,
  work: () => ({round: {training: 1}}),
  async nativeOptions(config, {datasetName}) {
    const native = nativeOf(tableOf(OPTIONS), config);
    return {
      ...nativeTraining(native, config, datasetName),
    };
  },
});
