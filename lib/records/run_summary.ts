import type {StopReason} from '../native/run_contract.js';
import type {Metrics} from '../run/metrics.js';
import type {Passes, RoundReport, Selection} from '../run/results.js';
import type {PurificationVerdict} from '../run/verdict_types.js';
import type {SCHEMA_VERSION} from './schema_version.js';

/** What a run was and what came out, as its folder's `run.json` has it. Plain JSON. */
export interface RunSummary {
  /** Version of this form; a later one is another number. */
  readonly schemaVersion: typeof SCHEMA_VERSION;
  /** The call that made it. */
  readonly kind: 'attack' | 'defend';
  /** The attack or defense, such as `badnet` or `sau`. */
  readonly method: string;
  /** What it was computed with. */
  readonly versions: RunVersions;
  /** When the call began, in ISO 8601; null in a folder of an older version. */
  readonly started: string | null;
  /** Wall time until the summary was written; null in a folder of an older version. */
  readonly seconds: number | null;
  /** Such as `cpu` or `cuda:0`; null where nothing was computed. */
  readonly device: string | null;
  /** As resolved, such as `fp32`; null where nothing was computed. */
  readonly precision: string | null;
  /** Of everything random. */
  readonly seed: number;
  /** Every option as resolved: given again, they give the same run. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the run started from; null for an attack, which starts from nothing. */
  readonly checkpoint: RunFile | null;
  /** The weights that it wrote, in the folder; null where there are none. */
  readonly result: RunFile | null;
  /** The architecture, such as `preactresnet18`. */
  readonly model: string;
  /** Outputs of the classifier. */
  readonly numClasses: number;
  /** The images. */
  readonly dataset: RunDataset;
  /** What a defense learned from; null for an attack, and for a defense that looks at no clean images. */
  readonly cleanSubset: RunCleanSubset | null;
  /** Images with the trigger; null for a defense, and in a folder of an older version. */
  readonly poisoned: {
    /** Of the training set. */
    readonly train: number;
    /** Of the test set. */
    readonly test: number;
  } | null;
  /** Of the model that a defense started from; null for an attack. */
  readonly before: Metrics | null;
  /** The rounds or epochs that were finished. */
  readonly rounds: readonly RunRound[];
  /** Of the weights that were written; null where nothing was trained. */
  readonly after: Metrics | null;
  /** Defense effectiveness rating; null where it is unknown, and for an attack. */
  readonly der: number | null;
  /** Whether the backdoor is gone; null for an attack, and in a folder of an older version. */
  readonly verdict: PurificationVerdict | null;
  /** Rounds or epochs that were finished. */
  readonly completedRounds: number;
  /** By what a defense chose the weights; null for an attack, and in a folder of an older version. */
  readonly selection: Selection | null;
  /** What a defense has cost, without measurements; null where that is not known, and for an attack. */
  readonly passes: Passes | null;
  /** Whether it was stopped before the last round. */
  readonly interrupted: boolean;
  /**
   * Why a defense ended before its last round with a whole result: nothing changed any more, or there was no time
   * for another round. null where it did all rounds or was interrupted, and for an attack.
   */
  readonly stopped: StopReason | null;
  /** What a defense cost; null for an attack, and where a version wrote the folder that did not note it. */
  readonly cost: RunCost | null;
  /** Names in the folder by what they are. */
  readonly files: Readonly<Record<string, string>>;
}

/** What a defense cost. */
export interface RunCost {
  /**
   * Wall time of the method alone: nothing of reading, of measuring before and after, and of writing. What is
   * measured after a round is in it: `evalEvery: 0` leaves that out.
   */
  readonly methodSeconds: number;
  /**
   * Largest resident memory of the process until the method had ended, with LibTorch and all images; of earlier
   * work too, where the process did any. null where the system does not tell.
   */
  readonly peakMemoryBytes: number | null;
}

/** The versions that a result depends on. */
export interface RunVersions {
  /** Of this package. */
  readonly sauNative: string;
  /** Of Node.js. */
  readonly node: string;
  /** null where nothing was computed. */
  readonly libtorch: string | null;
  /** CUDA's, of a LibTorch with CUDA. */
  readonly libtorchCuda: string | null;
}

/** A file of weights. */
export interface RunFile {
  /** As the run was given it; of a result the name in the folder. */
  readonly path: string;
  /** Of the file, in hex; null in a folder of an older version. */
  readonly sha256: string | null;
}

/** What the images of a run were. */
export interface RunDataset {
  /** Of a known data set its name, else what the record or folder says. */
  readonly name: string;
  /** null if only clean images were given. */
  readonly path: string | null;
  /** How they lay there; null without a path, and in a folder of an older version. */
  readonly format: string | null;
  /** What the classes are called, in label order; null where that is not known, and in a folder of an older version. */
  readonly classTitles: readonly string[] | null;
  /** Height and width in pixels, as the model got them. */
  readonly imageSize: readonly [number, number];
  /** Of the normalization, in [0,1] pixel scale. */
  readonly mean: readonly [number, number, number];
  /** Of the normalization, in [0,1] pixel scale. */
  readonly std: readonly [number, number, number];
}

/** The clean images of a defense. */
export interface RunCleanSubset {
  /** How many. */
  readonly count: number;
  /** The option that chose them, such as `5pct`. */
  readonly chosen: string;
  /** Of the file with their indices, in hex; null in a folder of an older version. */
  readonly sha256: string | null;
}

/** A round of a defense or an epoch of training. */
export interface RunRound {
  /** 0-based. */
  readonly round: number;
  /** Wall time, measuring included. */
  readonly seconds: number;
  /** What the method reports, by name, such as `loss`; null where it is not finite or not known. */
  readonly figures: Readonly<Record<string, number | null>>;
  /** null where the round was not measured. */
  readonly metrics: Metrics | null;
}

/** A report as a summary has it: figures by name. Those of unlearning and of training are not the same. */
export function runRound(report: RoundReport): RunRound {
  const {round, seconds, figures, metrics} = report;
  return {round, seconds, figures: withoutNonFinite(figures), metrics};
}

/** JSON has no NaN and no infinity. */
function withoutNonFinite(
  figures: Readonly<Record<string, number | null>>,
): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
  );
}
