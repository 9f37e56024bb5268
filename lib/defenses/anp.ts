import {usualRunOn} from '../datasets/known.js';
import {ADAM_BETAS, TRAINING} from '../options/commands/training.js';
import {named} from '../options/named.js';
import {nativeOf} from '../options/native.js';
import {type OptionGroups, tableOf} from '../options/option.js';
import {optionError} from '../options/parse.js';
import type {TableForm} from '../report/table_writer.js';
import {defense} from './entry.js';
import {
  candidatesOf,
  JUDGED,
  MASK_LADDER,
  MASKS,
  nativeSelection,
  pruningColumns,
  pruningFigures,
  THRESHOLDS,
} from './pruning.js';
import {COMPAT, type Rule, selecting} from './selection.js';
import {AMP, BATCH_SIZE} from './training_options.js';

/** What the official rule lets a candidate lose. */
const ORACLE_DROP = 0.1;

const OPTIONS = {
  masks: {
    ...BATCH_SIZE,
    iterations: {
      type: 'integer',
      above: 0,
      help: 'batches, drawn with replacement, that the masks are learned from',
      official: 'nb_iter',
      native: 'iterations',
      default: 2000,
    },
    reportEvery: {
      type: 'integer',
      above: 0,
      help: 'batches between reports of the losses',
      official: 'print_every',
      native: 'reportEvery',
      default: 500,
    },
    noiseBound: {
      type: 'number',
      least: 0,
      help: 'noise on the norms starts within this and is moved by it',
      official: 'anp_eps',
      native: 'noiseBound',
      default: 0.4,
    },
    noiseSteps: {
      type: 'integer',
      least: 0,
      help: 'steps that the noise is moved in',
      official: 'anp_steps',
      native: 'noiseSteps',
      default: 1,
    },
    cleanShare: {
      type: 'number',
      least: 0,
      most: 1,
      help: 'weight of the loss without noise; the rest is that of the loss with it',
      official: 'anp_alpha',
      native: 'cleanShare',
      default: 0.2,
    },
    learningRate: {
      type: 'number',
      above: 0,
      help: 'learning rate of the masks',
      official: 'lr',
      native: 'optimizer.learningRate',
      default: 0.01,
    },
    momentum: {
      type: 'number',
      least: 0,
      below: 1,
      help: 'momentum of the masks',
      native: 'optimizer.momentum',
      default: 0.9,
    },
    cropPadding: TRAINING.cropPadding,
    flip: TRAINING.flip,
  },
  pruning: {
    ...MASK_LADDER,
    threshold: {
      type: 'number',
      least: 0,
      below: 1,
      help: 'the candidate that select fixed keeps',
      official: 'pruning_number',
      unset: 'none',
      default: null,
    },
    ...COMPAT,
    ...selecting(['clean', 'fixed', 'oracle'], {
      unset: `clean; fixed where ${named('threshold')} is given, oracle with compat reference`,
      maxDrop: `0.05; ${ORACLE_DROP} with select oracle`,
    }),
  },
} as const satisfies OptionGroups;

const LEARNING: TableForm = {
  columns: [
    ['block', 'cells.round'],
    ['loss', 'cells.loss'],
    ['loss_noise', 'cells.noiseLoss'],
    ['loss_rob', 'cells.robustLoss'],
    ['loss_nat', 'cells.naturalLoss'],
    ['seconds', 'cells.seconds'],
  ],
};

interface Choosing {
  readonly select: Rule | null;
  readonly compat: 'sound' | 'reference';
  readonly threshold: number | null;
}

/** The official tool chooses by its oracle also where it reports another threshold. */
function ruleOf({select, compat, threshold}: Choosing): Rule {
  if (select !== null) return select;
  if (compat === 'reference') return 'oracle';
  return threshold === null ? 'clean' : 'fixed';
}

/** Adversarial neuron pruning: masks of the norms that hold against noise (defenses E5). */
export const ANP = defense({
  summary: 'adversarial neuron pruning, by masks of the norms',
  stage: 'pruning',
  options: OPTIONS,
  purpose: 'training',
  ignored: {...AMP},
  figures: pruningFigures('threshold'),
  columns: pruningColumns('threshold'),
  tables: {learning: LEARNING, masks: MASKS, thresholds: THRESHOLDS},
  rounds: () => 1,
  selection: ruleOf,
  work(config) {
    const {iterations, batchSize, noiseSteps} = config;
    const candidates = candidatesOf(config);
    const judges = ruleOf(config) === 'clean' ? JUDGED * (candidates + 1) : 0;
    return {
      once: {forward: judges},
      fixed: {training: iterations * batchSize * (noiseSteps + 2)},
      alsoMeasured: candidates,
    };
  },
  check({select, threshold}) {
    if (select !== 'fixed' || threshold !== null) return;
    throw optionError(
      'threshold',
      `number >= 0 and < 1 beside ${named('select')} fixed`,
      'nothing',
    );
  },
  async nativeOptions(config, {datasetName}) {
    const native = nativeOf(tableOf(OPTIONS), config);
    const select = ruleOf(config);
    const selection = nativeSelection(
      select,
      config.maxDrop,
      select === 'oracle' ? ORACLE_DROP : undefined,
    );
    return {
      ...native,
      optimizer: {
        ...{optimizer: 'sgd', ...native.optimizer, weightDecay: 0, nesterov: false},
        ...ADAM_BETAS,
      },
      flip: config.flip ?? usualRunOn(datasetName).flip,
      ladder: {...native.ladder, threshold: config.threshold ?? 0},
      ...{selection, batchOrder: new Int32Array(0), startNoise: []},
    };
  },
});
