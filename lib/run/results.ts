import type {StopReason} from '../native/run_contract.js';
import type {FailedGate} from './gates.js';
import type {Metrics} from './metrics.js';
import type {PurificationVerdict} from './verdict_types.js';

/** One round of a defense, or one epoch of training. */
export interface RoundReport {
  /** 0-based. */
  readonly round: number;
  /** Wall time of the round in seconds, evaluation included. */
  readonly seconds: number;
  /**
   * What the round reports, by name; null where there was nothing to report. SAU: `loss`, `cleanLoss` and
   * `sharedLoss` (means over the batches of the whole loss, the clean cross entropy and the shared risk), and
   * `suspectShare` (share of images whose perturbation fooled the reference, in [0,1]). Training: `loss` and
   * `trainAcc` (accuracy on the training batches, in [0,1]); where the poisoned images are known,
   * `trainCleanAcc`, `trainAsr`, `trainRa` and `trainCrossAcc` of the same batches by kind, and `crossAcc` and
   * `crossLoss` of the test images with a disturbance that is no trigger.
   */
  readonly figures: Readonly<Record<string, number | null>>;
  /** null if the round was not evaluated. */
  readonly metrics: Metrics | null;
}

/** Paths of what {@link defend} wrote. */
export interface DefendFiles {
  /** `defense_result.pt`: the purified model. */
  readonly checkpoint: string;
  /** `defense_result.safetensors`: its weights once more, where they came from a safetensors file. */
  readonly safetensors?: string;
  /** `defense_result.pt2`: the purified model as a program, where that was asked for. */
  readonly program?: string;
  /** The rounds with the official tool's columns. */
  readonly csv: string;
  /** The rounds as JSON, one a line. */
  readonly jsonl: string;
  /** The clean images that were used. */
  readonly cleanIndex: string;
  /** `run.json`: the run, its options and what came out, for {@link readRun}. */
  readonly run: string;
  /** The options as they were resolved, and what came out, in the form of older versions. */
  readonly config: string;
  /** The rounds as a picture. */
  readonly curves: string;
  /** `report.html`, where it was asked for. */
  readonly report?: string;
  /** What a method writes besides its rounds, by its table's name, such as `thresholds`; absent where it writes none. */
  readonly tables?: Readonly<Record<string, string>>;
  /** Pictures that a method makes, by their names, such as `masks`; absent where it makes none. */
  readonly pictures?: Readonly<Record<string, string>>;
}

/**
 * By what a method chose the weights that it wrote: those of the last round, by clean images that were set aside,
 * by a fixed threshold, or by the test sets, which a defender does not have.
 */
export type Selection = 'last' | 'clean' | 'fixed' | 'oracle';

/** Images that went through models, forward and backward, without measurements. */
export interface Passes {
  /** Images forward. */
  readonly forward: number;
  /** Images backward. */
  readonly backward: number;
}

/** Paths of what {@link attack} wrote: of a trained victim, or of a poisoned set alone. */
export interface AttackFiles {
  /** `run.json`: the run, its options and what came out, for {@link readRun}. */
  readonly run: string;
  /** `attack_result.pt`: the backdoored model and its record. */
  readonly checkpoint?: string;
  /** The epochs with the official tool's columns. */
  readonly csv?: string;
  /** The epochs as JSON, one a line. */
  readonly jsonl?: string;
  /** The epochs as a picture. */
  readonly curves?: string;
  /** What the record's own format has no place for. */
  readonly notes: string;
  /** Some poisoned images beside what they were, where that was asked for. */
  readonly preview?: string;
  /** The folder of the poisoned training images. */
  readonly train?: string;
  /** The folder of the poisoned test images. */
  readonly test?: string;
  /** Which training images are poisoned. */
  readonly poisonIndex?: string;
  /** The options of the attack as the official tool stores them. */
  readonly info?: string;
}

/** What {@link defend} did and wrote. */
export interface DefendResult {
  /** Of the backdoored model. */
  readonly before: Metrics;
  /**
   * Metrics of the purified model. ACC, ASR and RA are null if an interrupted run was not measured again.
   */
  readonly after: Metrics;
  /** Defense effectiveness rating; null without a poisoned test set. */
  readonly der: number | null;
  /** Whether the backdoor is gone, and what that cost. */
  readonly verdict: PurificationVerdict;
  /** The limits of the options that the result does not keep, such as `failAboveAsr`. */
  readonly failedGates: readonly FailedGate[];
  /** Reports of the finished rounds. */
  readonly rounds: readonly RoundReport[];
  /** Number of finished rounds; after an abort, fewer than requested. */
  readonly completedRounds: number;
  /** By what the weights were chosen; `oracle` looks at the test sets. */
  readonly selection: Selection;
  /** What the defense has cost; null where it was interrupted. */
  readonly passes: Passes | null;
  /** Why it ended before its last round, with a whole result; null where it did not, or was interrupted. */
  readonly stopped: StopReason | null;
  /** Such as `cpu` or `cuda:0`. */
  readonly device: string;
  /** Wall time of the whole call. */
  readonly seconds: number;
  /** What it wrote. */
  readonly files: DefendFiles;
}

/** What {@link attack} did and wrote. */
export interface AttackResult {
  /** The record folder, absolute. */
  readonly record: string;
  /** null where nothing was trained. */
  readonly metrics: Metrics | null;
  /** Reports of the whole training, including epochs of an earlier, interrupted run. */
  readonly epochs: readonly RoundReport[];
  /** Training images that were poisoned. */
  readonly poisonedTrainCount: number;
  /** The class that the trigger leads to; null where it leads each class to another one. */
  readonly target: {
    /** From 0. */
    readonly label: number;
    /** What the class is called. */
    readonly title: string;
  } | null;
  /** null where nothing was trained. */
  readonly device: string | null;
  /** Wall time of the call. */
  readonly seconds: number;
  /** What it wrote. */
  readonly files: AttackFiles;
}

/** What {@link evaluate} measured. */
export interface EvaluateResult {
  /** The file that was read. */
  readonly checkpoint: string;
  /** Such as `preactresnet18`. */
  readonly model: string;
  /** Of the checkpoint. */
  readonly metrics: Metrics;
  /** The second checkpoint's metrics (the model before the defense), if one was given. */
  readonly before: Metrics | null;
  /** Defense effectiveness rating; null without a second checkpoint or poisoned images. */
  readonly der: number | null;
  /** Whether the backdoor of the second checkpoint is gone; null without one. */
  readonly verdict: PurificationVerdict | null;
  /** The limits of the options that the checkpoint does not keep. */
  readonly failedGates: readonly FailedGate[];
  /** Such as `cpu` or `cuda:0`. */
  readonly device: string;
  /** Wall time of the call. */
  readonly seconds: number;
}
