import {nativeOf} from '../options/native.js';
import {type OptionGroups, tableOf} from '../options/option.js';
import {OFFICIAL_COLUMNS} from '../report/round_columns.js';
import {readBatchOrder} from './batch_order.js';
import {defense} from './entry.js';
import {BATCH_SIZE, NO_EFFECT} from './training_options.js';

const UNLEARNING = {
  rounds: {
    type: 'integer',
    above: 0,
    help: 'passes over the clean images',
    official: 'n_rounds',
    byDataset: 'rounds',
    default: null,
  },
  ...BATCH_SIZE,
  outerSteps: {
    type: 'integer',
    above: 0,
    help: 'optimizer steps per perturbation',
    official: 'outer_steps',
    native: 'outerSteps',
    default: 1,
  },
  lambda1: {
    type: 'number',
    least: 0,
    help: 'weight of the clean cross entropy',
    official: 'lmd_1',
    native: 'loss.lambda1',
    default: 1,
  },
  lambda2: {
    type: 'number',
    least: 0,
    help: 'weight of adversarial training',
    official: 'lmd_2',
    native: 'loss.lambda2',
    default: 0,
  },
  lambda3: {
    type: 'number',
    least: 0,
    help: 'weight of the shared adversarial risk',
    official: 'lmd_3',
    native: 'loss.lambda3',
    default: 1,
  },
  trainMode: {
    type: 'switch',
    help: 'batch norm in training mode in the optimizer step',
    official: 'train_mode',
    native: 'loss.trainMode',
    default: false,
  },
  optimizer: {
    type: 'choice',
    choices: ['adam', 'sgd'],
    help: 'which optimizer',
    official: 'client_optimizer',
    native: 'optimizer.optimizer',
    default: 'adam',
  },
  learningRate: {
    type: 'number',
    above: 0,
    help: 'learning rate',
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
  momentum: {
    type: 'number',
    least: 0,
    below: 1,
    help: 'momentum of SGD',
    native: 'optimizer.momentum',
    default: 0.9,
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
  batchOrder: {
    type: 'path',
    expects: 'a JSON file',
    value: '<file>',
    help: 'JSON file with the positions of each round (rounds x images), instead of shuffling',
    details: 'Positions in the clean subset, in one array or in one array for each round.',
    default: null,
  },
} as const;

const PERTURBATION = {
  norm: {
    type: 'choice',
    choices: ['L_inf', 'L1', 'L2', 'Reg'],
    help: 'norm of the ball; Reg: there is none',
    official: 'norm_type',
    native: 'pgd.norm',
    default: 'L_inf',
  },
  normBound: {
    type: 'number',
    above: 0,
    help: 'radius of the ball in [0,1] pixel scale',
    official: 'trigger_norm',
    native: 'pgd.normBound',
    default: 0.2,
  },
  stepSize: {
    type: 'number',
    above: 0,
    help: 'sign step in [0,1] pixel scale',
    official: 'adv_lr',
    native: 'pgd.stepSize',
    default: 0.2,
  },
  steps: {
    type: 'integer',
    above: 0,
    help: 'PGD steps per batch',
    official: 'adv_steps',
    native: 'pgd.steps',
    default: 5,
  },
  init: {
    type: 'choice',
    choices: ['max', 'min', 'zero', 'random'],
    help: 'start of the search',
    official: 'pgd_init',
    native: 'pgd.init',
    default: 'max',
  },
  beta1: {
    type: 'number',
    least: 0,
    help: 'weight of the adversarial term',
    official: 'beta_1',
    native: 'pgd.beta1',
    default: 0.01,
  },
  beta2: {
    type: 'number',
    least: 0,
    help: 'weight of the shared term',
    official: 'beta_2',
    native: 'pgd.beta2',
    default: 1,
  },
} as const;

const OPTIONS = {
  unlearning: UNLEARNING,
  'shared adversarial perturbation': PERTURBATION,
} as const satisfies OptionGroups;

/** Share of the search that is not left early, and of images that are suspects: typical of the models measured. */
const SEARCHED = 0.93;
const SUSPECTS = 0.75;

/** Shared Adversarial Unlearning (specification B1). */
export const SAU = defense({
  summary: 'Shared Adversarial Unlearning',
  stage: 'unlearning',
  options: OPTIONS,
  purpose: 'unlearning',
  ignored: {
    epochs: NO_EFFECT,
    amp: NO_EFFECT,
    lr_scheduler: NO_EFFECT,
    steplr_stepsize: NO_EFFECT,
    steplr_gamma: NO_EFFECT,
    steplr_milestones: NO_EFFECT,
    optim: NO_EFFECT,
  },
  figures: [
    {name: 'loss', label: 'loss', unit: 'loss', drawn: true},
    {name: 'cleanLoss', label: 'clean CE', unit: 'loss', drawn: true},
    {name: 'sharedLoss', label: 'shared risk', unit: 'loss', drawn: true},
    {name: 'suspectShare', label: 'suspects', unit: 'share', drawn: false},
  ],
  columns: OFFICIAL_COLUMNS.unlearning,
  work({steps, outerSteps, init}, {rounds, cleanCount, numClasses, values, cacheBytes}) {
    // What the reference says at the start is kept where that pays (docs/performance.md).
    const bytes = 4 * cleanCount * numClasses * values;
    const keeps = init !== 'random' && rounds > numClasses && bytes <= cacheBytes;
    return {
      once: keeps ? {attack: numClasses} : {},
      round: {
        forward: 1,
        attack: 2 * steps * SEARCHED - (keeps ? 1 : 0),
        training: outerSteps * (1 + SUSPECTS),
      },
    };
  },
  async nativeOptions(config, {rounds, cleanCount}) {
    const native = nativeOf(tableOf(OPTIONS), config);
    const {batchOrder} = config;
    return {
      ...native,
      optimizer: {...native.optimizer, nesterov: false},
      batchOrder:
        batchOrder === null
          ? new Int32Array(0)
          : await readBatchOrder(batchOrder, rounds, cleanCount),
    };
  },
});
