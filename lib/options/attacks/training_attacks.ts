import {named} from '../named.js';
import type {AttackEntry} from './attack_entry.js';

const ROTATION = {
  type: 'number',
  help: 'largest angle of the random rotation of a training batch, in degrees; 0: none',
  least: 0,
  most: 180,
  default: 10,
} as const;

/** The attacks that poison each batch of the training (specification B4.8 to B4.10). */
export const TRAINING_ATTACKS = {
  wanet: {
    summary: 'WaNet: a smooth warp of the whole image, in every training batch',
    poisons: 'training',
    labelModes: ['all2one', 'all2all'],
    defaults: {schedule: 'multiStep', cropPadding: 5},
    options: {
      gridSize: {
        type: 'integer',
        help: 'control points of the warp, per side',
        least: 2,
        most: 256,
        default: 4,
      },
      warpStrength: {
        type: 'number',
        help: 'strength of the warp',
        least: 0,
        most: 100,
        default: 0.5,
      },
      gridRescale: {
        type: 'number',
        help: 'factor on the finished sampling grid',
        least: 0.01,
        most: 100,
        default: 1,
      },
      crossRatio: {
        type: 'number',
        help: 'noise-warped images with their true label, per poisoned image',
        least: 0,
        most: 1000,
        default: 2,
      },
      rotation: ROTATION,
    },
  },
  inputaware: {
    summary: 'Input-aware dynamic: generators draw each image its own trigger as the victim trains',
    poisons: 'training',
    labelModes: ['all2one', 'all2all'],
    defaults: {schedule: 'multiStep'},
    options: {
      maskEpochs: {
        type: 'integer',
        help: `of ${named('epochs')}, those that train the masks alone, before the victim`,
        least: 0,
        most: 100_000,
        default: 25,
      },
      maskDensity: {
        type: 'number',
        help: 'mask values above this are penalized',
        least: 0,
        most: 1,
        default: 0.032,
      },
      maskWeight: {
        type: 'number',
        help: 'weight of that penalty',
        least: 0,
        default: 100,
      },
      diversityWeight: {
        type: 'number',
        help: "weight of the loss that makes images' triggers differ",
        least: 0,
        default: 1,
      },
      crossRatio: {
        type: 'number',
        help: "images with another one's trigger and their true label, per poisoned one",
        least: 0,
        most: 1000,
        default: 1,
      },
      generatorLearningRate: {
        type: 'number',
        help: 'learning rate of the generators',
        least: 0,
        most: 1000,
        default: 0.01,
      },
      generatorWidth: {
        type: 'integer',
        help: "channels of the generators' first stage",
        least: 1,
        most: 4096,
        default: 32,
      },
      doubleTanh: {
        type: 'switch',
        help: 'the generators apply tanh twice, as the official ones do',
        default: true,
      },
      clearGradients: {
        type: 'switch',
        help: "clear the pattern generator's gradients at each step; the official tool adds them up",
        default: false,
      },
    },
  },
  bpp: {
    summary: 'BPP: a coarse quantization of the colors, in every training batch',
    poisons: 'training',
    labelModes: ['all2one', 'all2all'],
    defaults: {schedule: 'multiStep', cropPadding: 5},
    options: {
      levels: {
        type: 'integer',
        help: 'levels per color channel that remain',
        least: 2,
        most: 256,
        default: 8,
      },
      dithering: {
        type: 'switch',
        help: 'Floyd-Steinberg dithering',
        default: false,
      },
      negativeRatio: {
        type: 'number',
        help: "share of a batch that gets another image's quantization error and keeps its label",
        least: 0,
        most: 1,
        default: 0.1,
      },
      rotation: ROTATION,
    },
  },
} as const satisfies Readonly<Record<string, AttackEntry>>;
