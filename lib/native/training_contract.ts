// The native core's options of ordinary training; see contract.ts.

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

/**
 * How the learning rate of a training changes. plateau: it is multiplied by `gamma` where the mean training
 * loss has not become better for more than ten epochs.
 */
export type ScheduleName = 'constant' | 'cosine' | 'oneCycle' | 'multiStep' | 'plateau';

/** Options of an epoch of ordinary training; every one is required. */
export interface NativeEpochOptions {
  /** Images in a batch. */
  batchSize: number;
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
}
