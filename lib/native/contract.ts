import type {DType} from '../checkpoint/tensor.js';
import type {
  NativeAdversarialOptions,
  NativeAttackFunctions,
  NativeAttackShares,
  NativeLfOptions,
  NativeLfPattern,
  NativePicture,
  NativePoisonedImages,
  NativeStegaImages,
  NativeStegaOptions,
  NativeTrainingAttack,
  NativeTrojanOptions,
  NativeTrojanTrigger,
  PoisonedRole,
} from './attack_contract.js';

/**
 * The native core written as types. Only strings, numbers, booleans, typed arrays and flat objects of
 * them cross; calls scale with runs and rounds, never with batches. Every option is required here:
 * defaults live in lib/config.ts alone. Ranges are checked before; shapes, dtypes and devices in C++.
 */
export interface NativeCore {
  readonly libtorchVersion: string;
  readonly Session: new (options: NativeSessionOptions) => NativeSession;
  /** Asks LibTorch what there is; initialises CUDA where it can be had. */
  deviceInfo(): Promise<NativeDeviceInfo>;
  /** The method's pure functions on host arrays: [N,K] logits and the like. For checks and for study. */
  readonly functional: NativeFunctional;
}

/** Images that a session keeps on its device, by role. */
export type ImageRole = 'cleanSubset' | 'cleanTest' | 'poisonedTest' | 'train';
/** The model a call speaks of: the one being purified (or trained), or the frozen backdoored one. */
export type ModelRole = 'trainee' | 'reference';

/**
 * Arithmetic of attack and outer step; weights, optimizer and measurements are float32 always. tf32:
 * float32 with TF32 convolutions (CUDA); bf16: both in bfloat16; fp16: the attack in float16, the outer
 * step as tf32 (CUDA).
 */
export type PrecisionName = 'fp32' | 'tf32' | 'bf16' | 'fp16';

export interface NativeSessionOptions {
  /** 'cpu', 'cuda' or 'cuda:N'. */
  device: string;
  /** Of all that is drawn: fresh weights, the order of images, random starts. An integer >= 0. */
  seed: number;
  /** Threads of the CPU kernels; 0 lets LibTorch choose. */
  threads: number;
  /** 'preactresnet18', or 'preactresnet18_w16' for a net of 16 instead of 64 base channels. */
  model: string;
  /** Outputs of the classifier. */
  numClasses: number;
  /** Per-channel constants in [0,1] pixel scale. */
  mean: readonly number[];
  /** The same, for the division. */
  std: readonly number[];
  /** See {@link PrecisionName}. */
  precision: PrecisionName;
  /** Settings that change cost and not results. */
  tuning: NativeTuning;
}

/**
 * How a batch goes through the device. dynamic: images that are done are left out, which asks the device;
 * static: asks nothing and works on all; recorded: static, and a batch is recorded once and repeated as a
 * whole (a CUDA graph). auto: dynamic on the CPU, recorded on CUDA.
 */
export type ExecutionName = 'auto' | 'dynamic' | 'static' | 'recorded';

/** Settings that change cost and not results. */
export interface NativeTuning {
  /** See {@link ExecutionName}. */
  execution: ExecutionName;
  /** Images per pass; 0: the device's choice, 64 on the CPU, all on CUDA. */
  chunkSize: number;
  /** Most memory for what stays the same in every round; 0: nothing is kept. */
  cacheMib: number;
}

export interface NativeSession {
  readonly busy: boolean;
  /** The tensors that the model expects, in its own order. */
  layout(): Promise<NativeLayout>;
  /** Fills one model or both. Names and shapes must equal `layout()`. */
  loadStateDict(tensors: NativeTensors, models: ModelRole | 'both'): Promise<void>;
  /** Fresh weights from the session's seed in trainee and reference. */
  initialize(): Promise<void>;
  setImages(role: ImageRole, set: NativeImageSet): Promise<void>;
  unlearn(options: NativeUnlearnOptions, onProgress: (e: NativeProgress) => void): Promise<void>;
  train(options: NativeTrainOptions, onProgress: (e: NativeProgress) => void): Promise<void>;
  /** What the epochs so far have left besides the weights: generator, optimizer, attack in the batches. */
  exportTraining(): Promise<NativeTensors>;
  /** The next `train` or `trainAttack` whose `firstEpoch` is above 0 goes on from it. */
  loadTraining(state: NativeTensors): Promise<void>;
  /** Training under an attack that poisons each batch; the attack stays for `poisonImages`. */
  trainAttack(
    options: NativeTrainOptions,
    attack: NativeTrainingAttack,
    onProgress: (e: NativeProgress) => void,
  ): Promise<void>;
  /** Images by the attack of the last `trainAttack`, from `cleanTest` or `train`. */
  poisonImages(role: PoisonedRole): Promise<NativePoisonedImages>;
  evaluate(
    options: NativeEvaluateOptions,
    onProgress: (e: NativeProgress) => void,
  ): Promise<NativeMetrics>;
  /** argmax of the logits over the whole set: [N]. */
  predict(model: ModelRole, role: ImageRole): Promise<Int32Array>;
  /** Shared adversarial perturbation of the given images: [n,3,H,W] in pixel scale. */
  perturb(role: ImageRole, indices: Int32Array, pgd: NativePgdOptions): Promise<Float32Array>;
  /** Losses and gradient of one outer step on given perturbations; changes no weight. */
  outerGradient(
    role: ImageRole,
    indices: Int32Array,
    delta: Float32Array,
    options: NativeSauLossOptions,
  ): Promise<NativeOuterGradient>;
  /** A TrojanNN trigger for the trainee. */
  trojanTrigger(
    start: NativePicture,
    options: NativeTrojanOptions,
    onProgress: (e: NativeProgress) => void,
  ): Promise<NativeTrojanTrigger>;
  /** A low-frequency pattern for the trainee from the images of `train`, measured on `cleanTest`. */
  lfPattern(
    options: NativeLfOptions,
    onProgress: (e: NativeProgress) => void,
  ): Promise<NativeLfPattern>;
  /** Adversarial versions of the images of `train` for the trainee: uint8 [N,3,H,W]. */
  adversarialImages(
    options: NativeAdversarialOptions,
    onProgress: (e: NativeProgress) => void,
  ): Promise<Uint8Array>;
  /** Trains an encoder on `train` and hides a secret, [bits] of 0 and 1, in `train` and `cleanTest`. */
  stegaImages(
    secret: Uint8Array,
    options: NativeStegaOptions,
    onProgress: (e: NativeProgress) => void,
  ): Promise<NativeStegaImages>;
  exportStateDict(model: ModelRole): Promise<NativeTensors>;
  /** Asks the running job to stop; its promise rejects with ERR_ABORTED. Weights stay as they are. */
  cancel(): void;
  dispose(): void;
}

