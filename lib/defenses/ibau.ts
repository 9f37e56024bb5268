import {usualRunOn} from '../datasets/known.js';
import {TRAINING} from '../options/commands/training.js';
import {nativeOf} from '../options/native.js';
import {type OptionGroups, tableOf} from '../options/option.js';
import {OFFICIAL_COLUMNS, TRAINING_FIGURES} from '../report/round_columns.js';
import {defense} from './entry.js';
import {BATCH_SIZE, NO_EFFECT} from './training_options.js';

const OPTIONS = {
  'unlearning of a universal perturbation': {
    rounds: {
      type: 'integer',
      above: 0,
      help: 'perturbations to find and to unlearn',
      official: 'n_rounds',
      default: 5,
    },
    ...BATCH_SIZE,
    learningRate: {
      type: 'number',
      above: 0,
      help: 'learning rate of adam',
      official: 'lr',
      native: 'optimizer.learningRate',
      default: 1e-4,
    },
    weightDecay: {
      type: 'number',
      least: 0,
      help: 'L2 penalty, added to the gradient',
      official: 'wd',
      native: 'optimizer.weightDecay',
      default: 0,
    },
    adamBetas: {
      type: 'numbers',
      count: 2,
      least: 0,
      below: 1,
      value: '<a,b>',
      expects: 'two numbers >= 0 and < 1 such as 0.9,0.999',
      help: 'decay of the means of adam: of gradients and of their squares',
      official: 'adam_betas',
      native: ['optimizer.adamBeta1', 'optimizer.adamBeta2'],
      default: [0.9, 0.999],
    },
    fixedPoints: {
      type: 'integer',
      least: 0,
      help: 'steps towards the hypergradient; 0: the perturbation counts as fixed',
      official: 'K',
      native: 'hypergradient.fixedPoints',
      default: 5,
    },
    ibauPortion: {
      type: 'number',
      least: 0,
      most: 1,
      help: 'share of a batch that has the perturbation while it is unlearned',
      native: 'portion',
      default: 0.01,
    },
    perturbationRate: {
      type: 'number',
      above: 0,
      help: 'step along the gradient that finds the perturbation, in normalized pixels',
      native: 'perturbationRate',
      default: 10,
    },
    fixedPointRate: {
      type: 'number',
      above: 0,
      help: 'step of the map whose fixed point the perturbation is taken for',
      native: 'hypergradient.fixedPointRate',
      default: 0.1,
    },
    normWeight: {
      type: 'number',
      least: 0,
      help: "weight of the perturbation's squared norm",
      native: 'hypergradient.normWeight',
      default: 0.001,
    },
    cropPadding: TRAINING.cropPadding,
    flip: TRAINING.flip,
  },
} as const satisfies OptionGroups;

/** A product with second derivatives, of which the graph is made once, in backward passes by the pixels. */
const SECOND_ORDER = 1.5;

/** Minimax unlearning by implicit hypergradients (defenses E7). */
export const IBAU = defense({
  summary: 'minimax unlearning of a universal perturbation (i-BAU)',
  stage: 'unlearning',
  options: OPTIONS,
  purpose: 'training',
  ignored: {
    amp: NO_EFFECT,
    client_optimizer: NO_EFFECT,
    epochs: NO_EFFECT,
    lr_scheduler: NO_EFFECT,
    optim: NO_EFFECT,
    sgd_momentum: NO_EFFECT,
    steplr_gamma: NO_EFFECT,
    steplr_milestones: NO_EFFECT,
    steplr_stepsize: NO_EFFECT,
  },
  figures: [
    ...TRAINING_FIGURES,
    {name: 'perturbedLoss', label: 'perturbed loss', unit: 'loss', drawn: true},
  ],
  columns: OFFICIAL_COLUMNS.unlearning,
  work: ({fixedPoints}) => ({
    round: {forward: 2, attack: 1 + SECOND_ORDER * fixedPoints, training: 1},
  }),
  async nativeOptions(config, {datasetName}) {
    const native = nativeOf(tableOf(OPTIONS), config);
    return {
      ...native,
      optimizer: {optimizer: 'adam', momentum: 0, nesterov: false, ...native.optimizer},
      flip: config.flip ?? usualRunOn(datasetName).flip,
    };
  },
});
