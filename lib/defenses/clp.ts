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
    ...outlierOptions('whose bound on the Lipschitz constant is above the mean', 'lipschitzU'),
  },
} as const satisfies OptionGroups;

/** Channel Lipschitz pruning, which needs no images (defenses E9). */
export const CLP = defense({
  ...OUTLIER_ENTRY,
  summary: 'channel Lipschitz pruning, by the weights alone',
  options: OPTIONS,
  work: (config) => outlierWork(config, {}),
  ignored: {...STEPS_IGNORED},
  needsClean: ({select}) => select === 'clean',
  async nativeOptions(config, {datasetName}) {
    return {
      ...nativeOf(tableOf(OPTIONS), config),
      ...nativeOutliers(config, 'lipschitzU', datasetName),
    };
  },
});
