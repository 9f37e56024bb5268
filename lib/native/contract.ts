import type {
  NativeAdversarialOptions,
  NativeAttackFunctions,
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
import type {
  ImageRole,
  ModelRole,
  NativeCam,
  NativeImageSet,
  NativeLayout,
  NativeTensors,
} from './data_contract.js';
import type {NativeDefenseFunctions} from './defense_contract.js';
import type {NativeModel, NativeNetFunctions, NativeNetwork} from './model_contract.js';
import type {NativeProgram} from './program_contract.js';
import type {
  NativeDefendInput,
  NativeDefendJob,
  NativeEvaluateOptions,
  NativeMetrics,
  NativeOuterGradient,
  NativePgdOptions,
  NativeProgress,
  NativeSauLossOptions,
  NativeTrainOptions,
  NormName,
} from './run_contract.js';
import type {NativeScanFindings, NativeScanFunctions, NativeScanOptions} from './scan_contract.js';

/**
 * The native core written as types. Only strings, numbers, booleans, typed arrays and flat objects of
 * them cross; calls scale with runs and rounds, never with batches. Every option is required here:
 * defaults live in the tables of lib/options alone. Ranges are checked before; shapes, dtypes and devices in C++.
 */
export interface NativeCore {
  readonly libtorchVersion: string;
  /** program: the network, in the place of the architecture `model`. */
  readonly Session: new (
    options: NativeSessionOptions,
    program?: NativeProgram,
  ) => NativeSession;
  /** The names of the architectures. */
  models(): string[];
  /** A network by its name, before anything is allocated. Throws ERR_CONFIG for an unknown name. */
  describeModel(name: string, numClasses: number): NativeModel;
  /** Asks LibTorch which devices there are. Initializes CUDA if it is available. */
  deviceInfo(): Promise<NativeDeviceInfo>;
  /** The method's pure functions on host arrays: [N,K] logits and the like. For checks and for study. */
  readonly functional: NativeFunctional;
}

/**
 * Arithmetic of attack and outer step; weights and optimizer are float32 always. fp32: float32 alone;
 * tf32: float32 with TF32 convolutions and matrix products (CUDA); bf16: both in bfloat16; fp16: the
 * attack in float16, the outer step as tf32 (CUDA).
 */
export type PrecisionName = 'fp32' | 'tf32' | 'bf16' | 'fp16';

/** What PyTorch computes in by default: float32, on CUDA with TF32 convolutions. */
export type DefaultPrecision = 'default';

export interface NativeSessionOptions {
  /** 'cpu', 'cuda' or 'cuda:N'. */
  device: string;
  /** Seeds all random numbers: fresh weights, the order of images, random starts. An integer >= 0. */
  seed: number;
  /** Threads of the CPU kernels; 0 lets LibTorch choose. */
  threads: number;
  /** 'preactresnet18', or 'preactresnet18_w16' for a net of 16 instead of 64 base channels. */
  model: string;
  /** Outputs of the classifier. */
  numClasses: number;
  /** Per-channel means in [0,1] pixel scale. */
  mean: readonly number[];
  /** Per-channel divisors in [0,1] pixel scale. */
  std: readonly number[];
  /** See {@link PrecisionName}. */
  precision: PrecisionName | DefaultPrecision;
  /** Arithmetic of the passes that measure a model. */
  evalPrecision: PrecisionName | DefaultPrecision;
  /** Equal seeds give equal runs on a device; work that cannot promise it fails. */
  deterministic: boolean;
  /** Settings that change cost and not results. */
  tuning: NativeTuning;
}

/**
 * How a batch goes through the device. dynamic leaves out images that are done, and must ask the device which ones
 * are. static asks nothing and works on all images. recorded is static, and records a batch once and repeats it as
 * a whole (a CUDA graph). auto is dynamic on the CPU and recorded on CUDA.
 */
export type ExecutionName = 'auto' | 'dynamic' | 'static' | 'recorded';

/** Settings that change cost and not results. */
export interface NativeTuning {
  /** See {@link ExecutionName}. */
  execution: ExecutionName;
  /** Images per pass; 0 lets the device choose: 64 on the CPU, all on CUDA. */
  chunkSize: number;
  /** Most memory for results that are the same in every round; 0 keeps nothing. */
  cacheMib: number;
}

/** One job at a time. A method is an entry of the table of jobs in native/addon/jobs/jobs.h. */
export interface NativeSession {
  readonly busy: boolean;
  /** The tensors that the network has with or without a polarizer (models E7), in its own order. */
  layout(hasPolarizer: boolean): Promise<NativeLayout>;
  /**
   * Fills one model or both. Names and shapes must equal one of the layouts; a model has a polarizer from then on where
   * the tensors have one.
   */
  loadStateDict(tensors: NativeTensors, models: ModelRole | 'both'): Promise<void>;
  /** Fresh weights from the session's seed in trainee and reference. */
  initialize(): Promise<void>;
  setImages(role: ImageRole, set: NativeImageSet): Promise<void>;
  /** state: what an equal defense has told, from which this one goes on; empty: it begins. */
  defend(
    options: NativeDefendJob,
    state: NativeTensors,
    onProgress: (e: NativeProgress) => void,
  ): Promise<void>;
  /** Asks the running defense for its state; it tells one, after a round or a step. */
  requestState(): void;
  train(options: NativeTrainOptions, onProgress: (e: NativeProgress) => void): Promise<void>;
  /** The state of the training besides the weights: generator, optimizer, attack on batches. */
  exportTraining(): Promise<NativeTensors>;
  /** The next `train` or `trainAttack` with a `firstEpoch` above 0 continues from it. */
  loadTraining(state: NativeTensors): Promise<void>;
  /** Training under an attack that poisons each batch; the attack stays for `poisonImages`. */
  trainAttack(
    options: NativeTrainOptions,
    attack: NativeTrainingAttack,
    onProgress: (e: NativeProgress) => void,
  ): Promise<void>;
  /** Images of `cleanTest` or `train`, poisoned by the attack of the last `trainAttack`. */
  poisonImages(role: PoisonedRole): Promise<NativePoisonedImages>;
  evaluate(
    options: NativeEvaluateOptions,
    onProgress: (e: NativeProgress) => void,
  ): Promise<NativeMetrics>;
  /** The predicted classes (argmax of the logits) of the whole set: [N]. */
  predict(model: ModelRole, role: ImageRole): Promise<Int32Array>;
  /** What the last layer takes for chosen images: [n,F]; null of a program that does not end with a linear layer. */
  features(model: ModelRole, role: ImageRole, indices: Int32Array): Promise<Float32Array | null>;
  /** Grad-CAM of chosen images for a class each, see {@link NativeCam}; null where the network has no place for it. */
  gradCam(
    model: ModelRole,
    role: ImageRole,
    indices: Int32Array,
    classes: Int32Array,
  ): Promise<NativeCam | null>;
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
  /** A statistic of the trainee over all its classes, by the images of `cleanSubset` where it needs any. */
  scan(
    options: NativeScanOptions,
    onProgress: (e: NativeProgress) => void,
  ): Promise<NativeScanFindings>;
  exportStateDict(model: ModelRole): Promise<NativeTensors>;
  /**
   * Asks the running job to stop. Its promise rejects with ERR_ABORTED, and the weights keep their present values.
   */
  cancel(): void;
  dispose(): void;
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
  /** The name that the driver gives. */
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
  /** A defense of a network as a test describes it. Returns what it told and the trainee's weights. */
  defend(input: NativeDefendInput & NativeNetwork): {
    events: NativeProgress[];
    tensors: NativeTensors;
  };
  readonly attacks: NativeAttackFunctions;
  readonly defenses: NativeDefenseFunctions;
  readonly net: NativeNetFunctions;
  readonly scan: NativeScanFunctions;
}
