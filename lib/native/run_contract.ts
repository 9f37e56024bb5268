import type {NativeAttackShares} from './attack_contract.js';
import type {ModelRole, NativeTensors} from './data_contract.js';

// The part of the native core's types that belongs to unlearning, training and measuring: options, progress
// and results; see contract.ts.

/** The norm of the perturbation ball; `Reg`: there is none. */
export type NormName = 'L_inf' | 'L1' | 'L2' | 'Reg';
/** Where the search for a perturbation starts: at `normBound` or its negative in every value, at zero, or uniform in [0,1). */
export type InitName = 'max' | 'min' | 'zero' | 'random';

/** The search for a shared adversarial perturbation (specification B1, the inner maximisation). */
export interface NativePgdOptions {
  /** The norm of the ball. */
  norm: NormName;
  /** Radius of the ball in [0,1] pixel scale. */
  normBound: number;
  /** Sign step in [0,1] pixel scale. */
  stepSize: number;
  /** Sign steps; 0 leaves the start. */
  steps: number;
  /** The start. */
  init: InitName;
  /** Weight of the adversarial term. */
  beta1: number;
  /** Weight of the shared term. */
  beta2: number;
}

/** The loss of an outer step (specification B1, the outer minimisation). */
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

/** The optimizer of the trainee. */
export interface NativeOptimizerOptions {
  /** Which one. */
  optimizer: 'adam' | 'sgd';
  /** Step size, constant or the top of a schedule. */
  learningRate: number;
  /** L2 penalty, added to the gradient. */
  weightDecay: number;
  /** Of `sgd`. */
  momentum: number;
  /** Nesterov's momentum instead of the plain one; of `sgd`. */
  nesterov: boolean;
  /** Of `adam`: decay of the mean of gradients. */
  adamBeta1: number;
  /** Of `adam`: decay of the mean of their squares. */
  adamBeta2: number;
}

/** Options of {@link Session.unlearn}; every one is required. */
export interface NativeUnlearnOptions {
  /** Passes over the clean subset. */
  rounds: number;
  /** Images in a batch; the last of a round may have fewer. */
  batchSize: number;
  /** Optimizer steps per perturbation. */
  outerSteps: number;
  /** Evaluate after every n-th round and after the last; 0 never. */
  evalEvery: number;
  /** Size of the batches whose mean losses are averaged. */
  evalBatchSize: number;
  /** The inner maximisation. */
  pgd: NativePgdOptions;
  /** The outer minimisation. */
  loss: NativeSauLossOptions;
  /** Its optimizer. */
  optimizer: NativeOptimizerOptions;
  /** [rounds * n] positions in the clean subset, round by round; empty: shuffled from the seed. */
  batchOrder: Int32Array;
}

/**
 * How the learning rate of a training changes. plateau: it is multiplied by `gamma` where the mean training
 * loss has not become better for more than ten epochs.
 */
export type ScheduleName = 'constant' | 'cosine' | 'oneCycle' | 'multiStep' | 'plateau';

/** Options of {@link Session.train}; every one is required. */
export interface NativeTrainOptions {
  /** Of the whole training, of which a job may do a part. */
  epochs: number;
  /** Epochs done before; above 0 the job goes on from the state that the epochs before left. */
  firstEpoch: number;
  /** Epochs done when the job ends. */
  stopEpoch: number;
  /** Images in a batch. */
  batchSize: number;
  /** Leaves out the last batch where it is smaller. */
  dropLast: boolean;
  /** The optimizer. */
  optimizer: NativeOptimizerOptions;
  /** How the learning rate changes. */
  schedule: ScheduleName;
  /** cosine and oneCycle: epochs until the learning rate is 0. */
  scheduleLength: number;
  /** oneCycle: share of `scheduleLength` in which the learning rate rises, below 1. */
  warmupShare: number;
  /** multiStep: epochs after which the learning rate is multiplied by `gamma`. */
  milestones: readonly number[];
  /** The factor of multiStep and of plateau. */
  gamma: number;
  /** Zero padding in pixels before the random crop; 0: no crop. */
  cropPadding: number;
  /** Flips half of the images from left to right. */
  flip: boolean;
  /** Evaluate after every n-th epoch and after the last; 0 never. */
  evalEvery: number;
  /** Size of the batches whose mean losses are averaged. */
  evalBatchSize: number;
  /** Positions in `train` of the images that have the trigger, told apart in the reports; none: not told apart. An attack in the batches knows its own. */
  poisonedPositions: Int32Array;
}

export interface NativeEvaluateOptions {
  model: ModelRole;
  /** Size of the batches whose mean losses are averaged; does not change ACC, ASR or RA. */
  batchSize: number;
}

/** Fractions in [0,1]; NaN where the session has no such images. Losses: mean over batches of the batch-mean cross entropy. */
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

export interface NativeProgress {
  kind: 'batch' | 'round' | 'evaluation' | 'note';
  /** 0-based round (unlearn) or epoch (train). */
  round: number;
  rounds: number;
  /** Batches done in this round, and in all of a round. */
  batch: number;
  batches: number;
  /** Mean over the round's batches; NaN in a 'batch' event. */
  loss: number;
  cleanLoss: number;
  sharedLoss: number;
  /** Share of the round's images whose perturbation fooled the reference (unlearn). */
  suspectShare: number;
  /** Training accuracy of the epoch (train). */
  trainAcc: number;
  seconds: number;
  /** Present in a 'round' event of a round that was evaluated. */
  metrics?: NativeMetrics;
  /** Present in a 'round' event of an epoch whose poisoned images are known. */
  attack?: NativeAttackShares;
  /** Present in a 'note' event: what the user should know, in words. */
  message?: string;
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
