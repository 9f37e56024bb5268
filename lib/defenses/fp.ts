import {nativeOf} from '../options/native.js';
import {type OptionGroups, tableOf} from '../options/option.js';
import {MEASURED, OFFICIAL_COLUMNS, TRAINING_FIGURES} from '../report/round_columns.js';
import type {TableForm} from '../report/table_writer.js';
import {defense} from './entry.js';
import {FT} from './ft.js';
import {learnedShare, nativeSelection, SCORES} from './pruning.js';
import {COMPAT, type Rule, selecting} from './selection.js';
import {nativeTraining} from './training_options.js';

/** What a candidate may lose, which is fine-tuned afterwards. */
const MAX_DROP = 0.1;

const OPTIONS = {
  pruning: {
    pruneStep: {
      type: 'number',
      above: 0,
      most: 1,
      help: 'share of the features that a candidate prunes more than the one before',
      official: 'once_prune_ratio',
      native: 'pruneStep',
      default: 0.01,
    },
    ...COMPAT,
    ...selecting(['clean', 'oracle'], {
      unset: 'clean; oracle with compat reference',
      maxDrop: String(MAX_DROP),
    }),
  },
  'fine-tuning': FT.options['fine-tuning'],
} as const satisfies OptionGroups;

const PRUNING: TableForm = {
  columns: [
    ['num_pruned', 'cells.pruned'],
    ['all_filter_num', 'cells.features'],
    ...MEASURED,
    ['validation_acc', 'cells.validationAcc'],
  ],
};

function ruleOf({select, compat}: {select: Rule | null; compat: 'sound' | 'reference'}): Rule {
  return select ?? (compat === 'reference' ? 'oracle' : 'clean');
}

/** Fine-pruning: dormant features are cut, then the rest is fine-tuned (defenses E2). */
export const FP = defense({
  summary: 'fine-pruning of the features that clean images do not use',
  stage: 'fine-pruning',
  options: OPTIONS,
  purpose: 'training',
  ignored: FT.ignored,
  figures: TRAINING_FIGURES,
  columns: OFFICIAL_COLUMNS.training,
  tables: {pruning: PRUNING, scores: SCORES},
  selection: ruleOf,
  work(config) {
    const learned = learnedShare(ruleOf(config));
    return {
      once: {forward: 1},
      round: {training: learned},
      alsoMeasured: Math.ceil(1 / config.pruneStep),
    };
  },
  async nativeOptions(config, {datasetName}) {
    const native = nativeOf(tableOf(OPTIONS), config);
    return {
      ...nativeTraining(native, config, datasetName),
      selection: nativeSelection(ruleOf(config), config.maxDrop, MAX_DROP),
    };
  },
});
