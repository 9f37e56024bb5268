import {usualRunOn} from '../datasets/known.js';
import type {NativeScanOptions} from '../native/scan_contract.js';
import {SCAN} from '../options/commands/scan.js';
import {nativeOf} from '../options/native.js';
import {tableOf} from '../options/option.js';
import type {ScanConfig} from '../options/types.js';
import type {StatisticName} from '../records/scan_summary.js';

/** What must be known of the model besides the options. */
export interface ScanFacts {
  readonly height: number;
  readonly width: number;
  readonly datasetName: string;
}

/** All that the rest of a scan knows of a statistic. */
export interface StatisticEntry {
  /** What its value is. */
  readonly title: string;
  /** What the run does, for the progress line. */
  readonly stage: string;
  readonly suspicious: 'small' | 'large';
  readonly decides: boolean;
  /** Whether it looks at images. */
  readonly needsImages: boolean;
  /** The figure that is its value. */
  readonly figure: string;
  /** What it cannot see, in words: "misses ...". */
  readonly misses: string;
  nativeOptions(config: ScanConfig, facts: ScanFacts): NativeScanOptions;
}

const OPTIONS = tableOf(SCAN);
/** Of the search for shared adversarial images, as SAU has it: the start and the weights of the terms. */
const SHARED = {norm: 'L_inf', init: 'max', beta1: 0.01, beta2: 1} as const;
const STEPS_TO_BOUND = 4;

export const STATISTICS: Readonly<Record<StatisticName, StatisticEntry>> = {
  shared: {
    title: 'share of the images that a shared adversarial perturbation leads to the class',
    stage: 'attacking the model for the labels of shared adversarial images',
    suspicious: 'large',
    decides: false,
    needsImages: true,
    figure: 'rate',
    misses:
      'patches and backdoors that lead each class to another one; some classes attract images in clean models too',
    nativeOptions: (config) => ({
      statistic: 'shared',
      options: {pgd: {...nativeOf(OPTIONS, config).pgd, ...SHARED}},
    }),
  },
  universal: {
    title:
      'share of other images that one small perturbation leads to the class, above that without it',
    stage: 'searching one perturbation for all images, for each class',
    suspicious: 'large',
    decides: false,
    needsImages: true,
    figure: 'rate',
    misses:
      'patches, which are small and strong, and backdoors that lead each class to another one',
    nativeOptions: (config) => {
      const {universal} = nativeOf(OPTIONS, config);
      const stepSize = config.universalStepSize ?? config.universalBound / STEPS_TO_BOUND;
      return {statistic: 'universal', options: {...universal, stepSize}};
    },
  },
  latent: {
    title:
      'size of the smallest change of inner values that leads all images to the class, in standard deviations',
    stage: 'searching the smallest change of inner values for each class',
    suspicious: 'small',
    decides: true,
    needsImages: true,
    figure: 'size',
    misses:
      'backdoors whose images have the label of their class (SIG, LC), and backdoors that lead each class to another one',
    nativeOptions: (config) => ({
      statistic: 'latent',
      options: nativeOf(OPTIONS, config).latent,
    }),
  },
  mmbd: {
    title: 'largest margin of the class over all others (MM-BD)',
    stage: 'searching the largest margin of each class',
    suspicious: 'large',
    decides: true,
    needsImages: false,
    figure: 'margin',
    misses:
      'backdoors that lead each class to another one, and victims that were trained against adversarial images or with strong regularization',
    nativeOptions: (config, {height, width}) => ({
      statistic: 'mmbd',
      options: {...nativeOf(OPTIONS, config).margin, height, width},
    }),
  },
  nc: {
    title: 'pixels of the smallest trigger for the class (Neural Cleanse)',
    stage: 'searching the smallest trigger for each class',
    suspicious: 'small',
    decides: true,
    needsImages: true,
    figure: 'norm',
    misses:
      'large and whole-image triggers (Blended, SIG, LF), warps, triggers of each image its own (WaNet, Input-aware, SSBA, BPP), and backdoors that lead each class to another one',
    nativeOptions: (config, {datasetName}) => ({
      statistic: 'nc',
      options: {
        ...nativeOf(OPTIONS, config).inversion,
        flip: config.flip ?? usualRunOn(datasetName).flip,
        rowConstants: config.compat === 'reference',
      },
    }),
  },
};
