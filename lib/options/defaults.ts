import {DEFENSE_NAMES, type DefenseName, defenseTable} from '../defenses/defenses.js';
import type {AttackEntry} from './attacks/attack_entry.js';
import {ATTACK_KINDS, ATTACK_TABLE, type AttackKind} from './attacks/attacks.js';
import {ATTACK, RECIPES} from './commands/attack.js';
import {DEMO, EVALUATE, FETCH, INSPECT_DATASET, REPORT, SETUP} from './commands/commands.js';
import {COMPARE} from './commands/compare.js';
import {DEFEND} from './commands/defend.js';
import {SCAN, SCAN_PRESETS} from './commands/scan.js';
import {SWEEP, SWEEP_REPORT, SWEEP_STEP} from './commands/sweep.js';
import {defaultsOf, tableOf} from './option.js';
import type {UserOptions} from './parse.js';
import type {DefendDefaults} from './types.js';

/** The defaults of `defend`, those of all methods and those of each. */
export const DEFEND_DEFAULTS = Object.fromEntries(
  DEFENSE_NAMES.map((method) => [method, defendDefaults(method)]),
) as unknown as DefendDefaults;

function defendDefaults(method: DefenseName): UserOptions {
  return {method, ...defaultsOf(tableOf(DEFEND)), ...defaultsOf(defenseTable(method))};
}

export const COMPARE_DEFAULTS = defaultsOf(tableOf(COMPARE));
export const EVALUATE_DEFAULTS = defaultsOf(tableOf(EVALUATE));
/** The defaults of a scan with a preset; those of none for an unknown name, which the schema refuses. */
export function scanDefaults(preset?: unknown): UserOptions {
  const layer = Object.entries<UserOptions>(SCAN_PRESETS).find(([name]) => name === preset)?.[1];
  return {...defaultsOf(tableOf(SCAN)), ...layer};
}

export const REPORT_DEFAULTS = defaultsOf(tableOf(REPORT));
export const DEMO_DEFAULTS = defaultsOf(tableOf(DEMO));
export const FETCH_DEFAULTS = defaultsOf(tableOf(FETCH));
export const INSPECT_DATASET_DEFAULTS = defaultsOf(tableOf(INSPECT_DATASET));
export const SETUP_DEFAULTS = defaultsOf(tableOf(SETUP));
export const SWEEP_DEFAULTS = defaultsOf(tableOf(SWEEP));
export const SWEEP_STEP_DEFAULTS = defaultsOf(tableOf(SWEEP_STEP));
export const SWEEP_REPORT_DEFAULTS = defaultsOf(tableOf(SWEEP_REPORT));

/**
 * The defaults of one attack: first those of all attacks, then its own and those of its own options, and last the
 * recipe's defaults for the training. Later ones win.
 */
export function attackDefaults(kind: AttackKind, recipe?: unknown): UserOptions {
  const {labelModes, defaults, options} = ATTACK_TABLE[kind] as AttackEntry;
  return {
    ...defaultsOf(tableOf(ATTACK)),
    kind,
    labelMode: labelModes[0],
    ...defaults,
    ...defaultsOf(options),
    ...recipeOf(recipe ?? defaults?.recipe),
  };
}

/** Nothing for the reference, and for an unknown name, which the schema refuses. */
function recipeOf(name: unknown): UserOptions {
  return Object.entries<UserOptions>(RECIPES).find(([known]) => known === name)?.[1] ?? {};
}

/** The default of every option, by command, and there by method or kind of attack. */
export interface Defaults {
  /** Of {@link defend}, by method. */
  readonly defend: Readonly<Record<DefenseName, Readonly<Record<string, unknown>>>>;
  /** Of {@link compare}; those of the methods are under `defend`. */
  readonly compare: Readonly<Record<string, unknown>>;
  /** Of {@link attack}, by kind. */
  readonly attack: Readonly<Record<AttackKind, Readonly<Record<string, unknown>>>>;
  /** Of {@link evaluate}. */
  readonly evaluate: Readonly<Record<string, unknown>>;
  /** Of {@link scan}. */
  readonly scan: Readonly<Record<string, unknown>>;
  /** Of {@link demo}. */
  readonly demo: Readonly<Record<string, unknown>>;
  /** Of {@link fetchDataset}. */
  readonly fetchDataset: Readonly<Record<string, unknown>>;
  /** Of {@link inspectDataset}. */
  readonly inspectDataset: Readonly<Record<string, unknown>>;
  /** Of {@link report}. */
  readonly report: Readonly<Record<string, unknown>>;
  /** Of {@link setup}. */
  readonly setup: Readonly<Record<string, unknown>>;
  /** Of {@link sweep}; those of its steps are under `attack` and `defend`. */
  readonly sweep: Readonly<Record<string, unknown>>;
}

/** The default of every option; null where it depends on the data set or the checkpoint. */
export const DEFAULTS: Defaults = {
  defend: DEFEND_DEFAULTS,
  compare: COMPARE_DEFAULTS,
  attack: Object.fromEntries(
    ATTACK_KINDS.map((kind) => [kind, attackDefaults(kind)]),
  ) as Defaults['attack'],
  evaluate: EVALUATE_DEFAULTS,
  scan: scanDefaults(),
  demo: DEMO_DEFAULTS,
  fetchDataset: FETCH_DEFAULTS,
  inspectDataset: INSPECT_DATASET_DEFAULTS,
  report: REPORT_DEFAULTS,
  setup: SETUP_DEFAULTS,
  sweep: SWEEP_DEFAULTS,
};

/** Constants of the generators that some attacks' triggers come from (specification B4.4 to B4.7). */
export const GENERATOR_DEFAULTS = {
  /** Feeds plain pixels, like the official tool; `normalize` feeds normalized pixels, as in training. */
  lfPattern: {
    images: 100,
    evaluationImages: 1000,
    passes: 50,
    peak: 0.2,
    searchSteps: 200,
    overshoot: 0.02,
    enough: 0.2,
    settled: 0.01,
    normalize: false,
  },
  lcImages: {normalize: false},
  ssbaImages: {
    accuracyGoal: 0.9,
    imageWeight: 10,
  },
  trojanTrigger: {target: 100, stepSize: 0.1, bound: 0.3, stopBelow: 1e-3},
} as const;
