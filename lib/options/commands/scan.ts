import {INVERSION} from '../../defenses/nc.js';
import {COMPAT} from '../../defenses/selection.js';
import {OFFICIAL_THRESHOLDS, THRESHOLDS} from '../../scan/thresholds.js';
import {named} from '../named.js';
import type {OptionGroups} from '../option.js';
import {CHECKPOINT, CLEAN, DATA, DEVICE, FORCE, SEED} from './common.js';
import {TRAINING} from './training.js';

/** The statistics by name, in the order in which they are computed: those that need few passes first. */
export const STATISTIC_NAMES = ['shared', 'universal', 'latent', 'mmbd', 'nc'] as const;

const {testLimit: _, ...data} = DATA;
const {anomalyThreshold, ...inversion} = INVERSION;

/** Defaults of presets: `quick` is what the table below has. */
const QUICK = {
  ...{
    clean: '64',
    inversionEpochs: 25,
    inversionBatchSize: 16,
    costPatience: 3,
    earlyStopPatience: 10,
  },
  ...{marginStarts: 8, marginIterations: 100, universalSteps: 10},
} as const;
const FULL = {
  ...{
    clean: '250',
    inversionEpochs: 80,
    inversionBatchSize: 32,
    costPatience: 5,
    earlyStopPatience: 25,
  },
  ...{marginStarts: 30, marginIterations: 300, universalSteps: 20},
} as const;

/** A scan of a model for a backdoor (docs/scan.md). */
export const SCAN = {
  'Model and data': {
    ...CHECKPOINT,
    clean: {
      ...CLEAN.clean,
      help: 'clean images to look at: 5pct, 0.05, a count, an index file or a folder of images',
      default: QUICK.clean,
    },
    dataFree: {
      type: 'switch',
      value: '',
      help: 'use no images: the statistic mmbd alone',
      default: false,
    },
    ...data,
  },
  Scan: {
    statistics: {
      type: 'choices',
      choices: STATISTIC_NAMES,
      help: 'what to compute; latent, mmbd and nc give the verdict, shared and universal order the classes',
      unset: `latent,mmbd,nc; with ${named('dataFree')} mmbd`,
      default: null,
    },
    preset: {
      type: 'choice',
      choices: ['quick', 'full'],
      help: "defaults of the statistics; full: those of the statistics' authors, at about ten times the cost",
      default: 'quick',
    },
    ...COMPAT,
    report: {
      type: 'switch',
      value: '',
      help: 'also write report.html, which shows the scan',
      default: false,
    },
  },
  'nc: the smallest trigger of each class': {
    ...inversion,
    inversionEpochs: {...inversion.inversionEpochs, default: QUICK.inversionEpochs},
    costPatience: {...inversion.costPatience, default: QUICK.costPatience},
    earlyStopPatience: {...inversion.earlyStopPatience, default: QUICK.earlyStopPatience},
    ncThreshold: {
      ...anomalyThreshold,
      help: 'anomaly index above which nc calls a class suspicious',
      unset: `${THRESHOLDS.nc}; ${OFFICIAL_THRESHOLDS.nc} with ${named('compat')} reference`,
      default: null,
    },
    inversionBatchSize: {
      type: 'integer',
      above: 0,
      help: 'images per step of the search',
      native: 'inversion.batchSize',
      default: QUICK.inversionBatchSize,
    },
    cropPadding: {...TRAINING.cropPadding, native: 'inversion.cropPadding'},
    flip: {...TRAINING.flip, native: 'inversion.flip'},
  },
  'mmbd: the largest margin of each class': {
    marginStarts: {
      type: 'integer',
      above: 0,
      help: 'random images for each class',
      native: 'margin.starts',
      default: QUICK.marginStarts,
    },
    marginIterations: {
      type: 'integer',
      above: 0,
      help: 'steps of gradient descent for each class, at most',
      native: 'margin.iterations',
      default: QUICK.marginIterations,
    },
    marginStepSize: {
      type: 'number',
      above: 0,
      help: 'step in [0,1] pixel scale, times the gradient',
      native: 'margin.stepSize',
      default: 0.01,
    },
    marginTolerance: {
      type: 'number',
      least: 0,
      help: 'relative change of the loss below which the search of a class ends',
      native: 'margin.tolerance',
      default: 1e-5,
    },
    mmbdThreshold: {
      type: 'number',
      above: 0,
      below: 1,
      help: 'p-value up to which mmbd calls a class suspicious',
      unset: `${THRESHOLDS.mmbd}; ${OFFICIAL_THRESHOLDS.mmbd} with ${named('compat')} reference`,
      default: null,
    },
  },
  'latent: the smallest change of inner values': {
    latentSteps: {
      type: 'integer',
      above: 0,
      help: 'steps of a search at most, each of which allows a change 1.41 times as large',
      native: 'latent.steps',
      default: 15,
    },
    latentThreshold: {
      type: 'number',
      above: 0,
      help: 'anomaly index above which latent calls a class suspicious',
      unset: `${THRESHOLDS.latent}`,
      default: null,
    },
  },
  'shared: the labels of shared adversarial images': {
    sharedBound: {
      type: 'number',
      above: 0,
      help: 'radius of the L_inf ball in [0,1] pixel scale',
      native: 'pgd.normBound',
      default: 0.2,
    },
    sharedStepSize: {
      type: 'number',
      above: 0,
      help: 'sign step in [0,1] pixel scale',
      native: 'pgd.stepSize',
      default: 0.2,
    },
    sharedSteps: {
      type: 'integer',
      above: 0,
      help: 'sign steps',
      native: 'pgd.steps',
      default: 5,
    },
    sharedThreshold: {
      type: 'number',
      above: 0,
      help: 'anomaly index above which shared names a class, where half of the images lead to it',
      unset: '5',
      default: null,
    },
  },
  'universal: one perturbation for all images': {
    universalBound: {
      type: 'number',
      above: 0,
      most: 1,
      help: 'most that a pixel changes, in [0,1] scale',
      native: 'universal.bound',
      default: 0.05,
    },
    universalStepSize: {
      type: 'number',
      above: 0,
      help: 'sign step in [0,1] pixel scale',
      unset: `a quarter of ${named('universalBound')}`,
      default: null,
    },
    universalSteps: {
      type: 'integer',
      above: 0,
      help: 'sign steps for each class',
      native: 'universal.steps',
      default: QUICK.universalSteps,
    },
    universalThreshold: {
      type: 'number',
      above: 0,
      help: 'anomaly index above which universal names a class',
      unset: '5',
      default: null,
    },
  },
  Run: {
    out: {
      type: 'path',
      expects: 'a folder',
      value: '<dir>',
      help: 'output folder',
      unset: 'scan beside the checkpoint',
      default: null,
    },
    ...FORCE,
    ...SEED,
    ...DEVICE,
  },
} as const satisfies OptionGroups;

/** The defaults of a preset, over those of the table and under the user's options. */
export const SCAN_PRESETS = {quick: QUICK, full: FULL} as const;
