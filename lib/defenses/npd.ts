import {usualRunOn} from '../datasets/known.js';
import {polarizedName} from '../models/polarized.js';
import {ADAM_BETAS, TRAINING} from '../options/commands/training.js';
import type {OptionGroups} from '../options/option.js';
import {OFFICIAL_COLUMNS, TRAINING_FIGURES} from '../report/round_columns.js';
import {defense} from './entry.js';
import {QUIRKS} from './selection.js';
import {BATCH_SIZE, EPOCHS, NO_EFFECT} from './training_options.js';

const {learningRate, momentum, nesterov, weightDecay} = TRAINING;

const OPTIONS = {
  'neural polarizer': {
    rounds: {
      type: 'integer',
      above: 0,
      help: 'passes over the clean images',
      official: 'epochs',
      byDataset: 'polarizerRounds',
      default: null,
    },
    batchSize: {...BATCH_SIZE.batchSize, byDataset: 'polarizerBatch', default: null},
    learningRate: {...learningRate, help: "the polarizer's learning rate, which is constant"},
    momentum,
    nesterov,
    weightDecay,
    warmupRounds: {
      type: 'integer',
      least: 0,
      help: 'passes that train the polarizer on the clean images alone, before the others',
      official: 'warm_epochs',
      byDataset: 'polarizerWarmup',
      default: null,
    },
    warmupRate: {
      type: 'number',
      above: 0,
      help: 'learning rate of those',
      default: 1e-4,
    },
    cleanWeight: {
      type: 'number',
      least: 0,
      help: 'weight of the cross entropy of the clean images',
      official: 'lmd1',
      default: 1,
    },
    keptWeight: {
      type: 'number',
      least: 0,
      help: 'weight of the cross entropy of perturbed images with the class that they had before',
      official: 'lmd2',
      byDataset: 'keptWeight',
      default: null,
    },
    topWeight: {
      type: 'number',
      least: 0,
      help: 'weight of the likeliest wrong class of perturbed images',
      official: 'lmd3',
      byDataset: 'topWeight',
      default: null,
    },
    targetWeight: {
      type: 'number',
      least: 0,
      help: 'weight of the class that perturbed images were to get',
      official: 'lmd4',
      byDataset: 'targetWeight',
      default: null,
    },
    trainMode: {
      type: 'switch',
      help: "the polarizer's norm in training mode in the optimizer step",
      byDataset: 'polarizerTrains',
      default: null,
    },
    compat: QUIRKS,
  },
  'targeted perturbation': {
    norm: {
      type: 'choice',
      choices: ['L2', 'L_inf'],
      help: 'norm of the ball',
      official: 'norm_type',
      default: 'L2',
    },
    normBound: {
      type: 'number',
      above: 0,
      help: 'radius of the ball in [0,1] pixel scale',
      details: 'With `norm L_inf` it is 0.2 where nothing else is given.',
      official: 'trigger_norm',
      byDataset: 'polarizerBound',
      default: null,
    },
    stepSize: {
      type: 'number',
      above: 0,
      help: 'step in [0,1] pixel scale',
      unset: '0.1; with L_inf 2.2 times the radius',
      default: null,
    },
    steps: {
      type: 'integer',
      above: 0,
      help: 'steps of the search, which ends early where most images have their target',
      official: 'inner_steps',
      unset: '2; with L_inf 10',
      default: null,
    },
    signSteps: {
      type: 'switch',
      help: 'steps along the sign of the gradient; off: along the gradient itself',
      byDataset: 'polarizerSigns',
      default: null,
    },
  },
} as const satisfies OptionGroups;

/** Share of images with their target that ends the search. */
const ENOUGH = 0.6;
/** What the search is where nothing else is given; null: as on the data set. */
const SEARCHES = {
  L2: {bound: null, stepShare: null, stepSize: 0.1, steps: 2},
  L_inf: {bound: 0.2, stepShare: 2.2, stepSize: null, steps: 10},
} as const;

/** A pass that learns goes back no further than the polarizer, which is near the end. */
const SHORT_BACKWARD = 0.3;

/** Neural polarizer: a layer before a late convolution that takes the trigger out of its input (defenses E12). */
export const NPD = defense({
  summary: 'neural polarizer: one more layer that learns to take the trigger out (NPD)',
  stage: 'training the polarizer',
  options: OPTIONS,
  purpose: 'training',
  ignored: {
    amp: NO_EFFECT,
    client_optimizer: 'is sgd in any case',
    lr_scheduler: 'is constant in any case',
    max_init: 'is decided by norm_type in the official tool',
    model_name: 'is convbn in any case',
    print_freq: NO_EFFECT,
    steplr_gamma: NO_EFFECT,
    steplr_milestones: NO_EFFECT,
    steplr_stepsize: NO_EFFECT,
    target_class: 'serves a measurement alone in the official tool',
    target_lab: NO_EFFECT,
    target_layer_name:
      'is the first convolution of the last block in any case: of PreAct-ResNet18 layer4.1.conv1',
    use_residual: 'is off in any case',
  },
  figures: [
    ...TRAINING_FIGURES,
    {name: 'perturbedLoss', label: 'perturbed loss', unit: 'loss', drawn: true},
  ],
  columns: OFFICIAL_COLUMNS.training,
  tables: {warmup: EPOCHS},
  network: polarizedName,
  subset: ({compat}) => (compat === 'reference' ? 'balanced' : 'random'),
  work(config, {datasetName}) {
    const {warmupRounds, steps, trainMode} = searchOf(config, datasetName);
    const learning = 1 + SHORT_BACKWARD;
    return {
      once: {forward: learning * warmupRounds},
      round: {attack: steps, forward: learning * (trainMode ? 2 : 1)},
    };
  },
  async nativeOptions(config, {datasetName}) {
    const usual = usualRunOn(datasetName);
    const {learningRate, weightDecay, momentum, nesterov, warmupRate, cleanWeight} = config;
    const {warmupRounds, ...search} = searchOf(config, datasetName);
    return {
      batchSize: config.batchSize ?? usual.polarizerBatch,
      optimizer: {
        ...{optimizer: 'sgd', learningRate, weightDecay, momentum, nesterov, ...ADAM_BETAS},
      },
      ...{warmupRounds, warmupRate},
      polarizing: {
        ...{...search, enough: ENOUGH, cleanWeight},
        signSteps: config.signSteps ?? usual.polarizerSigns,
        keptWeight: config.keptWeight ?? usual.keptWeight,
        topWeight: config.topWeight ?? usual.topWeight,
        targetWeight: config.targetWeight ?? usual.targetWeight,
      },
    };
  },
});

interface SearchConfig {
  readonly norm: keyof typeof SEARCHES;
  readonly normBound: number | null;
  readonly stepSize: number | null;
  readonly steps: number | null;
  readonly warmupRounds: number | null;
  readonly trainMode: boolean | null;
}

/** What the passes depend on, with what is usual on the data set. */
function searchOf(config: SearchConfig, datasetName: string) {
  const usual = usualRunOn(datasetName);
  const {norm} = config;
  const own = SEARCHES[norm];
  const normBound = config.normBound ?? own.bound ?? usual.polarizerBound;
  return {
    ...{norm, normBound},
    stepSize: config.stepSize ?? own.stepSize ?? own.stepShare * normBound,
    steps: config.steps ?? own.steps,
    warmupRounds: config.warmupRounds ?? usual.polarizerWarmup,
    trainMode: config.trainMode ?? usual.polarizerTrains,
  };
}
