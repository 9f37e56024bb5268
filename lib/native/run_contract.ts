import type {ImageRole, ModelRole, NativeTensors} from './data_contract.js';
import type {
  NativeAnpOptions,
  NativeCompat,
  NativeEpOptions,
  NativeFpOptions,
  NativeOutlierOptions,
  NativeRnpOptions,
} from './pruning_contract.js';

import type {NativeEpochOptions, NativeOptimizerOptions} from './training_contract.js';

export type {
  NativeEpochOptions,
  NativeOptimizerOptions,
  ScheduleName,
} from './training_contract.js';

// The part of the native core's types that belongs to defenses, training and measuring: options, progress
// and results; see contract.ts.

/** The norm of the perturbation ball; `Reg` means no ball. */
export type NormName = 'L_inf' | 'L1' | 'L2' | 'Reg';
/** Where the search for a perturbation starts: at `normBound` or its negative in every value, at zero, or uniform in [0,1). */
export type InitName = 'max' | 'min' | 'zero' | 'random';

/** The search for a shared adversarial perturbation (specification B1, the inner maximization). */
export interface NativePgdOptions {
  /** The norm of the ball. */
  norm: NormName;
  /** Radius of the ball in [0,1] pixel scale. */
  normBound: number;
  /** Sign step in [0,1] pixel scale. */
  stepSize: number;
  /** Sign steps; with 0 the start is the result. */
  steps: number;
  /** The start. */
  init: InitName;
  /** Weight of the adversarial term. */
  beta1: number;
  /** Weight of the shared term. */
  beta2: number;
}

/** The loss of an outer step (specification B1, the outer minimization). */
export interface NativeSauLossOptions {
  /** Weight of the clean cross entropy. */
  lambda1: number;
  /** Weight of adversarial training. */
  lambda2: number;
  /** Weight of the shared risk. */
  lambda3: number;
  /** Batch norm in training mode. */
  trainMode: boolean;
}

/** Options of {@link Session.defend}; every one is required, except for what ends the rounds early. */
export type NativeDefendOptions = NativeDefendRounds & NativeMethod;

/** As the native core takes them. */
export type NativeDefendJob = Required<NativeDefendRounds> & NativeMethod;

/** What every defense has. */
export interface NativeDefendRounds {
  /** Passes over the clean subset. */
  rounds: number;
  /** Evaluate after every n-th round and after the last; 0 never. */
  evalEvery: number;
  /** Size of the batches whose mean losses are averaged. */
  evalBatchSize: number;
  /** Rounds in a row in which nothing changed that end the run, judged by the role `heldOut`; 0: none do. */
  patience?: number;
  /** Seconds that the rounds may take, after which no other begins; 0: any. */
  seconds?: number;
  /** Rounds, or steps of what comes before them, from one told state to the next, at least; 0: tells none. */
  saveEvery?: number;
}

/** The defenses of the native core by name, with the options that are their own. */
export interface NativeMethods {
  /** Shared Adversarial Unlearning. Figures: `loss`, `cleanLoss`, `sharedLoss`, `suspectShare`. */
  sau: NativeSauOptions;
  /** Ordinary training on the clean subset. Figures: `loss`, `trainAcc`. */
  ft: NativeFtOptions;
  /** Sharpness-aware fine-tuning. Figures: `loss`, `perturbedLoss`, `trainAcc`. */
  ftsam: NativeFtsamOptions;
  /** Unlearning of a universal perturbation. Figures: `loss`, `perturbedLoss`, `trainAcc`. */
  ibau: NativeIbauOptions;
  /**
   * Neural Cleanse. Figures: `loss`, `trainAcc`; there is no round where no class stands out. Tables: `triggers`,
   * `outliers`. Pictures: `masks`, `patterns`, `triggers`.
   */
  nc: NativeNcOptions;
  /** Attention distillation. Figures: `loss`, `attentionLoss`, `trainAcc`. Table: `teacher`. */
  nad: NativeNadOptions;
  /** Pruning of features, then training. Figures: `loss`, `trainAcc`. Tables: `pruning`, `scores`. */
  fp: NativeFpOptions;
  /**
   * Pruning by masks that hold against noise, in one round. Figures: `prunedShare`, `threshold`. Tables:
   * `learning`, `masks`, `thresholds`.
   */
  anp: NativeAnpOptions;
  /** Pruning of outliers, in one round. Figures: `prunedShare`, `u`. Tables: `steps`, `scores`. */
  ep: NativeEpOptions;
  /** Likewise. */
  clp: NativeOutlierOptions;
  /** Likewise. */
  bnp: NativeOutlierOptions;
  /**
   * Pruning by masks that bring back what was unlearned, in one round. Figures: `prunedShare`, `threshold`. Tables:
   * `unlearning`, `recovering`, `masks`, `thresholds`.
   */
  rnp: NativeRnpOptions;
  /** A polarizer that is trained. Figures: `loss`, `perturbedLoss`, `trainAcc`. Table: `warmup`. */
  npd: NativeNpdOptions;
}

