import type {NativeNetwork} from './model_contract.js';
import type {NativeDefendInput, NativeInversionOptions, NativePgdOptions} from './run_contract.js';

// The part of the native core's types that belongs to scans; see contract.ts.

/** The search for images of the largest margin. */
export interface NativeMarginOptions {
  /** Random images for each class. */
  starts: number;
  /** Iterations for a class, at most. */
  iterations: number;
  /** Step of gradient descent in [0,1] pixel scale. */
  stepSize: number;
  /** Relative change of the loss below which the search of a class ends. */
  tolerance: number;
  /** Of the images, in pixels. */
  height: number;
  /** Of the images, in pixels. */
  width: number;
}

/** The labels that shared adversarial perturbations lead to. */
export interface NativeSharedLabelsOptions {
  /** The search, with the model as trainee and as reference. */
  pgd: NativePgdOptions;
}

/** One perturbation for all images, towards a class. */
export interface NativeUniversalOptions {
  /** Most that a pixel changes, in [0,1] pixel scale. */
  bound: number;
  /** Sign step in [0,1] pixel scale. */
  stepSize: number;
  /** Sign steps. */
  steps: number;
}

/** The smallest change of inner values that leads all images to a class. */
export interface NativeLatentOptions {
  /** Steps of a search at most, each of which allows a larger change. */
  steps: number;
}

/** The statistics of the native core by name, with their options. */
export interface NativeStatistics {
  /** The smallest trigger. Figures: `norm`, `success`, `epochs`, `succeeded`. Pictures: by label. */
  nc: NativeInversionOptions;
  /** The largest margin. Figures: `margin`, `iterations`. */
  mmbd: NativeMarginOptions;
  /** Figures: `rate`, `led`, `reachable`. */
  shared: NativeSharedLabelsOptions;
  /** Figures: `rate`, `before`, `after`. */
  universal: NativeUniversalOptions;
  /**
   * Figures: `size`, and of the places that the network has `sizeAtHalf`, `sizeAtThreeQuarters` and `sizeAtEnd`, of
   * which it is the geometric mean.
   */
  latent: NativeLatentOptions;
}

/** A statistic with its options; every one is required. */
export type NativeScanOptions = {
  [Name in keyof NativeStatistics]: {
    /** The statistic. */
    statistic: Name;
    /** Its options. */
    options: NativeStatistics[Name];
  };
}[keyof NativeStatistics];

/** What a statistic says. */
export interface NativeScanFindings {
  /** Figures of each class, by label; NaN where there is none. */
  classes: Record<string, number>[];
  /** What was made by class. */
  pictures: {
    /** The label of the class. */
    name: string;
    /** In pixels. */
    height: number;
    /** In pixels. */
    width: number;
    /** uint8 [3,height,width], R, G, B. */
    planes: Uint8Array;
  }[];
  /** What it has cost. */
  passes: {
    /** Images that went forward. */
    forward: number;
    /** Images that went backward. */
    backward: number;
  };
}

type Input = NativeNetwork & Omit<NativeDefendInput, 'defend'>;

/** Statistics and searches on any network and on float images, for checks. */
export interface NativeScanFunctions {
  /** As a session does it. */
  statistic(input: Input & {scan: NativeScanOptions}): NativeScanFindings;
  /** For one class, from images [starts,3,h,w]. */
  marginSearch(
    input: Input & {label: number; starts: Float32Array; options: NativeMarginOptions},
  ): {
    /** At each evaluated iterate. */
    losses: number[];
    /** The largest at the last of them. */
    margin: number;
  };
  /** For one class, on all images of `cleanSubset` that have another label. */
  universalSearch(input: Input & {label: number; options: NativeUniversalOptions}): {
    /** Before each step. */
    losses: number[];
    /** After the last step, on the same images. */
    lossAfter: number;
    rateAfter: number;
  };
}
