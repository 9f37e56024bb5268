import {usualRunOn} from '../datasets/known.js';
import {ADAM_BETAS, TRAINING} from '../options/commands/training.js';
import {nativeOf} from '../options/native.js';
import {type OptionGroups, tableOf} from '../options/option.js';
import {OFFICIAL_COLUMNS, TRAINING_FIGURES} from '../report/round_columns.js';
import {defense} from './entry.js';
import {COMPAT} from './selection.js';
import {AMP, BATCH_SIZE, NO_EFFECT} from './training_options.js';

/** The search for a trigger, which a scan has as well. */
export const INVERSION = {
  inversionEpochs: {
    type: 'integer',
    above: 0,
    help: 'passes over the clean images in the search of a trigger for a class, at most',
    official: 'nc_epoch',
    native: 'inversion.epochs',
    default: 80,
  },
  maskRate: {
    type: 'number',
    above: 0,
    help: 'learning rate of adam for mask and pattern',
    official: 'mask_lr',
    native: 'inversion.learningRate',
    default: 0.1,
  },
  initialCost: {
    type: 'number',
    above: 0,
    help: "weight of the mask's norm in the beginning",
    official: 'init_cost',
    native: 'inversion.initialCost',
    default: 1e-3,
  },
  costMultiplier: {
    type: 'number',
    above: 1,
    help: 'factor of that weight where the trigger works; its power of 1.5 divides it where it does not',
    official: 'cost_multiplier',
    native: 'inversion.costMultiplier',
    default: 2,
  },
  costPatience: {
    type: 'integer',
    above: 0,
    help: 'epochs in a row that change the weight',
    official: 'patience',
    native: 'inversion.patience',
    default: 5,
  },
  triggerSuccess: {
    type: 'number',
    above: 0,
    most: 1,
    help: 'share of the images in the target class from which on a trigger works',
    official: 'atk_succ_threshold',
    native: 'inversion.success',
    default: 0.98,
  },
  earlyStop: {
    type: 'switch',
    help: 'a search ends where the norm no longer falls',
    official: 'early_stop',
    native: 'inversion.earlyStop',
    default: true,
  },
  earlyStopThreshold: {
    type: 'number',
    above: 0,
    most: 1,
    help: 'share of the best norm above which another has not fallen',
    official: 'early_stop_threshold',
    native: 'inversion.earlyStopThreshold',
    default: 0.99,
  },
  earlyStopPatience: {
    type: 'integer',
    above: 0,
    help: 'epochs without a fall that end a search',
    official: 'early_stop_patience',
    native: 'inversion.earlyStopPatience',
    default: 25,
  },
  anomalyThreshold: {
    type: 'number',
    above: 0,
    help: 'index above which a class counts as the target of a backdoor',
    native: 'anomaly',
    default: 2,
  },
} as const;

const OPTIONS = {
  'trigger search': INVERSION,
  'unlearning of triggers': {
    rounds: {
      type: 'integer',
      above: 0,
      help: 'passes over the clean images',
      official: 'epochs',
      byDataset: 'fineTuningRounds',
      default: null,
    },
    ...BATCH_SIZE,
    unlearningRatio: {
      type: 'number',
      above: 0,
      most: 1,
      help: 'share of the clean images that are stamped with the triggers found',
      official: 'unlearning_ratio',
      native: 'unlearningRatio',
      default: 0.2,
    },
    ...TRAINING,
    scheduleLength: {
      ...TRAINING.scheduleLength,
      help: 'rounds until cosine and oneCycle reach a rate of 0',
      unset: '100',
      default: 100,
    },
    ...COMPAT,
  },
} as const satisfies OptionGroups;

/** Neural Cleanse with unlearning (defenses E4). */
export const NC = defense({
  summary: 'search and unlearning of a trigger for each class (Neural Cleanse)',
  stage: 'searching and unlearning triggers',
  options: OPTIONS,
  purpose: 'training',
  ignored: {
    ...AMP,
    EPSILON: 'is fixed here',
    cleaning_ratio: NO_EFFECT,
    n_times_test: 'is 1 in any case',
    optim: NO_EFFECT,
    steplr_stepsize: 'belongs to a schedule that is not known here',
    to_file: NO_EFFECT,
    use_norm: 'is the sum of the mask in any case',
  },
  figures: TRAINING_FIGURES,
  columns: OFFICIAL_COLUMNS.training,
  tables: {
    triggers: {
      columns: [
        ['class', 'cells.class'],
        ['class_title', 'cells.classTitle'],
        ['mask_norm', 'cells.norm'],
        ['success', 'cells.success'],
        ['epochs', 'cells.epochs'],
        ['anomaly_index', 'cells.index'],
        ['anomaly_index_of_mean_median', 'cells.indexOfMeanMedian'],
        ['unlearned', 'cells.found'],
      ],
    },
    outliers: {
      columns: [
        ['median_kind', 'cells.median'],
        ['median', 'cells.value'],
        ['median_absolute_deviation', 'cells.deviation'],
        ['anomaly_index', 'cells.index'],
      ],
    },
  },
  pictures: ['masks', 'patterns', 'triggers'],
  work: ({inversionEpochs}, {numClasses}) => ({
    once: {attack: inversionEpochs * numClasses},
    round: {training: 1},
    isAtMost: true,
  }),
  async nativeOptions(config, {datasetName}) {
    const native = nativeOf(tableOf(OPTIONS), config);
    const usual = usualRunOn(datasetName);
    const flip = config.flip ?? usual.flip;
    const {batchSize, cropPadding} = config;
    return {
      ...native,
      batchSize,
      inversion: {
        ...native.inversion,
        ...{batchSize, cropPadding, flip, rowConstants: config.compat === 'reference'},
      },
      optimizer: {...native.optimizer, ...ADAM_BETAS},
      schedule: config.schedule ?? usual.schedule,
      flip,
    };
  },
});
