import type {LabelModeKind} from '../attacks/label_mode.js';
import type {DatasetChoice} from '../datasets/known.js';
import type {DefaultPrecision, ExecutionName, PrecisionName} from '../native/contract.js';
import type {InitName, NormName, ScheduleName} from '../native/run_contract.js';
import type {AttackKind, DataAttackKind, OwnOptions, TrainingAttackKind} from './attack_table.js';
import type {RECIPES} from './defaults.js';

/** `auto` takes the first CUDA device, else the CPU. */
export type DeviceName = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;
/** Per-channel constants R, G, B in [0,1] pixel scale. */
export type ChannelConstants = readonly [number, number, number];

/** Where the images are and what they are; null: found out from the checkpoint or the folder. */
export interface DataConfig {
  /** Folder of the original data set. */
  readonly data: string | null;
  /** What `data` is: a known data set or a format; `auto`: found out from the folder. */
  readonly dataset: DatasetChoice;
  /** Side of the square network input in pixels. */
  readonly imageSize: number | null;
  /** Normalisation of the model: (pixel - mean) / std. */
  readonly mean: ChannelConstants | null;
  /** See `mean`. */
  readonly std: ChannelConstants | null;
  /** Outputs of the classifier. */
  readonly numClasses: number | null;
  /** Use only the test images whose original index is below this. */
  readonly testLimit: number | null;
}

/** Where and how it is computed. */
export interface DeviceConfig {
  /** See {@link DeviceName}. */
  readonly device: DeviceName;
  /** Threads of the CPU kernels; 0 lets LibTorch choose. */
  readonly threads: number;
  /**
   * Arithmetic of the attack and the outer step. `default` is PyTorch's: fp32 on the CPU, TF32 convolutions
   * on CUDA. `auto` is resolved by the device, and said.
   */
  readonly precision: PrecisionName | DefaultPrecision | 'auto';
}

/** A whole, checked and frozen `defend` run. Names of specification B1.1 in README's mapping table. */
export interface DefendConfig extends DataConfig, DeviceConfig {
  /** A checkpoint file or a record folder. */
  readonly ckpt: string;
  /** Folder of the records that are named and not given by path. */
  readonly recordRoot: string;
  /** `5pct`, `5%`, `0.05`, a count, an index file or a folder of clean images. */
  readonly clean: string;
  /** null: the architecture that the checkpoint names. */
  readonly model: string | null;
  /** Folder of the results; null: `defense/sau` beside the checkpoint. */
  readonly out: string | null;
  /** Overwrite an earlier result. */
  readonly force: boolean;
  /** Of the clean subset, the order of images and random starts. */
  readonly seed: number;
  /** null: the data set's default, see `resolveRounds`. */
  readonly rounds: number | null;
  /** Images in a batch of a round. */
  readonly batchSize: number;
  /** Optimiser steps per perturbation. */
  readonly outerSteps: number;
  /** Batch norm in training mode in the outer step. */
  readonly trainMode: boolean;
  /** Measure after every n-th round and after the last; 0 never. */
  readonly evalEvery: number;
  /** Size of the batches whose mean losses are averaged. */
  readonly evalBatchSize: number;
  /** The norm of the perturbation ball. */
  readonly norm: NormName;
  /** Radius of the perturbation ball in [0,1] pixel scale. */
  readonly normBound: number;
  /** Sign step in [0,1] pixel scale. */
  readonly stepSize: number;
  /** Sign steps of a perturbation. */
  readonly steps: number;
  /** Where the search for a perturbation starts. */
  readonly init: InitName;
  /** Inner weights: adversarial and shared. */
  readonly beta1: number;
  /** See `beta1`. */
  readonly beta2: number;
  /** Outer weights: clean cross entropy, adversarial training, shared risk. */
  readonly lambda1: number;
  /** See `lambda1`. */
  readonly lambda2: number;
  /** See `lambda1`. */
  readonly lambda3: number;
  /** Of the outer step. */
  readonly optimizer: 'adam' | 'sgd';
  /** Of the outer step, constant. */
  readonly learningRate: number;
  /** L2 penalty, added to the gradient. */
  readonly weightDecay: number;
  /** Of `sgd`. */
  readonly momentum: number;
  /** Of `adam`: decay of the means of gradients and of their squares. */
  readonly adamBetas: readonly [number, number];
  /** JSON file with rounds * n positions in the clean subset; null: shuffled from the seed. */
  readonly batchOrder: string | null;
  /** How a batch goes through the device; changes cost and not results. */
  readonly execution: ExecutionName;
  /** Images per pass; 0: the device's choice. */
  readonly chunkSize: number;
  /** Most MiB for what stays the same in every round. */
  readonly cacheMib: number;
}

/** A named set of defaults for training. */
export type RecipeName = keyof typeof RECIPES;

