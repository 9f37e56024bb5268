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
    ...outlierOptions(
      'whose clean statistics diverge from the running ones above the mean',
      'normU',
    ),
  },
} as const satisfies OptionGroups;

/** Batch norm pruning (defenses E10). */
export const BNP = defense({
  ...OUTLIER_ENTRY,
  summary: 'batch norm pruning, by the statistics of clean images',
  options: OPTIONS,
  work: (config) => outlierWork(config, {once: {forward: 1}}),
  ignored: {
    ...STEPS_IGNORED,
    batch_size: 'does not matter: the statistics are those of all images',
  },
  async nativeOptions(config, {datasetName}) {
    return {
      ...nativeOf(tableOf(OPTIONS), config),
      ...nativeOutliers(config, 'normU', datasetName),
    };
  },
});
