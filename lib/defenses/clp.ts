import {nativeOf} from '../options/native.js';
import {type OptionGroups, tableOf} from '../options/option.js';
import {defense} from './entry.js';
import {
  nativeOutliers,
  outlierOptions,
  pruningColumns,
  pruningFigures,
  SCORES,
  STEPS,
  STEPS_IGNORED,
} from './pruning.js';

const OPTIONS = {
  pruning: {
    ...outlierOptions('whose bound on the Lipschitz constant is above the mean', 'lipschitzU'),
  },
} as const satisfies OptionGroups;

/** Channel Lipschitz pruning, which needs no images (defenses E9). */
export const CLP = defense({
  summary: 'channel Lipschitz pruning, by the weights alone',
  stage: 'scoring channels',
  options: OPTIONS,
  purpose: 'training',
  ignored: {...STEPS_IGNORED},
  figures: pruningFigures('u'),
  columns: pruningColumns('u'),
  tables: {steps: STEPS, scores: SCORES},
  rounds: () => 1,
  needsClean: ({select}) => select === 'clean',
  selection: ({select}) => select ?? 'fixed',
  async nativeOptions(config, {datasetName}) {
    return {
      ...nativeOf(tableOf(OPTIONS), config),
      ...nativeOutliers(config, 'lipschitzU', datasetName),
    };
  },
});
