import type {SubsetRule} from '../datasets/clean_subset.js';
import type {ConfigOf, OptionGroups, TableOf} from '../options/option.js';
import type {PictureName, TableName} from '../records/layout.js';
import type {Figure, RoundColumns} from '../report/round_columns.js';
import type {TableForm} from '../report/table_writer.js';
import type {Selection} from '../run/results.js';
import type {PlannedWork} from '../time/planned_work.js';

/** What a method must know of the run besides its options. */
export interface DefenseFacts {
  readonly rounds: number;
  /** Images of the clean subset; 0 where it is not needed. */
  readonly cleanCount: number;
  readonly datasetName: string;
}

/** What the work of a method depends on besides. */
export interface WorkFacts extends DefenseFacts {
  readonly numClasses: number;
  /** Values of an image. */
  readonly values: number;
  /** Memory for what stays the same in every round. */
  readonly cacheBytes: number;
}

/**
 * A defense: all that the rest of the package knows of it. Where the method is not known, its configuration is
 * a map of names to values.
 */
export interface DefenseEntry<
  G extends OptionGroups = OptionGroups,
  Config = Readonly<Record<string, unknown>>,
> {
  /** One line for help and docs. */
  readonly summary: string;
  /** What a run of it does, for the progress line. */
  readonly stage: string;
  /** The options that are its own, by heading; other methods may have options of the same name. */
  readonly options: G;
  /** What `precision: 'auto'` is chosen for. */
  readonly purpose: 'unlearning' | 'training';
  /** Names of the official tool's options that are accepted and ignored, and why. */
  readonly ignored: Readonly<Record<string, string>>;
  /** What a round reports; the progress line shows the first. */
  readonly figures: readonly Figure[];
  /** Its CSV, which has the name `<method>_df.csv`. */
  readonly columns: RoundColumns;
  /** What it writes besides. */
  readonly tables?: Readonly<Partial<Record<TableName, TableForm>>>;
  /** Whether it looks at the clean subset at all; without it, it does. */
  needsClean?(config: Config): boolean;
  /** How its clean images are drawn where the user does not say; without it at random. */
  subset?(config: Config): SubsetRule;
  /** Pictures that it makes, by their names. */
  readonly pictures?: readonly PictureName[];
  /** How many of the record's training images, poisoned ones among them, it looks at; without it none. */
  trainImages?(config: Config): number;
  /** Refuses options that exclude each other. Throws ERR_CONFIG. */
  check?(config: Config): void;
  /** The name of the network that it makes of one, where that is another; then it takes known architectures alone. */
  network?(model: string): string;
  /** Its rounds, where it has no option for them. */
  rounds?(config: Config): number;
  /** By what it chooses the weights; without it those of the last round. */
  selection?(config: Config): Selection;
  /** The passes that its options come to, for the estimate of its time. */
  work(config: Config, facts: WorkFacts): PlannedWork;
  /** Its options as the native core takes them. Reads the files that they name. Throws ERR_CONFIG. */
  nativeOptions(config: Config, facts: DefenseFacts): Promise<object>;
}

/** Checks an entry against its own options. */
export function defense<const G extends OptionGroups>(
  entry: DefenseEntry<G, ConfigOf<TableOf<G>>>,
): DefenseEntry<G, ConfigOf<TableOf<G>>> {
  return entry;
}
