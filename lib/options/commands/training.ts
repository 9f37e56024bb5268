import {cosineText} from '../../datasets/known.js';
import type {OptionTable} from '../option.js';

/**
 * Ordinary training: of an attack's victim (specification B3.1), and of the defenses that fine-tune
 * (defenses E0). Who uses it says which defaults differ.
 */
export const TRAINING = {
  optimizer: {
    type: 'choice',
    choices: ['sgd', 'adam'],
    help: 'which optimizer; adam suits ConvNeXt and ViT, with a learning rate of about 0.001',
    official: 'client_optimizer',
    native: 'optimizer.optimizer',
    default: 'sgd',
  },
  learningRate: {
    type: 'number',
    above: 0,
    help: 'largest learning rate',
    official: 'lr',
    native: 'optimizer.learningRate',
    default: 0.01,
  },
  momentum: {
    type: 'number',
    least: 0,
    below: 1,
    help: 'momentum of SGD',
    official: 'sgd_momentum',
    native: 'optimizer.momentum',
    default: 0.9,
  },
  nesterov: {
    type: 'switch',
    help: "Nesterov's momentum",
    native: 'optimizer.nesterov',
    default: false,
  },
  weightDecay: {
    type: 'number',
    least: 0,
    help: 'L2 penalty, added to the gradient',
    official: 'wd',
    native: 'optimizer.weightDecay',
    default: 5e-4,
  },
  schedule: {
    type: 'choice',
    choices: ['cosine', 'constant', 'oneCycle', 'multiStep', 'plateau'],
    help: 'how the learning rate changes',
    official: 'lr_scheduler',
    native: 'schedule',
    byDataset: 'schedule',
    default: null,
  },
  scheduleLength: {
    type: 'integer',
    above: 0,
    help: 'epochs until cosine and oneCycle reach a learning rate of 0',
    unset: `the epochs; in the reference's cosine ${cosineText()}`,
    native: 'scheduleLength',
    default: null,
  },
  warmupShare: {
    type: 'number',
    least: 0,
    below: 1,
    help: 'share of oneCycle in which the learning rate rises',
    native: 'warmupShare',
    default: 0.25,
  },
  milestones: {
    type: 'numbers',
    above: 0,
    integers: true,
    value: '<n,n>',
    expects: 'epochs > 0 such as 100,200,300',
    help: 'epochs after which multiStep lowers the rate',
    native: 'milestones',
    default: [100, 200, 300, 400],
  },
  gamma: {
    type: 'number',
    above: 0,
    help: 'factor of the rate at each milestone, and in plateau where the loss has stopped falling',
    native: 'gamma',
    default: 0.1,
  },
  cropPadding: {
    type: 'integer',
    least: 0,
    most: 4096,
    value: '<px>',
    help: 'zeros around an image before the random crop; 0: no crop',
    native: 'cropPadding',
    default: 4,
  },
  flip: {
    type: 'switch',
    help: 'random horizontal flip',
    byDataset: 'flip',
    native: 'flip',
    default: null,
  },
} as const satisfies OptionTable;

/** What Adam takes besides. */
export const ADAM_BETAS = {adamBeta1: 0.9, adamBeta2: 0.999} as const;
