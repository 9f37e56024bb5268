import {join} from 'node:path';
import type {Option, OptionTable} from './option.js';
import type {UserOptions} from './parse.js';

/** An option of the official Python tool, and what it means here. */
export interface OfficialName {
  /** The name in the official YAML; the official flag is this name with two dashes. */
  readonly official: string;
  /** Our option; null: it is accepted and has no effect on this command. */
  readonly option: string | null;
  /** Why it has no effect. */
  readonly reason?: string;
  /** On the command line: 'flag' takes no value. */
  readonly arity: 'value' | 'flag';
}

/** Where the official tool reads its data and how it logs: nothing that changes a result. */
const WITHOUT_EFFECT: readonly string[] = [
  'prefetch',
  'num_workers',
  'pin_memory',
  'non_blocking',
  'checkpoint_load',
  'checkpoint_save',
  'frequency_save',
  'log',
];

/** The official names of a table's options (specification B1.1, B1.9 and B3), and those that are ignored. */
export function officialNames(
  table: OptionTable,
  ignored: Readonly<Record<string, string>> = {},
): readonly OfficialName[] {
  const known = Object.entries(table).flatMap(([option, entry]) =>
    namesOf(entry).map((official): OfficialName => {
      return {official, option, arity: entry.type === 'switch' ? 'flag' : 'value'};
    }),
  );
  const taken = new Set(known.map(({official}) => official));
  const others = {
    ...Object.fromEntries(
      WITHOUT_EFFECT.map((name) => [name, 'has no effect in the official tool']),
    ),
    ...ignored,
  };
  const without = Object.entries(others).filter(([official]) => !taken.has(official));
  return [
    ...known,
    ...without.map(([official, reason]): OfficialName => {
      return {official, option: null, reason, arity: 'value'};
    }),
  ];
}

function namesOf({official = []}: Option): readonly string[] {
  return typeof official === 'string' ? [official] : official;
}

/** A layer of options, how the user spelled them, and notes for the user. */
export interface OptionLayer {
  readonly options: UserOptions;
  /** Maps our names to the names as written. */
  readonly spelled: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/**
 * Official names and values -> ours. A name that is unknown or has no effect becomes a note. Null values are left
 * out. `dataset` completes `dataset_path` unless the layer has a data folder of its own.
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
      notes.push(`${name} ${known?.reason ?? 'has no effect'}: ignored`);
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

/** PyTorch's names of the schedules. */
const SCHEDULES: Readonly<Record<string, string>> = {
  CosineAnnealingLR: 'cosine',
  MultiStepLR: 'multiStep',
};

/** The few official values that are written differently here. */
function translate(name: string, value: unknown, dataset: unknown, notes: string[]): unknown {
  // A list or a map is none of these. It may even have no text: a YAML file can give a map a key `toString`.
  if (typeof value === 'object') return value;
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
    case 'lr_scheduler':
      return SCHEDULES[text] ?? value;
    case 'atk_succ_threshold': // in percent
      return Number(text) / 100;
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
