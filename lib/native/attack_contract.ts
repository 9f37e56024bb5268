import type {NativeLayout, NativeTensors} from './data_contract.js';

// The native core's types for the simulation of attacks; see contract.ts.

/** An attack that poisons each training batch (specification B4.8 to B4.10). */
export type NativeTrainingAttack = {
  /** Share of each batch. */
  poisonRate: number;
  /** all2one: every image to `targetLabel`; all2all: each class as the one after it. */
  labelMode: 'all2one' | 'all2all';
  /** 0-based; of all2one. */
  targetLabel: number;
} & (
  | ({kind: 'wanet'} & NativeWarpOptions & {
        /** Largest angle of the random rotation of each batch, in degrees. */
        rotation: number;
      })
  | {
      kind: 'inputaware';
      /** Epochs that train the masks alone. */
      maskEpochs: number;
      /** Mask values above this are penalized. */
      maskDensity: number;
      /** Weight of that penalty. */
      maskWeight: number;
      /** Weight of the loss that makes the triggers of different images differ. */
      diversityWeight: number;
      /** Images with the trigger of another image and their true label, per poisoned image. */
      crossRatio: number;
      /** Of the generators. */
      generatorLearningRate: number;
      /** Channels of the generators' first stage. */
      generatorWidth: number;
      /** The generators apply tanh twice, as the official ones do. */
      doubleTanh: boolean;
      /** Clear the pattern generator's gradients at each step; the official tool adds them up. */
      clearGradients: boolean;
    }
  | {
      kind: 'bpp';
      /** Levels per color channel that remain. */
      levels: number;
      /** Floyd-Steinberg dithering. */
      dithering: boolean;
      /** Share of a batch that gets another image's quantization error and keeps its label. */
      negativeRatio: number;
      /** Largest angle of the random rotation of each batch, in degrees. */
      rotation: number;
      /** The constants by which the attack brings images to [0,255] and back. */
      mean: readonly number[];
      /** See `mean`. */
      std: readonly number[];
    }
);

/** Of WaNet's warp. */
export interface NativeWarpOptions {
  /** Control points along a side. */
  gridSize: number;
  /** Strength of the warp. */
  warpStrength: number;
  /** Factor on the finished sampling grid. */
  gridRescale: number;
  /** Noise-warped images with their true label, per poisoned image. */
  crossRatio: number;
}

/**
 * The image sets of an attack that poisons batches. poisonedTest: the test images for ASR. crossTest: all test
 * images with a disturbance that is not a trigger. train: the changed images of each consecutive batch of the
 * training set.
 */
export type PoisonedRole = 'poisonedTest' | 'crossTest' | 'train';

/** What {@link Session.poisonImages} makes. */
export interface NativePoisonedImages {
  /** [n,3,H,W] */
  images: Uint8Array;
  /** [n] the attack's labels. */
  labels: Int32Array;
  /** [n] positions in the set that they were made from. */
  positions: Int32Array;
  /** [n] 1: a disturbed image that keeps its label, 0: a poisoned one. */
  cross: Int32Array;
}

/** uint8 [3,height,width] planes. */
export interface NativePicture {
  /** The values R, G, B, one plane after another. */
  planes: Uint8Array;
  /** In pixels. */
  height: number;
  /** In pixels. */
  width: number;
}

/** Options of {@link Session.trojanTrigger}; every one is required. */
export interface NativeTrojanOptions {
  /** How many inputs of the final linear layer to excite, the most connected ones. */
  neurons: number;
  /** Most sign steps. */
  steps: number;
  /** Value that each neuron is driven to. */
  target: number;
  /** Per step, in [0,1] pixel scale. */
  stepSize: number;
  /** Largest change of a pixel from the start picture, in [0,1] pixel scale. */
  bound: number;
  /** Cost at which the search ends. */
  stopBelow: number;
  /** Normalize the model's input as in its training; the official generators do not. */
  normalize: boolean;
}

/** What {@link Session.trojanTrigger} found. */
export interface NativeTrojanTrigger {
  /** uint8 [3,H,W]. */
  trigger: Uint8Array;
  /** Positions of the excited inputs of the final layer. */
  neurons: Int32Array;
  /** Sum over the neurons of (activation - target)^2 at the start picture and at the trigger. */
  firstCost: number;
  /** See `firstCost`. */
  lastCost: number;
  /** Sign steps that were done. */
  steps: number;
}

