import {usualRunOn} from '../datasets/known.js';
import {TRAINING} from '../options/commands/training.js';
import {nativeOf} from '../options/native.js';
import {type OptionGroups, tableOf} from '../options/option.js';
import {defense} from './entry.js';
import {
  nativeOutliers,
  OUTLIER_ENTRY,
  outlierOptions,
  outlierWork,
  STEPS_IGNORED,
} from './pruning.js';

const OPTIONS = {
  pruning: {
    ...outlierOptions('whose largest values have an entropy below the mean', 'normU'),
    batchSize: {
      type: 'integer',
      above: 1,
      help: 'training images of the record that are looked at',
      official: 'batch_size',
      default: 256,
    },
    binWidth: {
      type: 'number',
      above: 0,
      help: 'width of a bin of the histograms, in standard deviations',
      native: 'binWidth',
      default: 0.1,
    },
    cropPadding: TRAINING.cropPadding,
    flip: TRAINING.flip,
  },
} as const satisfies OptionGroups;

/** Entropy pruning, which needs poisoned training images (defenses E6). */
export const EP = defense({
  ...OUTLIER_ENTRY,
  summary: 'entropy pruning, by poisoned training images of the record',
  options: OPTIONS,
  work: (config) => outlierWork(config, {fixed: {forward: config.batchSize}}),
  ignored: {...STEPS_IGNORED},
  needsClean: ({select}) => select === 'clean',
  trainImages: ({batchSize}) => batchSize,
  async nativeOptions(config, {datasetName}) {
    return {
      ...nativeOf(tableOf(OPTIONS), config),
      ...nativeOutliers(config, 'normU', datasetName),
      flip: config.flip ?? usualRunOn(datasetName).flip,
    };
  },
});
