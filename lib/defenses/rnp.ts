import {usualRunOn} from '../datasets/known.js';
import {ADAM_BETAS, TRAINING} from '../options/commands/training.js';
import type {OptionGroups} from '../options/option.js';
import {defense} from './entry.js';
import {
  candidatesOf,
  JUDGED,
  learnedShare,
  MASK_LADDER,
  MASKS,
  nativeSelection,
  pruningColumns,
  pruningFigures,
  THRESHOLDS,
} from './pruning.js';
import {selecting} from './selection.js';
import {AMP, EPOCHS} from './training_options.js';

const OPTIONS = {
  unlearning: {
    batchSize: {
      type: 'integer',
      above: 0,
      help: 'images per batch',
      official: 'batch_size',
      default: 256,
    },
    unlearningRounds: {
      type: 'integer',
      above: 0,
      help: 'passes over the clean images that unlearn them, at most',
      official: 'unlearning_epochs',
      default: 20,
    },
    unlearningRate: {
      type: 'number',
      above: 0,
      help: 'learning rate of the unlearning',
      official: 'unlearning_lr',
      default: 0.01,
    },
    unlearnedAccuracy: {
      type: 'number',
      least: 0,
      most: 1,
      help: 'training accuracy at which the unlearning ends',
      official: 'clean_threshold',
      default: 0.2,
    },
    momentum: TRAINING.momentum,
    weightDecay: TRAINING.weightDecay,
    milestones: {
      ...TRAINING.milestones,
      official: 'schedule',
      help: 'rounds of the unlearning after which its rate is lowered',
      default: [10, 20],
    },
    gamma: {...TRAINING.gamma, help: 'factor of the rate at each milestone'},
    cropPadding: TRAINING.cropPadding,
    flip: TRAINING.flip,
  },
  recovering: {
    recoveringRounds: {
      type: 'integer',
      above: 0,
      help: 'passes over the clean images that learn the masks',
      official: 'recovering_epochs',
      default: 20,
    },
    recoveringRate: {
      type: 'number',
      above: 0,
      help: 'learning rate of the masks',
      official: 'recovering_lr',
      default: 0.2,
    },
    recoveringShare: {
      type: 'number',
      above: 0,
      help: 'factor of the loss that the masks are learned by',
      official: 'alpha',
      default: 0.2,
    },
  },
  pruning: {
    ...MASK_LADDER,
    threshold: {
      type: 'number',
      least: 0,
      below: 1,
      help: 'the candidate that select fixed keeps',
      official: 'pruning_number',
      default: 0.7,
    },
    ...selecting(['fixed', 'clean'], {unset: 'fixed', maxDrop: '0.05'}),
  },
} as const satisfies OptionGroups;

/** Reconstructive neuron pruning: what the clean images do not ask back is cut (defenses E11). */
export const RNP = defense({
  summary: 'reconstructive neuron pruning, by what clean images ask back once they are unlearned',
  stage: 'pruning',
  options: OPTIONS,
  purpose: 'training',
  ignored: {
    ...AMP,
    mask_file: 'has no effect: the masks are not read from a file',
  },
  figures: pruningFigures('threshold'),
  columns: pruningColumns('threshold'),
  tables: {unlearning: EPOCHS, recovering: EPOCHS, masks: MASKS, thresholds: THRESHOLDS},
  rounds: () => 1,
  selection: ({select}) => select ?? 'fixed',
  work(config) {
    const {unlearningRounds, recoveringRounds} = config;
    const select = config.select ?? 'fixed';
    const candidates = candidatesOf(config);
    return {
      once: {
        training: learnedShare(select) * (unlearningRounds + recoveringRounds),
        forward: select === 'clean' ? JUDGED * (candidates + 1) : 0,
      },
      alsoMeasured: unlearningRounds + candidates,
      isAtMost: true,
    };
  },
  async nativeOptions(config, {datasetName}) {
    const {batchSize, milestones, gamma, cropPadding, momentum, threshold} = config;
    const sgd = {optimizer: 'sgd', momentum, nesterov: false, ...ADAM_BETAS};
    return {
      unlearning: {
        ...{batchSize, milestones, gamma, cropPadding},
        optimizer: {
          ...{...sgd, learningRate: config.unlearningRate, weightDecay: config.weightDecay},
        },
        ...{schedule: 'multiStep', scheduleLength: 1, warmupShare: 0},
        flip: config.flip ?? usualRunOn(datasetName).flip,
      },
      unlearningRounds: config.unlearningRounds,
      unlearnedAccuracy: config.unlearnedAccuracy,
      recoveringRounds: config.recoveringRounds,
      recoveringShare: config.recoveringShare,
      recovering: {...sgd, learningRate: config.recoveringRate, weightDecay: 0},
      ladder: {
        ...{by: config.pruneBy, most: config.mostPruned, step: config.pruneStep, threshold},
      },
      selection: nativeSelection(config.select ?? 'fixed', config.maxDrop),
    };
  },
});