/** What every attack has. */
export interface CommonAttackConfig extends DataConfig, DeviceConfig {
  /** Folder of records that are named and not given by path. */
  readonly recordRoot: string;
  /** The record folder to write. */
  readonly out: string;
  /** Overwrite an earlier result. */
  readonly force: boolean;
  /** Of the poisoned images, fresh weights and the order of images. */
  readonly seed: number;
  /** 0-based; of the label modes with one target. */
  readonly targetLabel: number;
  /** Share of all training images in (0,1]; `poisonCount` wins where it is given. */
  readonly poisonRate: number;
  /** Training images to poison. */
  readonly poisonCount: number | null;
  /** What a poisoned image is labelled as. */
  readonly labelMode: LabelModeKind;
  /** Write the poisoned images and their bookkeeping, and train nothing. */
  readonly poisonOnly: boolean;
  /** Draw preview.png: some poisoned training images beside what they were. */
  readonly preview: boolean;
  /** Go on with an interrupted training from its last saved epoch. */
  readonly resume: boolean;
  /** Save the training after every n-th epoch and after the last, for `resume`; 0 never. */
  readonly saveEvery: number;
  /** Which defaults the training has; options that are given win over them. */
  readonly recipe: RecipeName;
  /** The architecture, such as `preactresnet18`. */
  readonly model: string;
  /** null: the data set's default, see `resolveTraining`. */
  readonly epochs: number | null;
  /** Images in a batch. */
  readonly batchSize: number;
  /** The top of the schedule. */
  readonly learningRate: number;
  /** Of SGD. */
  readonly momentum: number;
  /** Nesterov's momentum instead of the plain one. */
  readonly nesterov: boolean;
  /** L2 penalty, added to the gradient. */
  readonly weightDecay: number;
  /** How the learning rate changes; null: the data set's default, see `resolveTraining`. */
  readonly schedule: ScheduleName | null;
  /** cosine and oneCycle: epochs until the learning rate is 0; null: see `resolveTraining`. */
  readonly scheduleLength: number | null;
  /** oneCycle: share of `scheduleLength` in which the learning rate rises to `learningRate`. */
  readonly warmupShare: number;
  /** multiStep: epochs after which the learning rate is multiplied by `gamma`. */
  readonly milestones: readonly number[];
  /** The factor of multiStep, and of plateau after ten epochs without a better mean training loss. */
  readonly gamma: number;
  /** Zero padding in pixels before the random crop; 0: no crop. */
  readonly cropPadding: number;
  /** null: the data set's default, see `resolveTraining`. */
  readonly flip: boolean | null;
  /** Measure after every n-th epoch and after the last; 0 never. */
  readonly evalEvery: number;
  /** Size of the batches whose mean losses are averaged. */
  readonly evalBatchSize: number;
}

/** A whole, checked and frozen `attack` run: the options of all attacks and those of its kind. */
export type AttackConfig = {
  [Kind in AttackKind]: CommonAttackConfig & OwnOptions<Kind> & {readonly kind: Kind};
}[AttackKind];

export type DataAttackConfig = Extract<AttackConfig, {readonly kind: DataAttackKind}>;
export type TrainingAttackConfig = Extract<AttackConfig, {readonly kind: TrainingAttackKind}>;

/** A whole, checked and frozen `evaluate` run. */
export interface EvaluateConfig extends DataConfig, DeviceConfig {
  /** A checkpoint file or a record folder. */
  readonly ckpt: string;
  /** Folder of the records that are named and not given by path. */
  readonly recordRoot: string;
  /** The model before the defense, for DER. */
  readonly against: string | null;
  /** Record folder or attack_result.pt with the poisoned test set, where `ckpt` has none. */
  readonly poisoned: string | null;
  /** null: the architecture that the checkpoint names. */
  readonly model: string | null;
  /** Size of the batches whose mean losses are averaged. */
  readonly batchSize: number;
}

/** A whole, checked and frozen `demo` run. */
export interface DemoConfig extends DeviceConfig {
  /** Folder of all that it leaves. */
  readonly out: string;
  /** Overwrite an earlier demo. */
  readonly force: boolean;
  /** Of the images, the attack and the defense. */
  readonly seed: number;
  /** Training images of each of ten classes. */
  readonly trainPerClass: number;
  /** Test images of each class. */
  readonly testPerClass: number;
  /** Side of the images in pixels. */
  readonly size: number;
  /** Base channels of the PreAct-ResNet18. */
  readonly width: number;
  /** Training of the victim. */
  readonly epochs: number;
  /** Images in a batch of the training. */
  readonly trainBatchSize: number;
  /** Of the training. */
  readonly learningRate: number;
  /** Share of the training images to poison; a small net on few images misses a smaller one on some seeds. */
  readonly poisonRate: number;
  /** The defense, as in `defend`. */
  readonly clean: string;
  /** See {@link DefendConfig}. */
  readonly rounds: number;
  /** See {@link DefendConfig}. */
  readonly batchSize: number;
  /** See {@link DefendConfig}. */
  readonly defenseLearningRate: number;
}

type Loose<T> = {readonly [K in keyof T]?: T[K] | undefined};

/** What users give: every option may be left out, except one of `ckpt` and `resultFile`. */
export type DefendOptions = Loose<DefendConfig> & {
  /** Alternative to `ckpt`: the name of a folder under `recordRoot`. */
  readonly resultFile?: string | undefined;
};
/** Every option may be left out but `kind`. */
export type AttackOptions = {
  [Kind in AttackKind]: Loose<CommonAttackConfig & OwnOptions<Kind>> & {
    /** The attack, see docs/attacks.md. */
    readonly kind: Kind;
  };
}[AttackKind] & {
  /** Alternative to `out`: the name of the folder to write under `recordRoot`. */
  readonly saveFolderName?: string | undefined;
};
/** Every option may be left out, except one of `ckpt` and `resultFile`. */
export type EvaluateOptions = Loose<EvaluateConfig> & {
  /** Alternative to `ckpt`: the name of a folder under `recordRoot`. */
  readonly resultFile?: string | undefined;
};
/** Every option may be left out. */
export type DemoOptions = Loose<DemoConfig>;

/** Options of `setup`, which fetches LibTorch. */
export interface SetupConfig {
  /** auto: cuda where the NVIDIA driver is new enough for it, else cpu. */
  readonly variant: 'auto' | 'cpu' | 'cuda';
  /** An http, https or file address, a .zip or .whl file, or a folder with a LibTorch; null: pip, else the official zip. */
  readonly from: string | null;
  /** Of the file that `from` names, in hex; what comes over the network is not used without. */
  readonly sha256: string | null;
}

/** Every option may be left out. */
export type SetupOptions = Loose<SetupConfig>;
