import type {ConfigOf, OptionGroups, TableOf} from '../options/option.js';

/** A figure that the rounds of a method report, by its name in `RoundReport.figures`. */
export interface Figure {
  readonly name: string;
  /** In the curves and in the table of a report. */
  readonly label: string;
  /** loss: >= 0, drawn on an axis of its own; share: a fraction in [0,1], shown in percent. */
  readonly unit: 'loss' | 'share';
  /** Whether the curves draw it. */
  readonly drawn: boolean;
}

/** Where a column of the CSV has its values: the round's number, its batches, a figure, or a measurement. */
export type ColumnSource = 'round' | 'none' | `figures.${string}` | `metrics.${string}`;

/** The table of the rounds as the official tool writes it. */
export interface RoundTable {
  /** The name of the file. */
  readonly file: string;
  /** In order, after an index without a name. */
  readonly columns: readonly (readonly [header: string, source: ColumnSource])[];
}

/** What a method must know of the run besides its options. */
export interface DefenseFacts {
  readonly rounds: number;
  /** Images of the clean subset. */
  readonly cleanCount: number;
  readonly datasetName: string;
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
  /** The table of the rounds. */
  readonly table: RoundTable;
  /** Its options as the native core takes them. Reads the files that they name. Throws ERR_CONFIG. */
  nativeOptions(config: Config, facts: DefenseFacts): Promise<object>;
}

/** Checks an entry against its own options. */
export function defense<const G extends OptionGroups>(
  entry: DefenseEntry<G, ConfigOf<TableOf<G>>>,
): DefenseEntry<G, ConfigOf<TableOf<G>>> {
  return entry;
}
