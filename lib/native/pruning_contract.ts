import type {NativeEpochOptions, NativeOptimizerOptions} from './training_contract.js';

// The native core's options of the defenses that prune; see contract.ts. Every one is required.

/** By what a defense chooses among candidates: see `Selection`. */
export interface NativeSelection {
  /** The rule. */
  select: 'clean' | 'fixed' | 'oracle';
  /** Share of the accuracy that a candidate may lose. */
  maxDrop: number;
}

/** Whether the official tool's quirks are taken over. */
export type NativeCompat = 'sound' | 'reference';

/** Options of `clp` and `bnp`. */
export interface NativeOutlierOptions {
  /** Standard deviations of its layer within which a channel stays. */
  u: number;
  /** Cuts the bias of a channel beside its weight. */
  pruneBias: boolean;
  /** How u is chosen: `u` itself, or by clean images. */
  selection: NativeSelection;
}

/** Options of `ep`, which looks at the images of the role `train`. */
export interface NativeEpOptions extends NativeOutlierOptions {
  /** Of the histograms, in standard deviations. */
  binWidth: number;
  /** Zero padding in pixels before the random crop; 0: no crop. */
  cropPadding: number;
  /** Flips half of the images from left to right. */
  flip: boolean;
}

/** Options of `fp`. */
export interface NativeFpOptions extends NativeEpochOptions {
  /** `reference` cuts one feature less than a candidate says, and goes on with the first candidate that failed. */
  compat: NativeCompat;
  /** Share of the features that a candidate prunes more than the one before. */
  pruneStep: number;
  /** Which candidate is kept. */
  selection: NativeSelection;
}

/** The candidates of masks. */
export interface NativeMaskLadder {
  /** Masks up to a threshold, or a share of all. */
  by: 'threshold' | 'number';
  /** The last candidate. */
  most: number;
  /** From one to the next, from 0 on. */
  step: number;
  /** What `fixed` keeps. */
  threshold: number;
}

/** Options of `anp`. */
export interface NativeAnpOptions {
  /** `reference` lets each candidate by number cut a step more than it says. */
  compat: NativeCompat;
  /** Images in a batch. */
  batchSize: number;
  /** Batches, drawn with replacement. */
  iterations: number;
  /** Batches of a row of the table of the learning. */
  reportEvery: number;
  /** The noise starts in [-noiseBound, noiseBound] and is moved by as much. */
  noiseBound: number;
  /** Steps that it is moved in. */
  noiseSteps: number;
  /** Weight of the loss without noise. */
  cleanShare: number;
  /** Of the masks. */
  optimizer: NativeOptimizerOptions;
  /** Zero padding in pixels before the random crop; 0: no crop. */
  cropPadding: number;
  /** Flips half of the images from left to right. */
  flip: boolean;
  /** The candidates. */
  ladder: NativeMaskLadder;
  /** Which of them is kept. */
  selection: NativeSelection;
  /** [iterations * batchSize] positions among the images that are learned from; empty: drawn. */
  batchOrder: Int32Array;
  /** [2 * channels] of the weights of all norms, then of their biases; empty: drawn. */
  startNoise: readonly number[];
}

/** Options of `rnp`. */
export interface NativeRnpOptions {
  /** The training whose loss grows. */
  unlearning: NativeEpochOptions;
  /** At most. */
  unlearningRounds: number;
  /** Training accuracy at which the unlearning ends. */
  unlearnedAccuracy: number;
  /** Rounds in which the masks are learned. */
  recoveringRounds: number;
  /** Factor of the loss of the masks. */
  recoveringShare: number;
  /** Of the masks. */
  recovering: NativeOptimizerOptions;
  /** The candidates. */
  ladder: NativeMaskLadder;
  /** Which of them is kept. */
  selection: NativeSelection;
}