/** A defense with its options. */
export type NativeMethod = {
  [Name in keyof NativeMethods]: {
    /** The defense. */
    method: Name;
    /** Its options. */
    options: NativeMethods[Name];
  };
}[keyof NativeMethods];

/** Options of `sau`; every one is required. */
export interface NativeSauOptions {
  /** Images in a batch; the last of a round may have fewer. */
  batchSize: number;
  /** Optimizer steps per perturbation. */
  outerSteps: number;
  /** The inner maximization. */
  pgd: NativePgdOptions;
  /** The outer minimization. */
  loss: NativeSauLossOptions;
  /** Its optimizer. */
  optimizer: NativeOptimizerOptions;
  /** [rounds * n] positions in the clean subset, round by round; empty: shuffled from the seed. */
  batchOrder: Int32Array;
}

/** Options of `ft`; every one is required. The last, smaller batch is kept. */
export type NativeFtOptions = NativeEpochOptions;

/** A step of sharpness-aware minimization (defenses E8). */
export interface NativeSamOptions {
  /** Length of the perturbation of the weights. */
  rho: number;
  /** Each weight is perturbed in proportion to its square. */
  adaptive: boolean;
  /** Share of the target that the other classes get. */
  labelSmoothing: number;
  /** Weight of the part of the first gradient that is orthogonal to the second. */
  alpha: number;
}

/** Options of `ftsam`; every one is required. */
export interface NativeFtsamOptions extends NativeEpochOptions {
  /** The step. */
  sam: NativeSamOptions;
  /** `batch`: the schedule counts batches where it says epochs. */
  samSchedule: 'batch' | 'epoch';
}

/** The implicit gradient of i-BAU (defenses E7). */
export interface NativeHypergradientOptions {
  /** Of the perturbation's squared norm in the inner objective. */
  normWeight: number;
  /** Step of the map whose fixed point the perturbation is taken for. */
  fixedPointRate: number;
  /** Steps towards the solution of the linear system. */
  fixedPoints: number;
}

/** Options of `ibau`; every one is required. The last, smaller batch is kept. */
export interface NativeIbauOptions {
  /** Images in a batch. */
  batchSize: number;
  /** Step along the gradient that finds the universal perturbation, in normalized pixels. */
  perturbationRate: number;
  /** Share of a batch that has the perturbation in the outer loss. */
  portion: number;
  /** The outer gradient. */
  hypergradient: NativeHypergradientOptions;
  /** The outer optimizer. */
  optimizer: NativeOptimizerOptions;
  /** Zero padding in pixels before the random crop; 0: no crop. */
  cropPadding: number;
  /** Flips half of the images from left to right. */
  flip: boolean;
}

/** The search for a trigger of a class (defenses E4). */
export interface NativeInversionOptions {
  /** Images in a batch. */
  batchSize: number;
  /** Passes over the images for a class, at most. */
  epochs: number;
  /** Of Adam, for mask and pattern. */
  learningRate: number;
  /** Weight of the mask's norm. */
  initialCost: number;
  /** By which the weight rises; it falls by its power of 1.5. */
  costMultiplier: number;
  /** Epochs in a row with or without success that change the weight. */
  patience: number;
  /** Share of images in the target class from which on a mask counts. */
  success: number;
  /** Ends before `epochs` where the norm no longer falls. */
  earlyStop: boolean;
  /** Share of the best norm above which another did not fall. */
  earlyStopThreshold: number;
  /** Epochs without a fall. */
  earlyStopPatience: number;
  /** Zero padding in pixels before the random crop; 0: no crop. */
  cropPadding: number;
  /** Flips half of the images from left to right. */
  flip: boolean;
  /** Normalizes rows of the pattern in the place of its channels, as the official tool does. */
  rowConstants: boolean;
}

