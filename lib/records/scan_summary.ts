import type {Passes} from '../run/results.js';
import type {RunCleanSubset, RunDataset, RunFile, RunVersions} from './run_summary.js';
import type {SCHEMA_VERSION} from './schema_version.js';

/** A statistic of a scan. latent, nc and mmbd give the verdict; shared and universal order the classes. */
export type StatisticName = 'latent' | 'nc' | 'mmbd' | 'shared' | 'universal';

/** A number that JSON can have; `infinite` where all other classes have the same value. */
export type ScanIndex = number | 'infinite';

/** On which scale classes are compared: sizes differ by factors, shares and margins by amounts. */
export type ScanScale = 'linear' | 'log';

/** What a scan of a model found. */
export interface ScanSummary {
  /** Version of this form; a later one is another number. */
  readonly schemaVersion: typeof SCHEMA_VERSION;
  /** The call that made it. */
  readonly kind: 'scan';
  /** When it began: ISO 8601, UTC. */
  readonly started: string;
  /** What it was computed with. */
  readonly versions: RunVersions;
  /** Of everything random. */
  readonly seed: number;
  /** The model that was looked at. */
  readonly checkpoint: RunFile;
  /** Such as `preactresnet18`, or the name of a program. */
  readonly model: string;
  /** Outputs of the model. */
  readonly numClasses: number;
  /** The images. */
  readonly dataset: RunDataset;
  /** null where no image was used. */
  readonly cleanSubset: RunCleanSubset | null;
  /** The device that was used, such as `cpu` or `cuda:0`. */
  readonly device: string;
  /** The arithmetic that was used, such as `fp32`. */
  readonly precision: string;
  /** Every option, defaults included. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the statistics come to. */
  readonly verdict: ScanVerdict;
  /** In the order in which they were computed. */
  readonly statistics: readonly ScanStatistic[];
  /** Of all statistics. */
  readonly passes: Passes;
  /** Wall time of the whole scan. */
  readonly seconds: number;
  /** Names in the folder by what they are; `trigger_<label>` is a reconstructed trigger. */
  readonly files: Readonly<Record<string, string>>;
}

/** What a scan comes to. */
export interface ScanVerdict {
  /**
   * `suspicious`: a statistic passed its threshold. `nothing-found`: none did, which never means clean. `none`:
   * no statistic could say anything, such as of fewer than five classes.
   */
  readonly state: 'suspicious' | 'nothing-found' | 'none';
  /** The suspected target classes: those that the statistics agree on, else all that any of them names. */
  readonly labels: readonly number[];
  /** The statistics that passed their thresholds. */
  readonly by: readonly StatisticName[];
  /** In words, what it cannot see included. */
  readonly words: string;
}

/** One statistic over all classes. */
export interface ScanStatistic {
  /** Which one. */
  readonly name: StatisticName;
  /** What its value is, such as "pixels of the smallest trigger". */
  readonly title: string;
  /** Whether a small or a large value is suspicious. */
  readonly suspicious: 'small' | 'large';
  /** Whether the indices are those of the values or of their logarithms. */
  readonly scale: ScanScale;
  /** By class. */
  readonly classes: readonly ScanClass[];
  /** The largest anomaly index, by the lower median; null where there is none. */
  readonly maxIndex: ScanIndex | null;
  /** The same by the mean of the two medians of an even number of classes. */
  readonly maxIndexOfMeanMedian: ScanIndex | null;
  /** Of `mmbd` alone; null where its fit is not possible. */
  readonly pValue: number | null;
  /** Beyond which it calls a class suspicious. */
  readonly threshold: ScanThreshold;
  /** Whether it has a part in the verdict; else it only orders the classes. */
  readonly decides: boolean;
  /** The classes that passed the threshold. */
  readonly labels: readonly number[];
  /** What keeps it from saying more, in words. */
  readonly notes: readonly string[];
  /** What it has cost. */
  readonly passes: Passes;
  /** Wall time. */
  readonly seconds: number;
}

/** Above which index, or up to which p-value, a statistic calls a class suspicious. */
export interface ScanThreshold {
  /** An anomaly index, above it; or a p-value, up to it. */
  readonly kind: 'index' | 'pValue';
  /** Deviations, or a probability from 0 to 1. */
  readonly value: number;
  /** What it was calibrated on, in words. */
  readonly calibration: string;
}

/** What a statistic says of one class. */
export interface ScanClass {
  /** The class, from 0. */
  readonly label: number;
  /** What the class is called; null where that is not known. */
  readonly title: string | null;
  /** null where it has no meaning, such as of a trigger that does not work. */
  readonly value: number | null;
  /** Distance from the median to the suspicious side in deviations; negative on the other side. */
  readonly index: ScanIndex | null;
  /** What else was measured, by name, such as `success` and `epochs` of a trigger. */
  readonly figures: Readonly<Record<string, number | null>>;
}