/** Options of {@link Session.lfPattern}; every one is required. */
export interface NativeLfOptions {
  /** The class to be reached, 0-based. */
  targetLabel: number;
  /** Most passes over the images. */
  passes: number;
  /** Largest value of the pattern in [0,1] pixel scale. */
  peak: number;
  /** Most DeepFool steps per image. */
  searchSteps: number;
  /** Share of a DeepFool change that is added to it. */
  overshoot: number;
  /** Share of changed predictions at which the search ends. */
  enough: number;
  /** The search also ends if the last five shares differ by less than this. */
  settled: number;
  /** Normalize the model's input as its training did. */
  normalize: boolean;
}

/** What {@link Session.lfPattern} found. */
export interface NativeLfPattern {
  /** uint8 [3,H,W]: trunc(255 v) of the pattern v. */
  pattern: Uint8Array;
  /** Share of the images of `cleanTest` whose prediction the pattern changes. */
  rate: number;
  /** Passes over the images that were done. */
  passes: number;
}

/** Options of {@link Session.adversarialImages}; every one is required. */
export interface NativeAdversarialOptions {
  /** In [0,1] pixel scale, as `bound`. */
  stepSize: number;
  /** Largest change of a pixel, in [0,1] pixel scale. */
  bound: number;
  /** Sign steps. */
  steps: number;
  /** Normalize the model's input as its training did. */
  normalize: boolean;
}

/** Options of {@link Session.stegaImages}; every one is required. */
export interface NativeStegaOptions {
  /** Passes over the images of `train`. */
  epochs: number;
  /** Images in a batch. */
  batchSize: number;
  /** Of Adam, constant. */
  learningRate: number;
  /** Bit accuracy of a batch that starts the image loss. */
  accuracyGoal: number;
  /** Steps after the goal until the image loss has a weight, and steps over which this weight rises. */
  waitSteps: number;
  /** See `waitSteps`. */
  rampSteps: number;
  /** Final weight of the image loss. */
  imageWeight: number;
}

/** What {@link Session.stegaImages} made. */
export interface NativeStegaImages {
  /** uint8 [N,3,H,W], as the images of `train` and `cleanTest`. */
  train: Uint8Array;
  /** Those of `cleanTest`. */
  test: Uint8Array;
  /** Of the decoder on the encoded training images. */
  bitAccuracy: number;
  /** Mean squared change of the training images' pixels in [0,1] scale. */
  imageError: number;
  /** Means over the first and the last epoch. */
  firstLoss: number;
  /** See `firstLoss`. */
  lastLoss: number;
  /** Of encoder and decoder together. */
  parameters: number;
}

/** Pure functions of the attacks that poison batches. */
export interface NativeAttackFunctions {
  /** WaNet's grid [size,size,2] of (x, y) in [-1,1] from control points [2,gridSize,gridSize]. */
  warpGrid(input: NativeWarpOptions & {control: Float32Array; size: number}): Float32Array;
  /** Square images, sampled along a grid; `noise` [count,size,size,2] disturbs it image by image. */
  warp(input: FloatImages & {grid: Float32Array; noise: Float32Array | null}): Float32Array;
  /** Rounds gray levels in [0,255] to `levels` evenly spaced ones. */
  quantize(input: FloatImages & {levels: number; dithering: boolean}): Float32Array;
  /** Augments all images alike: crop at `top`, `left` of the padded images, rotation, flip. */
  augment(
    input: FloatImages & {
      padding: number;
      top: number;
      left: number;
      degrees: number;
      flip: boolean;
    },
  ): Float32Array;
  /** The tensors of Input-aware's generator. */
  generatorLayout(input: {outChannels: number; generatorWidth: number}): NativeLayout;
  /** The generator's output for normalized images: [count,outChannels,height,width]. */
  drawTrigger(
    input: FloatImages & {
      outChannels: number;
      generatorWidth: number;
      doubleTanh: boolean;
      trainMode: boolean;
      tensors: NativeTensors;
    },
  ): Float32Array;
  sharpMask(drawn: Float32Array): Float32Array;
  diversityLoss(input: {
    a: Float32Array;
    b: Float32Array;
    drawnA: Float32Array;
    drawnB: Float32Array;
    count: number;
    height: number;
    width: number;
  }): number;
}

/** Float images [count,3,height,width]. */
interface FloatImages {
  images: Float32Array;
  count: number;
  height: number;
  width: number;
}
