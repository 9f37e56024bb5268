import type {NativeTensors} from './data_contract.js';
import type {NativeNetInput} from './model_contract.js';
import type {
  NativeHypergradientOptions,
  NativeOptimizerOptions,
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
}
