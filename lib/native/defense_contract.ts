import type {NativeTensors} from './data_contract.js';
import type {NativeNetInput} from './model_contract.js';
import type {
  NativeHypergradientOptions,
  NativeInversionOptions,
  NativeOptimizerOptions,
  NativePolarizingOptions,
  NativeSamOptions,
} from './run_contract.js';

// The part of the native core's types with single steps of defenses; see contract.ts.

/** A network, its weights, and normalized images with their labels. */
export type NativeStepInput = NativeNetInput & {
  /** [n] */
  labels: Int32Array;
  optimizer: NativeOptimizerOptions;
};

/** A step of the optimizer. */
export interface NativeStep {
  figures: Record<string, number>;
  /** That the optimizer has gone by, under the keys of the parameters. */
  gradient: NativeTensors;
  /** After it. */
  weights: NativeTensors;
}

/** Single steps of defenses on any network and on float images, for checks. */
export interface NativeDefenseFunctions {
  /** Of sharpness-aware minimization. Figures: `loss`, `perturbedLoss`, `norm`. */
  samStep(input: NativeStepInput & {sam: NativeSamOptions}): NativeStep;
  /** What i-BAU minimizes over a perturbation [3,h,w] of the images, and its gradient by that. */
  universalObjective(
    input: NativeStepInput & {
      perturbation: Float32Array;
      normWeight: number;
      /** Images per pass. */
      chunk: number;
    },
  ): {value: number; gradient: Float32Array};
  /**
   * Of i-BAU, at a perturbation [3,h,w] that the images with 1 in `patched` [n] have. Figures: `outerLoss` and the
   * norms of the vector on the way to the solution, `norm1`, `norm2` and so on.
   */
  hypergradientStep(
    input: NativeStepInput & {
      patched: Int32Array;
      perturbation: Float32Array;
      hypergradient: NativeHypergradientOptions;
      /** Images per pass. */
      chunk: number;
      /** Most that the graphs behind the second derivatives may take. */
      memoryBytes: number;
    },
  ): NativeStep;
  /**
   * Of attention distillation, with a teacher of the same network. Figures: `loss`, and the distances of the last
   * stage but one and of the last, `distance1` and `distance2`.
   */
  distillationStep(
    input: NativeStepInput & {
      teacher: NativeTensors;
      beta1: number;
      beta2: number;
      power: number;
    },
  ): NativeStep;
  /**
   * Of a polarizer, with all images, which are pixels, as the batch. The network has it as two layers before the
   * convolution `<key>.2`: a convolution `<key>.0` and a norm `<key>.1`.
   */
  polarizingStep(
    input: NativeStepInput & {
      polarizing: NativePolarizingOptions;
      /** Images per pass. */
      chunk: number;
    },
  ): {
    losses: Record<'total' | 'clean' | 'kept' | 'top' | 'target', number>;
    /** Losses of the search, before each step. */
    searched: number[];
    /** [n] */
    targets: Int32Array;
    /** Pixels [n,3,h,w] */
    perturbed: Float32Array;
    /** Under the keys of the parameters; 0 of those that are frozen. */
    gradient: NativeTensors;
  };
  /** Of the search for a trigger of a class, with all images, which are pixels, as the batch. */
  inversionSteps(
    input: NativeStepInput & {
      inversion: NativeInversionOptions;
      mean: readonly number[];
      std: readonly number[];
      /** Weight of the mask's norm. */
      cost: number;
      target: number;
      steps: number;
      /** Images per pass. */
      chunk: number;
    },
  ): {
    /** Before each step. */
    crossEntropies: number[];
    norms: number[];
    /** [h,w] after the steps. */
    mask: Float32Array;
    /** [3,h,w] after the steps. */
    pattern: Float32Array;
  };
  /** What epochs of such successes and norms do to the weight of the norm; ends where the search does. */
  costs(input: {
    successes: readonly number[];
    norms: readonly number[];
    inversion: NativeInversionOptions;
  }): {
    /** Behind each epoch. */
    costs: number[];
    /** 1 where the mask of the epoch is kept, else 0. */
    kept: number[];
  };
  /** Values far below the median: their positions, and the figures of the smallest. */
  smallOutliers(input: {values: readonly number[]; lowerMedian: boolean; most: number}): {
    median: number;
    /** 1.4826 times the median of the distances. */
    deviation: number;
    /** Of the smallest value, in deviations. */
    index: number;
    found: number[];
  };
}
