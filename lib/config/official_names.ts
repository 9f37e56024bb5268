import {join} from 'node:path';
import type {UserOptions} from './parse.js';

/** One option of the official Python tool, and what becomes of it here. */
export interface OfficialName {
  /** As in the official YAML; the official flag is the same with two dashes. */
  readonly official: string;
  /** Our option; null: the official tool reads it, but it has no effect on this command. */
  readonly option: string | null;
  /** On the command line: 'flag' takes no value. */
  readonly arity: 'value' | 'flag';
}

const to = (official: string, option: string, arity: OfficialName['arity'] = 'value') => ({
  official,
  option,
  arity,
});
const without = (official: string, arity: OfficialName['arity'] = 'value') => ({
  official,
  option: null,
  arity,
});

/** `defend`: names of specification B1.1 and B1.9. README's mapping table lists these. */
export const OFFICIAL_DEFEND_NAMES: readonly OfficialName[] = [
  to('result_file', 'resultFile'),
  to('dataset', 'dataset'),
  to('dataset_path', 'data'),
  to('model', 'model'),
  to('num_classes', 'numClasses'),
  to('device', 'device'),
  to('ratio', 'clean'),
  to('index', 'clean'),
  to('random_seed', 'seed'),
  to('n_rounds', 'rounds'),
  to('batch_size', 'batchSize'),
  to('outer_steps', 'outerSteps'),
  to('train_mode', 'trainMode', 'flag'),
  to('norm_type', 'norm'),
  to('trigger_norm', 'normBound'),
  to('adv_lr', 'stepSize'),
  to('adv_steps', 'steps'),
  to('pgd_init', 'init'),
  to('beta_1', 'beta1'),
  to('beta_2', 'beta2'),
  to('lmd_1', 'lambda1'),
  to('lmd_2', 'lambda2'),
  to('lmd_3', 'lambda3'),
  to('client_optimizer', 'optimizer'),
  to('lr', 'learningRate'),
  to('wd', 'weightDecay'),
  to('adam_betas', 'adamBetas'),
  without('epochs'),
  without('amp'),
  without('lr_scheduler'),
  without('steplr_stepsize'),
  without('steplr_gamma'),
  without('steplr_milestones'),
  without('optim'),
  without('prefetch'),
  without('num_workers'),
  without('pin_memory'),
  without('non_blocking'),
  without('checkpoint_load'),
  without('checkpoint_save'),
  without('frequency_save'),
  without('log'),
];

/** `attack`: names of specification B3. */
export const OFFICIAL_ATTACK_NAMES: readonly OfficialName[] = [
  to('save_folder_name', 'saveFolderName'),
  to('dataset', 'dataset'),
  to('dataset_path', 'data'),
  to('pratio', 'poisonRate'),
  to('p_num', 'poisonCount'),
  to('batch_size', 'batchSize'),
  to('lr', 'learningRate'),
  to('wd', 'weightDecay'),
  to('random_seed', 'seed'),
];

/** A layer of options with the spelling that their user knows, and what the user should be told. */
export interface OptionLayer {
  readonly options: UserOptions;
  /** Our name -> the name as written. */
  readonly spelled: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/**
 * Official names and values -> ours. A name without effect or an unknown one becomes a note; values
 * that are null are left out. `dataset` completes `dataset_path` where the layer itself has none.
 */
export function fromOfficial(
  values: UserOptions,
  names: readonly OfficialName[],
  own: readonly string[] = [],
  dataset?: unknown,
): OptionLayer {
  const options: Record<string, unknown> = {};
  const spelled: Record<string, string> = {};
  const notes: string[] = [];
  const table = new Map(names.map((name) => [name.official, name]));
  for (const [name, value] of Object.entries(values)) {
    const known = table.get(name);
    const option = known === undefined ? own.find((key) => key === name) : known.option;
    if (option === undefined) {
      notes.push(`${name} is not an option of the official tool that is known here: ignored`);
    } else if (option === null) {
      notes.push(`${name} has no effect in the official tool: ignored`);
    } else if (value !== null && value !== undefined && !isShadowed(name, values)) {
      options[option] = translate(name, value, values.dataset ?? dataset, notes);
      spelled[option] = name;
    }
  }
  return {options, spelled, notes};
}

/** An index file wins over a ratio (specification B1.3). */
function isShadowed(name: string, values: UserOptions): boolean {
  return name === 'ratio' && values.index !== null && values.index !== undefined;
}

/** The few official values that are written differently here. */
function translate(name: string, value: unknown, dataset: unknown, notes: string[]): unknown {
  const text = String(value);
  switch (name) {
    case 'dataset_path': // the official tool appends the name of the data set
      return typeof dataset === 'string' && dataset !== 'auto' ? join(text, dataset) : text;
    case 'ratio': // without a decimal point it would be a count
      return /^\d+$/.test(text) ? `${text}.0` : text;
    case 'device': {
      const first = text.split(',')[0] ?? text;
      if (first !== text) {
        notes.push(`device ${text}: one device is used, ${first}`);
      }
      return first;
    }
    case 'client_optimizer': {
      const named = text.toLowerCase();
      if (named === 'adam' || named === 'sgd') {
        return named;
      }
      notes.push(
        `client_optimizer ${text}: the official tool falls back to adam, and so does this`,
      );
      return 'adam';
    }
    default:
      return value;
  }
}