/** Options of `nc`; every one is required. Those of an epoch are the unlearning's. */
export interface NativeNcOptions extends NativeEpochOptions {
  /** `reference` stamps images by pictures of 8 bits. */
  compat: NativeCompat;
  /** The search. */
  inversion: NativeInversionOptions;
  /** Index above which a class counts as a backdoor's target. */
  anomaly: number;
  /** Share of the images that are stamped. */
  unlearningRatio: number;
}

/** What a polarizer learns from a batch (defenses E12). */
export interface NativePolarizingOptions {
  /** Of the ball that a perturbation is in. `L_inf` starts at the bound, any other at 0. */
  norm: NormName;
  /** Radius of the ball in [0,1] pixel scale. */
  normBound: number;
  /** In [0,1] pixel scale. */
  stepSize: number;
  /** Of the search. */
  steps: number;
  /** Share of images at their targets above which the search ends. */
  enough: number;
  /** Along the sign of the gradient; else along the gradient itself. */
  signSteps: boolean;
  /** Weight of the cross entropy of the clean images. */
  cleanWeight: number;
  /** Of perturbed images with the class that the clean ones have. */
  keptWeight: number;
  /** Of the likeliest class of perturbed images that is not theirs. */
  topWeight: number;
  /** Of the class that the search went for. */
  targetWeight: number;
  /** The polarizer's norm in training mode while it learns. */
  trainMode: boolean;
}

/** Options of `npd`; every one is required. The last, smaller batch is kept. */
export interface NativeNpdOptions {
  /** Images in a batch. */
  batchSize: number;
  /** Of the polarizer. */
  optimizer: NativeOptimizerOptions;
  /** Rounds on the clean images alone that come before. */
  warmupRounds: number;
  /** Learning rate of those. */
  warmupRate: number;
  /** The step. */
  polarizing: NativePolarizingOptions;
}

/** Options of `nad`; every one is required. The schedule is the teacher's; the trainee's rate is constant. */
export interface NativeNadOptions extends NativeEpochOptions {
  /** `reference` updates running statistics several times in a step. */
  compat: NativeCompat;
  /** Epochs of the teacher. */
  teacherRounds: number;
  /** Weight of the attention of the last stage but one. */
  beta1: number;
  /** Weight of the attention of the last stage. */
  beta2: number;
  /** Of the attention. */
  power: number;
}

/** Options of {@link Session.train}; every one is required. */
export interface NativeTrainOptions extends NativeEpochOptions {
  /** Epochs of the whole training, of which a job may do a part. */
  epochs: number;
  /** Epochs done before. Above 0 the job continues from the state after those epochs. */
  firstEpoch: number;
  /** Epochs done when the job ends. */
  stopEpoch: number;
  /** Leaves out a smaller last batch. */
  dropLast: boolean;
  /** Evaluate after every n-th epoch and after the last; 0 never. */
  evalEvery: number;
  /** Size of the batches whose mean losses are averaged. */
  evalBatchSize: number;
  /**
   * Positions in `train` of the images with the trigger, which the reports then distinguish; empty: they are not
   * distinguished. An attack on batches knows its own.
   */
  poisonedPositions: Int32Array;
}

export interface NativeEvaluateOptions {
  model: ModelRole;
  /** Size of the batches whose mean losses are averaged; does not change ACC, ASR or RA. */
  batchSize: number;
}

/**
 * Fractions in [0,1]; NaN if the session has no such images. Losses: mean over batches of the batch-mean cross
 * entropy.
 */
export interface NativeMetrics {
  acc: number;
  asr: number;
  ra: number;
  cleanLoss: number;
  poisonedLoss: number;
  raLoss: number;
  cleanCount: number;
  poisonedCount: number;
}

