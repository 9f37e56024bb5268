import {usualRunOn} from '../datasets/known.js';
import {ADAM_BETAS, TRAINING} from '../options/commands/training.js';
import {nativeOf} from '../options/native.js';
import {type OptionGroups, tableOf} from '../options/option.js';
import {OFFICIAL_COLUMNS, TRAINING_FIGURES} from '../report/round_columns.js';
import {defense} from './entry.js';
import {QUIRKS} from './selection.js';
import {BATCH_SIZE, COSINE_ALONE, NO_EFFECT} from './training_options.js';

const {learningRate, momentum, nesterov, weightDecay, cropPadding, flip} = TRAINING;

const OPTIONS = {
  'sharpness-aware fine-tuning': {
    rounds: {
      type: 'integer',
      above: 0,
      help: 'passes over the clean images',
      official: 'epochs',
      byDataset: 'sharpnessAwareRounds',
      default: null,
    },
    ...BATCH_SIZE,
    rho: {
      type: 'number',
      least: 0,
      help: 'length of the perturbation of the weights',
      official: ['rho_max', 'rho_min'],
      native: 'sam.rho',
      default: 2,
    },
    adaptiveSam: {
      type: 'switch',
      help: 'each weight is perturbed in proportion to its square',
      native: 'sam.adaptive',
      default: true,
    },
    labelSmoothing: {
      type: 'number',
      least: 0,
      below: 1,
      help: 'share of the target that the other classes get',
      official: 'label_smoothing',
      native: 'sam.labelSmoothing',
      default: 0.1,
    },
    alpha: {
      type: 'number',
      least: 0,
      help: 'weight of the part of the gradient that the perturbation takes away',
      official: 'alpha',
      native: 'sam.alpha',
      default: 0,
    },
    learningRate,
    momentum,
    nesterov,
    weightDecay,
    samSchedule: {
      type: 'choice',
      choices: ['batch', 'epoch'],
      help: 'what moves the learning rate along its cosine',
      details:
        'By batch, as in the official tool, the rate falls to 0 and rises again in as many batches.',
      native: 'samSchedule',
      default: 'batch',
    },
    scheduleLength: {
      ...TRAINING.scheduleLength,
      help: 'batches, or rounds, until the learning rate reaches 0',
      unset: '100',
      default: 100,
    },
    cropPadding,
    flip,
    compat: QUIRKS,
  },
} as const satisfies OptionGroups;

/** Fine-tuning by adaptive sharpness-aware minimization (defenses E8). */
export const FTSAM = defense({
  summary: 'fine-tuning with sharpness-aware minimization (FT-SAM)',
  stage: 'fine-tuning',
  options: OPTIONS,
  purpose: 'training',
  ignored: {
    adaptive: `switches off in the official tool what adaptiveSam does here`,
    amp: NO_EFFECT,
    checkpoint_path: NO_EFFECT,
    client_optimizer: 'is sgd in any case',
    lr_scheduler: 'is the cosine in any case',
    print_freq: NO_EFFECT,
    rho: 'has no effect in the official tool, where rho_max counts',
    steplr_gamma: 'belongs to a schedule that is not known here',
    steplr_milestones: 'belongs to a schedule that is not known here',
    steplr_stepsize: 'belongs to a schedule that is not known here',
  },
  figures: [
    ...TRAINING_FIGURES,
    {name: 'perturbedLoss', label: 'perturbed loss', unit: 'loss', drawn: true},
  ],
  columns: OFFICIAL_COLUMNS.training,
  subset: ({compat}) => (compat === 'reference' ? 'balanced' : 'random'),
  work: () => ({round: {training: 2}}),
  async nativeOptions(config, {datasetName}) {
    const native = nativeOf(tableOf(OPTIONS), config);
    return {
      ...native,
      ...COSINE_ALONE,
      optimizer: {optimizer: 'sgd', ...native.optimizer, ...ADAM_BETAS},
      flip: config.flip ?? usualRunOn(datasetName).flip,
    };
  },
});
