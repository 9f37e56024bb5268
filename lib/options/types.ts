import type {FetchedName} from '../datasets/known.js';
import type {DEFENSES, DefenseName} from '../defenses/defenses.js';
import type {
  AttackKind,
  DataAttackKind,
  OwnOptions,
  TrainingAttackKind,
} from './attacks/attacks.js';
import type {ATTACK, RECIPES} from './commands/attack.js';
import type {DEMO, EVALUATE, FETCH, INSPECT_DATASET, REPORT, SETUP} from './commands/commands.js';
import type {DATA} from './commands/common.js';
import type {DEFEND} from './commands/defend.js';
import type {SCAN} from './commands/scan.js';
import type {ConfigOf, DefaultsOf, TableOf} from './option.js';

// Whole, checked and frozen configurations, as the tables say. What users give is in documented.ts.

/** Where the images are and what they are. null: derived from the checkpoint or the folder. */
export type DataConfig = ConfigOf<typeof DATA>;
/** Per-channel constants R, G, B in [0,1] pixel scale. */
export type ChannelConstants = readonly [number, number, number];

/** What every defense has. */
export type CommonDefendConfig = ConfigOf<TableOf<typeof DEFEND>>;
type DefenseTable<Name extends DefenseName> = TableOf<(typeof DEFENSES)[Name]['options']>;
/** A `defend` run: the options of all defenses and those of its method. */
export type DefendConfig = {
  [Name in DefenseName]: {readonly method: Name} & CommonDefendConfig &
    ConfigOf<DefenseTable<Name>>;
}[DefenseName];
/** The defaults of a `defend` run, by method. */
export type DefendDefaults = {
  readonly [Name in DefenseName]: {readonly method: Name} & DefaultsOf<TableOf<typeof DEFEND>> &
    DefaultsOf<DefenseTable<Name>>;
};

/** A named set of defaults for training. */
export type RecipeName = keyof typeof RECIPES;
/** What every attack has. */
export type CommonAttackConfig = ConfigOf<TableOf<typeof ATTACK>>;
/** An `attack` run: the options of all attacks and those of its kind. */
export type AttackConfig = {
  [Kind in AttackKind]: CommonAttackConfig & OwnOptions<Kind> & {readonly kind: Kind};
}[AttackKind];
export type DataAttackConfig = Extract<AttackConfig, {readonly kind: DataAttackKind}>;
export type TrainingAttackConfig = Extract<AttackConfig, {readonly kind: TrainingAttackKind}>;

/** An `evaluate` run. */
export type EvaluateConfig = ConfigOf<TableOf<typeof EVALUATE>>;
/** A `scan` run. */
export type ScanConfig = ConfigOf<TableOf<typeof SCAN>>;
/** A `report` run. */
export type ReportConfig = ConfigOf<TableOf<typeof REPORT>>;
/** A `demo` run. */
export type DemoConfig = ConfigOf<TableOf<typeof DEMO>>;
/** A `data` run, which fetches a data set. */
export type FetchConfig = ConfigOf<TableOf<typeof FETCH>> & {readonly dataset: FetchedName};
/** An `inspectDataset` run. */
export type InspectDatasetConfig = ConfigOf<TableOf<typeof INSPECT_DATASET>>;
/** A `setup` run, which fetches LibTorch. */
export type SetupConfig = ConfigOf<TableOf<typeof SETUP>>;