/** A tensor with its name. */
export interface NativeTensor {
  /** Such as `layer1.0.conv1.weight`. */
  name: string;
  /** Type of the elements. */
  dtype: DType;
  /** Sizes, outermost first. */
  shape: number[];
  /** The elements as little-endian bytes, row-major. */
  data: Uint8Array;
}
/** Tensors in the order of the model. */
export type NativeTensors = NativeTensor[];
export type NativeLayout = {name: string; dtype: DType; shape: number[]}[];

export interface NativeImageSet {
  images: Uint8Array;
  labels: Int32Array;
  trueLabels: Int32Array;
  count: number;
  height: number;
  width: number;
}

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

/** How the learning rate of a training changes. */
export type ScheduleName = 'constant' | 'cosine' | 'oneCycle' | 'multiStep';

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
  /** See `milestones`. */
  gamma: number;
  /** Zero padding in pixels before the random crop; 0: no crop. */
  cropPadding: number;
  /** Flips half of the images from left to right. */
  flip: boolean;
  /** Evaluate after every n-th epoch and after the last; 0 never. */
  evalEvery: number;
  /** Size of the batches whose mean losses are averaged. */
  evalBatchSize: number;
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
  kind: 'batch' | 'round' | 'evaluation';
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
  /** Present in a 'round' event of an epoch under an attack in the batches. */
  attack?: NativeAttackShares;
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

/** What LibTorch sees of the machine. */
export interface NativeDeviceInfo {
  /** The LibTorch that the addon was built for, such as `2.13.0`. */
  libtorchVersion: string;
  /** Such as `AVX2` or `AVX512`. */
  cpuCapability: string;
  /** CPU threads that LibTorch chooses by itself. */
  threads: number;
  /** This LibTorch was built with CUDA. */
  cudaBuilt: boolean;
  /** The addon's CUDA part was loaded. */
  cudaLibrary: boolean;
  /** The CPU computes bfloat16 in hardware. */
  cpuBf16: boolean;
  /** There is a usable GPU and driver. */
  cudaAvailable: boolean;
  /** In the order of `cuda:N`; empty without CUDA. */
  cudaDevices: NativeCudaDevice[];
}

/** A GPU as CUDA sees it. */
export interface NativeCudaDevice {
  /** N of `cuda:N`. */
  index: number;
  /** As the driver gives it. */
  name: string;
  /** All of its memory, in bytes. */
  memoryBytes: number;
  /** Compute capability, such as `9.0`. */
  capability: string;
}

export interface NativeFunctional {
  /** Projects delta [n,c,h,w] on the norm ball, image by image. */
  project(
    delta: Float32Array,
    shape: readonly number[],
    norm: NormName,
    normBound: number,
  ): Float32Array;
  /** The low-pass filter of the LF attack on images [n,c,h,w]. */
  lowPass(images: Float32Array, shape: readonly number[]): Float32Array;
  /** The inner objective on [n,k] logits of trainee and reference. */
  innerLoss(input: {
    traineeLogits: Float32Array;
    referenceLogits: Float32Array;
    labels: Int32Array;
    traineeClean: Int32Array;
    referenceClean: Int32Array;
    count: number;
    numClasses: number;
    beta1: number;
    beta2: number;
  }): {adversarialLoss: number; sharedLoss: number; loss: number; shared: Int32Array};
  /** The outer objective's shared-risk term on [n,k] logits of the trainee at the perturbed images. */
  sharedRisk(input: {
    traineeLogits: Float32Array;
    referencePerturbed: Int32Array;
    referenceClean: Int32Array;
    labels: Int32Array;
    count: number;
    numClasses: number;
  }): {loss: number; suspects: Int32Array};
  readonly attacks: NativeAttackFunctions;
}