/** What a running job tells. */
export type NativeProgress =
  /** Batches of a round or epoch that are done. */
  | {
      kind: 'batch';
      /** 0-based round (of a defense) or epoch (of a training). */
      round: number;
      /** Of the whole run. */
      rounds: number;
      /** Batches done in this round. */
      batch: number;
      /** Batches of a round. */
      batches: number;
    }
  /** The end of a round or epoch. */
  | {
      kind: 'round';
      round: number;
      rounds: number;
      /** Wall time of the round, evaluation included. */
      seconds: number;
      /**
       * Losses, and shares in [0,1], by the names that the method gives them; NaN where there is none. Of an epoch
       * of training: `loss`, `trainAcc` (NaN where it trained an attack alone) and, where its poisoned images are
       * told apart, {@link ToldApartFigure}s.
       */
      figures: Record<string, number>;
      /** Where the round was evaluated. */
      metrics?: NativeMetrics;
    }
  /** Images that were measured, of all that are. */
  | {kind: 'evaluation'; images: number; of: number}
  /** What the user should know, in words. */
  | {kind: 'note'; message: string}
  /** A new part of the job, in words; rounds that are told from then on are its own. */
  | {kind: 'stage'; message: string}
  /** A row of a table that a defense writes besides its rounds. */
  | {
      kind: 'row';
      /** Its name. */
      table: string;
      /** Numbers and names by what they are; NaN where there is none. */
      cells: Record<string, number | string>;
      /** Of the model that the row is about, where it was evaluated. */
      metrics?: NativeMetrics;
    }
  /** A picture that a defense has made: planes uint8 [3,height,width]. */
  | {kind: 'picture'; name: string; height: number; width: number; planes: Uint8Array}
  /** What a defense has cost, without its measurements; told once, at its end. */
  | ({kind: 'passes'} & NativePasses)
  /** The rounds ended before the last, as they were asked to. */
  | {kind: 'stopped'; because: StopReason}
  /** The state of a defense so far, as it was asked for, and how long it took to copy it. */
  | {kind: 'state'; tensors: NativeTensors; seconds: number};

/** Why rounds ended before the last: nothing changed any more, or there was no time for another one. */
export type StopReason = 'patience' | 'timeBudget';

/** Passes of images through models: a batch of n images counts n. */
export interface NativePasses {
  /** Forward passes. */
  forward: number;
  /** Backward passes. */
  backward: number;
}

/**
 * Of an epoch whose poisoned images are told apart: accuracy on clean images, shares of the poisoned ones
 * predicted as the attack wants and as their true class, accuracy on images with a disturbance that is no
 * trigger, all of the epoch's own batches; then accuracy and loss of the test images with such a disturbance.
 */
export type ToldApartFigure =
  | 'trainCleanAcc'
  | 'trainAsr'
  | 'trainRa'
  | 'trainCrossAcc'
  | 'crossAcc'
  | 'crossLoss';

/** Images of any values for {@link NativeFunctional.defend}. */
export interface NativePixelSet {
  /** Pixels [count,3,height,width]. */
  images: Float32Array;
  /** [count] */
  labels: Int32Array;
  count: number;
  height: number;
  width: number;
}

/** A defense of a network that may be no architecture, on the CPU in float32. */
export interface NativeDefendInput {
  /** Its weights, for trainee and reference. */
  tensors: NativeTensors;
  /** Those of the reference where they differ. */
  reference?: NativeTensors;
  sets: Partial<Record<ImageRole, NativePixelSet>>;
  /** Per-channel constants of the images. */
  mean: readonly number[];
  std: readonly number[];
  seed: number;
  defend: NativeDefendJob;
}

/** Losses and gradient of one outer step. */
export interface NativeOuterGradient {
  /** The weighted sum of the terms. */
  loss: number;
  /** Cross entropy on the clean images. */
  cleanLoss: number;
  /** Cross entropy on the perturbed images. */
  adversarialLoss: number;
  /** The shared risk. */
  sharedLoss: number;
  /** [n] 1 where the perturbation fooled the reference, else 0. */
  suspects: Int32Array;
  /** Of the loss, by the trainee's parameters. */
  gradient: NativeTensors;
}
