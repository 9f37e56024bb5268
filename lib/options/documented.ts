// Written by `npm run options` from the tables in this folder and in lib/defenses: change those.
import type {ModelName} from '../models/names.js';
import type {DeviceName} from './option.js';

/** Where the images are and what they are. */
export interface DataOptions {
  /**
   * Original data set: its authors' files (CIFAR-10, CIFAR-100, GTSRB, Tiny ImageNet), or train/ and
   * test/ class folders.
   * @default found beside the record
   */
  readonly data?: string | URL | null | undefined;
  /**
   * What it is: a known data set, a format, or auto to look.
   * @default 'auto'
   */
  readonly dataset?:
    | 'auto'
    | 'cifar10'
    | 'cifar100'
    | 'gtsrb'
    | 'tiny'
    | 'imagenet'
    | 'cifar10-binary'
    | 'cifar10-python'
    | 'cifar100-binary'
    | 'cifar100-python'
    | 'gtsrb-ppm'
    | 'tiny-annotated'
    | 'imagefolder'
    | undefined;
  /**
   * Side of the network input.
   * @default the data set's
   */
  readonly imageSize?: number | null | undefined;
  /**
   * Pixels of the shorter side of a picture before the crop, such as 256, or height and width, such as
   * 256x320. As torchvision's Resize, on the 8-bit image. The middle of the result is the network input:
   * 256 before a crop of 224 is the usual evaluation of ImageNet's models.
   * @default the record's, else to the network input whatever the aspect
   */
  readonly resize?: string | number | null | undefined;
  /**
   * Side of the middle of a picture that is the network input, as `imageSize`. As torchvision's
   * CenterCrop: without a resize of the picture's own pixels.
   * @default the record's, else none
   */
  readonly crop?: number | null | undefined;
  /**
   * How a picture is resized; antialiased, as Pillow's.
   * @default the record's, else bilinear
   */
  readonly interpolation?: 'bilinear' | 'bicubic' | null | undefined;
  /**
   * Memory for images, such as 4GiB; larger sets are kept in a temporary file. The file lies in the
   * temporary folder, which TMPDIR names, and has no name: it goes with the process. Results do not
   * depend on it.
   * @default a quarter of the available memory
   */
  readonly dataMemory?: number | string | null | undefined;
  /**
   * Per-channel mean in [0,1] pixel scale. The model sees (pixel - mean) / std.
   * @default the record's or the data set's
   */
  readonly mean?: readonly [number, number, number] | null | undefined;
  /**
   * Per-channel deviation in [0,1] pixel scale.
   * @default the record's or the data set's
   */
  readonly std?: readonly [number, number, number] | null | undefined;
  /**
   * Number of classes.
   * @default the checkpoint's or the data set's
   */
  readonly numClasses?: number | null | undefined;
  /**
   * Measure only on test images with an index below this.
   * @default all
   */
  readonly testLimit?: number | null | undefined;
}

/** Where and how it is computed. */
export interface DeviceOptions {
  /**
   * Auto, cpu, cuda or cuda:N; auto takes the first CUDA device, else the CPU.
   * @default 'auto'
   */
  readonly device?: DeviceName | undefined;
  /**
   * CPU threads; 0 lets LibTorch choose.
   * @default 0
   */
  readonly threads?: number | undefined;
  /**
   * Arithmetic of the attack and the optimizer step. `default` is PyTorch's own: fp32 on the CPU, TF32
   * convolutions on CUDA; `fp32` forbids these. `auto` takes what is fastest on the device, and the run
   * says what that is.
   * @default 'default'
   */
  readonly precision?: 'default' | 'fp32' | 'tf32' | 'bf16' | 'fp16' | 'auto' | undefined;
  /**
   * Arithmetic of measurements; auto: that of the run. Where the run computes its attack in fp16, it is
   * measured as its optimizer step: in tf32.
   * @default 'auto'
   */
  readonly evalPrecision?: 'auto' | 'fp32' | 'tf32' | 'bf16' | 'fp16' | undefined;
  /**
   * Equal seeds give equal runs on a GPU, which costs time. As torch.use_deterministic_algorithms does.
   * What has no deterministic form on the GPU fails with ERR_NATIVE. On the CPU equal seeds give equal
   * runs anyway.
   * @default false
   */
  readonly deterministic?: boolean | undefined;
}

/** Which checkpoint: one of both is required, or a program, which has weights of its own. */
export type CheckpointChoice =
  | {
      /** Checkpoint file (.pt, .pth) or record folder. */
      readonly ckpt: string | URL;
      /** Not with `ckpt`. */
      readonly resultFile?: undefined;
    }
  | {
      /** Instead of `ckpt`: the name of a folder in `recordRoot`. */
      readonly resultFile: string;
      /** Not with `resultFile`. */
      readonly ckpt?: undefined;
    }
  | {
      /** Whose weights are taken where there is no `ckpt`. */
      readonly program: string | URL;
      /** Without both: the program's own weights. */
      readonly ckpt?: undefined;
      /** Nor this. */
      readonly resultFile?: undefined;
    };

/** What every defense has. */
export interface CommonDefendOptions extends DataOptions, DeviceOptions {
  /**
   * Folder of the record folders.
   * @default 'record'
   */
  readonly recordRoot?: string | URL | undefined;
  /**
   * Architecture, such as preactresnet18, where the checkpoint does not name it.
   * @default the checkpoint's
   */
  readonly model?: ModelName | null | undefined;
  /**
   * Instead of `model`: the network as torch.export wrote it (.pt2); without `ckpt` its own weights are
   * taken. docs/programs.md says what is read.
   * @default a known architecture
   */
  readonly program?: string | URL | null | undefined;
  /**
   * Clean images to use: 5pct, 0.05, a count, an index file or a folder of images.
   * @default '5pct'
   */
  readonly clean?: string | number | URL | undefined;
  /**
   * How a share or a number of clean images is drawn: any, or equally many of each class. balanced draws
   * class by class as the official tool's FT-SAM does.
   * @default random; in FT-SAM with compat reference balanced
   */
  readonly subset?: 'random' | 'balanced' | null | undefined;
  /**
   * Output folder.
   * @default defense/<method> beside the checkpoint
   */
  readonly out?: string | URL | null | undefined;
  /**
   * Write the weights in the checkpoint's own types, such as float16, and not in float32. They are
   * computed in float32 and rounded at the end; the last measurement is of the rounded ones.
   * @default false
   */
  readonly keepDtype?: boolean | undefined;
  /**
   * Also write the purified model as a program, defense_result.pt2, where `program` is given.
   * @default false
   */
  readonly writeProgram?: boolean | undefined;
  /**
   * Also write report.html, which shows the run. It needs some measurements more, which are kept as
   * evidence.json; docs/report.md describes it.
   * @default false
   */
  readonly report?: boolean | undefined;
  /**
   * Overwrite an earlier result.
   * @default false
   */
  readonly force?: boolean | undefined;
  /**
   * Go on with an interrupted run from its last saved state. With the options and files of its
   * beginning; the result is that of a run without interruption. docs/resume.md describes it.
   * @default false
   */
  readonly resume?: boolean | undefined;
  /**
   * Save the run after every n-th round for `resume`; 0: never. Also after steps of what comes before
   * the rounds. A state is left out where saving would take more than 2 % of the time.
   * @default 1
   */
  readonly saveEvery?: number | undefined;
  /**
   * Measure after every n-th round or epoch and after the last; 0: in none.
   * @default 1
   */
  readonly evalEvery?: number | undefined;
  /**
   * Images per batch when measuring; losses are means over batches.
   * @default 256
   */
  readonly evalBatchSize?: number | undefined;
  /**
   * Seed of everything random.
   * @default 0
   */
  readonly seed?: number | undefined;
  /**
   * Fail where more of the poisoned test images than this are still led to their target, such as 5%. The
   * result is written all the same and has it in failedGates; the command line ends with exit code 11.
   * @default no limit
   */
  readonly failAboveAsr?: number | string | null | undefined;
  /**
   * Fail where fewer of the clean test images than this are recognized, such as 80%.
   * @default no limit
   */
  readonly failBelowAcc?: number | string | null | undefined;
  /**
   * Fail where ACC has lost more than this since the model before the defense, such as 3% for 3 points.
   * @default no limit
   */
  readonly maxAccDrop?: number | string | null | undefined;
  /**
   * Defaults of the run; quick: fewer rounds, images and measurements. docs/defenses.md lists what each
   * method takes from it. Options that are given win.
   * @default 'paper'
   */
  readonly preset?: 'paper' | 'quick' | undefined;
  /**
   * The whole run takes at most this, such as 30m: fewer rounds, images and measurements where they do
   * not fit. Of methods with rounds. What is given otherwise is the most that is taken. The run tells
   * what it chose, and ends after an earlier round where the time would not last.
   * @default any time
   */
  readonly timeBudget?: number | string | null | undefined;
  /**
   * Ends after so many rounds in a row in which nothing changed; 0: does all rounds. Of methods with
   * rounds. The last fifth of the clean images is set aside: the accuracy on them and the shared risk
   * are what is looked at (docs/defenses.md, E0).
   * @default 0
   */
  readonly patience?: number | undefined;
  /**
   * How a batch goes through the device.
   * @default 'auto'
   */
  readonly execution?: 'auto' | 'dynamic' | 'static' | 'recorded' | undefined;
  /**
   * Images per pass; 0: the device decides.
   * @default 0
   */
  readonly chunkSize?: number | undefined;
  /**
   * Memory in MiB for what stays the same in every round; 0: none.
   * @default 512
   */
  readonly cacheMib?: number | undefined;
}

/** Options of {@link defend} with `method: 'sau'` or without a method: Shared Adversarial Unlearning. */
export interface SauDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method?: 'sau' | undefined;
  /**
   * Passes over the clean images.
   * @default 100; 20 for tiny
   */
  readonly rounds?: number | null | undefined;
  /**
   * Images per batch.
   * @default 256
   */
  readonly batchSize?: number | undefined;
  /**
   * Optimizer steps per perturbation.
   * @default 1
   */
  readonly outerSteps?: number | undefined;
  /**
   * Weight of the clean cross entropy.
   * @default 1
   */
  readonly lambda1?: number | undefined;
  /**
   * Weight of adversarial training.
   * @default 0
   */
  readonly lambda2?: number | undefined;
  /**
   * Weight of the shared adversarial risk.
   * @default 1
   */
  readonly lambda3?: number | undefined;
  /**
   * Batch norm in training mode in the optimizer step.
   * @default false
   */
  readonly trainMode?: boolean | undefined;
  /**
   * Which optimizer.
   * @default 'adam'
   */
  readonly optimizer?: 'adam' | 'sgd' | undefined;
  /**
   * Learning rate.
   * @default 0.0001
   */
  readonly learningRate?: number | undefined;
  /**
   * L2 penalty, added to the gradient.
   * @default 0
   */
  readonly weightDecay?: number | undefined;
  /**
   * Momentum of SGD.
   * @default 0.9
   */
  readonly momentum?: number | undefined;
  /**
   * Decay of the means of adam: of gradients and of their squares.
   * @default [0.9,0.999]
   */
  readonly adamBetas?: readonly [number, number] | undefined;
  /**
   * JSON file with the positions of each round (rounds x images), instead of shuffling. Positions in the
   * clean subset, in one array or in one array for each round.
   * @default none
   */
  readonly batchOrder?: string | URL | null | undefined;
  /**
   * Norm of the ball; Reg: there is none.
   * @default 'L_inf'
   */
  readonly norm?: 'L_inf' | 'L1' | 'L2' | 'Reg' | undefined;
  /**
   * Radius of the ball in [0,1] pixel scale.
   * @default 0.2
   */
  readonly normBound?: number | undefined;
  /**
   * Sign step in [0,1] pixel scale.
   * @default 0.2
   */
  readonly stepSize?: number | undefined;
  /**
   * PGD steps per batch.
   * @default 5
   */
  readonly steps?: number | undefined;
  /**
   * Start of the search.
   * @default 'max'
   */
  readonly init?: 'max' | 'min' | 'zero' | 'random' | undefined;
  /**
   * Weight of the adversarial term.
   * @default 0.01
   */
  readonly beta1?: number | undefined;
  /**
   * Weight of the shared term.
   * @default 1
   */
  readonly beta2?: number | undefined;
}

/** Options of {@link defend} with `method: 'ft'`: fine-tuning on the clean images. */
export interface FtDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method: 'ft';
  /**
   * Passes over the clean images.
   * @default 100; 200 for tiny
   */
  readonly rounds?: number | null | undefined;
  /**
   * Images per batch.
   * @default 256
   */
  readonly batchSize?: number | undefined;
  /**
   * Which optimizer; adam suits ConvNeXt and ViT, with a learning rate of about 0.001.
   * @default 'sgd'
   */
  readonly optimizer?: 'sgd' | 'adam' | undefined;
  /**
   * Largest learning rate.
   * @default 0.01
   */
  readonly learningRate?: number | undefined;
  /**
   * Momentum of SGD.
   * @default 0.9
   */
  readonly momentum?: number | undefined;
  /**
   * Nesterov's momentum.
   * @default false
   */
  readonly nesterov?: boolean | undefined;
  /**
   * L2 penalty, added to the gradient.
   * @default 0.0005
   */
  readonly weightDecay?: number | undefined;
  /**
   * How the learning rate changes.
   * @default cosine; plateau for tiny
   */
  readonly schedule?:
    | 'cosine'
    | 'constant'
    | 'oneCycle'
    | 'multiStep'
    | 'plateau'
    | null
    | undefined;
  /**
   * Rounds until cosine and oneCycle reach a rate of 0. Whatever the number of rounds is, as in the
   * official tool.
   * @default 100
   */
  readonly scheduleLength?: number | undefined;
  /**
   * Share of oneCycle in which the learning rate rises.
   * @default 0.25
   */
  readonly warmupShare?: number | undefined;
  /**
   * Epochs after which multiStep lowers the rate.
   * @default [100,200,300,400]
   */
  readonly milestones?: readonly number[] | undefined;
  /**
   * Factor of the rate at each milestone, and in plateau where the loss has stopped falling.
   * @default 0.1
   */
  readonly gamma?: number | undefined;
  /**
   * Zeros around an image before the random crop; 0: no crop.
   * @default 4
   */
  readonly cropPadding?: number | undefined;
  /**
   * Random horizontal flip.
   * @default off; on for cifar10
   */
  readonly flip?: boolean | null | undefined;
}

/** Options of {@link defend} with `method: 'fp'`: fine-pruning of the features that clean images do not use. */
export interface FpDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method: 'fp';
  /**
   * Share of the features that a candidate prunes more than the one before.
   * @default 0.01
   */
  readonly pruneStep?: number | undefined;
  /**
   * Sound, or reference: with the official tool's quirks that change results. Quirks that make no sense
   * of a result, such as unreadable files, are never taken over. docs/defenses.md lists the others.
   * @default 'sound'
   */
  readonly compat?: 'sound' | 'reference' | undefined;
  /**
   * By what is chosen how much is pruned: clean images that are set aside, a fixed threshold, or the
   * test sets (oracle). `clean` sets the last fifth of the clean images aside and takes the strongest
   * candidate before the first that loses too much accuracy on them. `oracle` is the rule of the
   * official tool; a defender has no test sets, so that the result is marked.
   * @default clean; oracle with compat reference
   */
  readonly select?: 'clean' | 'oracle' | null | undefined;
  /**
   * Share of the accuracy that a candidate may lose, with select clean on the images that are set aside.
   * @default 0.1
   */
  readonly maxDrop?: number | null | undefined;
  /**
   * Passes over the clean images.
   * @default 100; 200 for tiny
   */
  readonly rounds?: number | null | undefined;
  /**
   * Images per batch.
   * @default 256
   */
  readonly batchSize?: number | undefined;
  /**
   * Which optimizer; adam suits ConvNeXt and ViT, with a learning rate of about 0.001.
   * @default 'sgd'
   */
  readonly optimizer?: 'sgd' | 'adam' | undefined;
  /**
   * Largest learning rate.
   * @default 0.01
   */
  readonly learningRate?: number | undefined;
  /**
   * Momentum of SGD.
   * @default 0.9
   */
  readonly momentum?: number | undefined;
  /**
   * Nesterov's momentum.
   * @default false
   */
  readonly nesterov?: boolean | undefined;
  /**
   * L2 penalty, added to the gradient.
   * @default 0.0005
   */
  readonly weightDecay?: number | undefined;
  /**
   * How the learning rate changes.
   * @default cosine; plateau for tiny
   */
  readonly schedule?:
    | 'cosine'
    | 'constant'
    | 'oneCycle'
    | 'multiStep'
    | 'plateau'
    | null
    | undefined;
  /**
   * Rounds until cosine and oneCycle reach a rate of 0. Whatever the number of rounds is, as in the
   * official tool.
   * @default 100
   */
  readonly scheduleLength?: number | undefined;
  /**
   * Share of oneCycle in which the learning rate rises.
   * @default 0.25
   */
  readonly warmupShare?: number | undefined;
  /**
   * Epochs after which multiStep lowers the rate.
   * @default [100,200,300,400]
   */
  readonly milestones?: readonly number[] | undefined;
  /**
   * Factor of the rate at each milestone, and in plateau where the loss has stopped falling.
   * @default 0.1
   */
  readonly gamma?: number | undefined;
  /**
   * Zeros around an image before the random crop; 0: no crop.
   * @default 4
   */
  readonly cropPadding?: number | undefined;
  /**
   * Random horizontal flip.
   * @default off; on for cifar10
   */
  readonly flip?: boolean | null | undefined;
}

/** Options of {@link defend} with `method: 'nad'`: fine-tuning towards the attention of a fine-tuned teacher (NAD). */
export interface NadDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method: 'nad';
  /**
   * Passes over the clean images.
   * @default 10
   */
  readonly rounds?: number | undefined;
  /**
   * Passes over the clean images that the teacher is fine-tuned in.
   * @default as many as rounds
   */
  readonly teacherRounds?: number | null | undefined;
  /**
   * Images per batch.
   * @default 256
   */
  readonly batchSize?: number | undefined;
  /**
   * Weight of the attention at the end of the last stage but one.
   * @default 500
   */
  readonly attention1?: number | undefined;
  /**
   * Weight of the attention at the end of the last stage.
   * @default 1000
   */
  readonly attention2?: number | undefined;
  /**
   * Power of the values that make the attention.
   * @default 2
   */
  readonly attentionPower?: number | undefined;
  /**
   * Which optimizer; adam suits ConvNeXt and ViT, with a learning rate of about 0.001.
   * @default 'sgd'
   */
  readonly optimizer?: 'sgd' | 'adam' | undefined;
  /**
   * The trainee's learning rate, and the teacher's largest.
   * @default 0.01
   */
  readonly learningRate?: number | undefined;
  /**
   * Momentum of SGD.
   * @default 0.9
   */
  readonly momentum?: number | undefined;
  /**
   * Nesterov's momentum.
   * @default false
   */
  readonly nesterov?: boolean | undefined;
  /**
   * L2 penalty, added to the gradient.
   * @default 0.0005
   */
  readonly weightDecay?: number | undefined;
  /**
   * How the teacher's learning rate changes.
   * @default cosine; plateau for tiny
   */
  readonly schedule?:
    | 'cosine'
    | 'constant'
    | 'oneCycle'
    | 'multiStep'
    | 'plateau'
    | null
    | undefined;
  /**
   * Rounds until cosine and oneCycle reach a rate of 0.
   * @default 100
   */
  readonly scheduleLength?: number | undefined;
  /**
   * Share of oneCycle in which the learning rate rises.
   * @default 0.25
   */
  readonly warmupShare?: number | undefined;
  /**
   * Epochs after which multiStep lowers the rate.
   * @default [100,200,300,400]
   */
  readonly milestones?: readonly number[] | undefined;
  /**
   * Factor of the rate at each milestone, and in plateau where the loss has stopped falling.
   * @default 0.1
   */
  readonly gamma?: number | undefined;
  /**
   * Zeros around an image before the random crop; 0: no crop.
   * @default 4
   */
  readonly cropPadding?: number | undefined;
  /**
   * Random horizontal flip.
   * @default off; on for cifar10
   */
  readonly flip?: boolean | null | undefined;
  /**
   * Sound, or reference: with the official tool's quirks that change results. Quirks that make no sense
   * of a result, such as unreadable files, are never taken over. docs/defenses.md lists the others.
   * @default 'sound'
   */
  readonly compat?: 'sound' | 'reference' | undefined;
}

/** Options of {@link defend} with `method: 'nc'`: search and unlearning of a trigger for each class (Neural Cleanse). */
export interface NcDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method: 'nc';
  /**
   * Passes over the clean images in the search of a trigger for a class, at most.
   * @default 80
   */
  readonly inversionEpochs?: number | undefined;
  /**
   * Learning rate of adam for mask and pattern.
   * @default 0.1
   */
  readonly maskRate?: number | undefined;
  /**
   * Weight of the mask's norm in the beginning.
   * @default 0.001
   */
  readonly initialCost?: number | undefined;
  /**
   * Factor of that weight where the trigger works; its power of 1.5 divides it where it does not.
   * @default 2
   */
  readonly costMultiplier?: number | undefined;
  /**
   * Epochs in a row that change the weight.
   * @default 5
   */
  readonly costPatience?: number | undefined;
  /**
   * Share of the images in the target class from which on a trigger works.
   * @default 0.98
   */
  readonly triggerSuccess?: number | undefined;
  /**
   * A search ends where the norm no longer falls.
   * @default true
   */
  readonly earlyStop?: boolean | undefined;
  /**
   * Share of the best norm above which another has not fallen.
   * @default 0.99
   */
  readonly earlyStopThreshold?: number | undefined;
  /**
   * Epochs without a fall that end a search.
   * @default 25
   */
  readonly earlyStopPatience?: number | undefined;
  /**
   * Index above which a class counts as the target of a backdoor.
   * @default 2
   */
  readonly anomalyThreshold?: number | undefined;
  /**
   * Passes over the clean images.
   * @default 100; 200 for tiny
   */
  readonly rounds?: number | null | undefined;
  /**
   * Images per batch.
   * @default 256
   */
  readonly batchSize?: number | undefined;
  /**
   * Share of the clean images that are stamped with the triggers found.
   * @default 0.2
   */
  readonly unlearningRatio?: number | undefined;
  /**
   * Which optimizer; adam suits ConvNeXt and ViT, with a learning rate of about 0.001.
   * @default 'sgd'
   */
  readonly optimizer?: 'sgd' | 'adam' | undefined;
  /**
   * Largest learning rate.
   * @default 0.01
   */
  readonly learningRate?: number | undefined;
  /**
   * Momentum of SGD.
   * @default 0.9
   */
  readonly momentum?: number | undefined;
  /**
   * Nesterov's momentum.
   * @default false
   */
  readonly nesterov?: boolean | undefined;
  /**
   * L2 penalty, added to the gradient.
   * @default 0.0005
   */
  readonly weightDecay?: number | undefined;
  /**
   * How the learning rate changes.
   * @default cosine; plateau for tiny
   */
  readonly schedule?:
    | 'cosine'
    | 'constant'
    | 'oneCycle'
    | 'multiStep'
    | 'plateau'
    | null
    | undefined;
  /**
   * Rounds until cosine and oneCycle reach a rate of 0.
   * @default 100
   */
  readonly scheduleLength?: number | undefined;
  /**
   * Share of oneCycle in which the learning rate rises.
   * @default 0.25
   */
  readonly warmupShare?: number | undefined;
  /**
   * Epochs after which multiStep lowers the rate.
   * @default [100,200,300,400]
   */
  readonly milestones?: readonly number[] | undefined;
  /**
   * Factor of the rate at each milestone, and in plateau where the loss has stopped falling.
   * @default 0.1
   */
  readonly gamma?: number | undefined;
  /**
   * Zeros around an image before the random crop; 0: no crop.
   * @default 4
   */
  readonly cropPadding?: number | undefined;
  /**
   * Random horizontal flip.
   * @default off; on for cifar10
   */
  readonly flip?: boolean | null | undefined;
  /**
   * Sound, or reference: with the official tool's quirks that change results. Quirks that make no sense
   * of a result, such as unreadable files, are never taken over. docs/defenses.md lists the others.
   * @default 'sound'
   */
  readonly compat?: 'sound' | 'reference' | undefined;
}

/** Options of {@link defend} with `method: 'anp'`: adversarial neuron pruning, by masks of the norms. */
export interface AnpDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method: 'anp';
  /**
   * Images per batch.
   * @default 256
   */
  readonly batchSize?: number | undefined;
  /**
   * Batches, drawn with replacement, that the masks are learned from.
   * @default 2000
   */
  readonly iterations?: number | undefined;
  /**
   * Batches between reports of the losses.
   * @default 500
   */
  readonly reportEvery?: number | undefined;
  /**
   * Noise on the norms starts within this and is moved by it.
   * @default 0.4
   */
  readonly noiseBound?: number | undefined;
  /**
   * Steps that the noise is moved in.
   * @default 1
   */
  readonly noiseSteps?: number | undefined;
  /**
   * Weight of the loss without noise; the rest is that of the loss with it.
   * @default 0.2
   */
  readonly cleanShare?: number | undefined;
  /**
   * Learning rate of the masks.
   * @default 0.01
   */
  readonly learningRate?: number | undefined;
  /**
   * Momentum of the masks.
   * @default 0.9
   */
  readonly momentum?: number | undefined;
  /**
   * Zeros around an image before the random crop; 0: no crop.
   * @default 4
   */
  readonly cropPadding?: number | undefined;
  /**
   * Random horizontal flip.
   * @default off; on for cifar10
   */
  readonly flip?: boolean | null | undefined;
  /**
   * What a candidate cuts: masks up to a threshold, or a share of all masks (number).
   * @default 'threshold'
   */
  readonly pruneBy?: 'threshold' | 'number' | undefined;
  /**
   * The last candidate, which leaves the untouched masks of 1.
   * @default 0.9
   */
  readonly mostPruned?: number | undefined;
  /**
   * From one candidate to the next, from 0 on.
   * @default 0.05
   */
  readonly pruneStep?: number | undefined;
  /**
   * The candidate that select fixed keeps.
   * @default none
   */
  readonly threshold?: number | null | undefined;
  /**
   * Sound, or reference: with the official tool's quirks that change results. Quirks that make no sense
   * of a result, such as unreadable files, are never taken over. docs/defenses.md lists the others.
   * @default 'sound'
   */
  readonly compat?: 'sound' | 'reference' | undefined;
  /**
   * By what is chosen how much is pruned: clean images that are set aside, a fixed threshold, or the
   * test sets (oracle). `clean` sets the last fifth of the clean images aside and takes the strongest
   * candidate before the first that loses too much accuracy on them. `oracle` is the rule of the
   * official tool; a defender has no test sets, so that the result is marked.
   * @default clean; fixed where threshold is given, oracle with compat reference
   */
  readonly select?: 'clean' | 'fixed' | 'oracle' | null | undefined;
  /**
   * Share of the accuracy that a candidate may lose, with select clean on the images that are set aside.
   * @default 0.05; 0.1 with select oracle
   */
  readonly maxDrop?: number | null | undefined;
}

/** Options of {@link defend} with `method: 'ep'`: entropy pruning, by poisoned training images of the record. */
export interface EpDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method: 'ep';
  /**
   * Channels are cut whose largest values have an entropy below the mean by more than so many standard
   * deviations of their layer.
   * @default 3; 4 for tiny
   */
  readonly u?: number | null | undefined;
  /**
   * Cut a channel's bias beside its weight.
   * @default true
   */
  readonly pruneBias?: boolean | undefined;
  /**
   * By what is chosen how much is pruned: clean images that are set aside, a fixed threshold, or the
   * test sets (oracle). `clean` sets the last fifth of the clean images aside and takes the strongest
   * candidate before the first that loses too much accuracy on them. `oracle` is the rule of the
   * official tool; a defender has no test sets, so that the result is marked.
   * @default fixed
   */
  readonly select?: 'fixed' | 'clean' | null | undefined;
  /**
   * Share of the accuracy that a candidate may lose, with select clean on the images that are set aside.
   * @default 0.05
   */
  readonly maxDrop?: number | null | undefined;
  /**
   * Training images of the record that are looked at.
   * @default 256
   */
  readonly batchSize?: number | undefined;
  /**
   * Width of a bin of the histograms, in standard deviations.
   * @default 0.1
   */
  readonly binWidth?: number | undefined;
  /**
   * Zeros around an image before the random crop; 0: no crop.
   * @default 4
   */
  readonly cropPadding?: number | undefined;
  /**
   * Random horizontal flip.
   * @default off; on for cifar10
   */
  readonly flip?: boolean | null | undefined;
}

/** Options of {@link defend} with `method: 'ibau'`: minimax unlearning of a universal perturbation (i-BAU). */
export interface IbauDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method: 'ibau';
  /**
   * Perturbations to find and to unlearn.
   * @default 5
   */
  readonly rounds?: number | undefined;
  /**
   * Images per batch.
   * @default 256
   */
  readonly batchSize?: number | undefined;
  /**
   * Learning rate of adam.
   * @default 0.0001
   */
  readonly learningRate?: number | undefined;
  /**
   * L2 penalty, added to the gradient.
   * @default 0
   */
  readonly weightDecay?: number | undefined;
  /**
   * Decay of the means of adam: of gradients and of their squares.
   * @default [0.9,0.999]
   */
  readonly adamBetas?: readonly [number, number] | undefined;
  /**
   * Steps towards the hypergradient; 0: the perturbation counts as fixed.
   * @default 5
   */
  readonly fixedPoints?: number | undefined;
  /**
   * Share of a batch that has the perturbation while it is unlearned.
   * @default 0.01
   */
  readonly ibauPortion?: number | undefined;
  /**
   * Step along the gradient that finds the perturbation, in normalized pixels.
   * @default 10
   */
  readonly perturbationRate?: number | undefined;
  /**
   * Step of the map whose fixed point the perturbation is taken for.
   * @default 0.1
   */
  readonly fixedPointRate?: number | undefined;
  /**
   * Weight of the perturbation's squared norm.
   * @default 0.001
   */
  readonly normWeight?: number | undefined;
  /**
   * Zeros around an image before the random crop; 0: no crop.
   * @default 4
   */
  readonly cropPadding?: number | undefined;
  /**
   * Random horizontal flip.
   * @default off; on for cifar10
   */
  readonly flip?: boolean | null | undefined;
}

/** Options of {@link defend} with `method: 'ftsam'`: fine-tuning with sharpness-aware minimization (FT-SAM). */
export interface FtsamDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method: 'ftsam';
  /**
   * Passes over the clean images.
   * @default 100; 50 for gtsrb
   */
  readonly rounds?: number | null | undefined;
  /**
   * Images per batch.
   * @default 256
   */
  readonly batchSize?: number | undefined;
  /**
   * Length of the perturbation of the weights.
   * @default 2
   */
  readonly rho?: number | undefined;
  /**
   * Each weight is perturbed in proportion to its square.
   * @default true
   */
  readonly adaptiveSam?: boolean | undefined;
  /**
   * Share of the target that the other classes get.
   * @default 0.1
   */
  readonly labelSmoothing?: number | undefined;
  /**
   * Weight of the part of the gradient that the perturbation takes away.
   * @default 0
   */
  readonly alpha?: number | undefined;
  /**
   * Largest learning rate.
   * @default 0.01
   */
  readonly learningRate?: number | undefined;
  /**
   * Momentum of SGD.
   * @default 0.9
   */
  readonly momentum?: number | undefined;
  /**
   * Nesterov's momentum.
   * @default false
   */
  readonly nesterov?: boolean | undefined;
  /**
   * L2 penalty, added to the gradient.
   * @default 0.0005
   */
  readonly weightDecay?: number | undefined;
  /**
   * What moves the learning rate along its cosine. By batch, as in the official tool, the rate falls to
   * 0 and rises again in as many batches.
   * @default 'batch'
   */
  readonly samSchedule?: 'batch' | 'epoch' | undefined;
  /**
   * Batches, or rounds, until the learning rate reaches 0.
   * @default 100
   */
  readonly scheduleLength?: number | undefined;
  /**
   * Zeros around an image before the random crop; 0: no crop.
   * @default 4
   */
  readonly cropPadding?: number | undefined;
  /**
   * Random horizontal flip.
   * @default off; on for cifar10
   */
  readonly flip?: boolean | null | undefined;
  /**
   * Sound, or reference: with the official tool's quirks that change results. Quirks that make no sense
   * of a result, such as unreadable files, are never taken over. docs/defenses.md lists the others.
   * @default 'sound'
   */
  readonly compat?: 'sound' | 'reference' | undefined;
}

/** Options of {@link defend} with `method: 'clp'`: channel Lipschitz pruning, by the weights alone. */
export interface ClpDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method: 'clp';
  /**
   * Channels are cut whose bound on the Lipschitz constant is above the mean by more than so many
   * standard deviations of their layer.
   * @default 3; 5 for tiny
   */
  readonly u?: number | null | undefined;
  /**
   * Cut a channel's bias beside its weight.
   * @default true
   */
  readonly pruneBias?: boolean | undefined;
  /**
   * By what is chosen how much is pruned: clean images that are set aside, a fixed threshold, or the
   * test sets (oracle). `clean` sets the last fifth of the clean images aside and takes the strongest
   * candidate before the first that loses too much accuracy on them. `oracle` is the rule of the
   * official tool; a defender has no test sets, so that the result is marked.
   * @default fixed
   */
  readonly select?: 'fixed' | 'clean' | null | undefined;
  /**
   * Share of the accuracy that a candidate may lose, with select clean on the images that are set aside.
   * @default 0.05
   */
  readonly maxDrop?: number | null | undefined;
}

/** Options of {@link defend} with `method: 'bnp'`: batch norm pruning, by the statistics of clean images. */
export interface BnpDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method: 'bnp';
  /**
   * Channels are cut whose clean statistics diverge from the running ones above the mean by more than so
   * many standard deviations of their layer.
   * @default 3; 4 for tiny
   */
  readonly u?: number | null | undefined;
  /**
   * Cut a channel's bias beside its weight.
   * @default true
   */
  readonly pruneBias?: boolean | undefined;
  /**
   * By what is chosen how much is pruned: clean images that are set aside, a fixed threshold, or the
   * test sets (oracle). `clean` sets the last fifth of the clean images aside and takes the strongest
   * candidate before the first that loses too much accuracy on them. `oracle` is the rule of the
   * official tool; a defender has no test sets, so that the result is marked.
   * @default fixed
   */
  readonly select?: 'fixed' | 'clean' | null | undefined;
  /**
   * Share of the accuracy that a candidate may lose, with select clean on the images that are set aside.
   * @default 0.05
   */
  readonly maxDrop?: number | null | undefined;
}

/** Options of {@link defend} with `method: 'rnp'`: reconstructive neuron pruning, by what clean images ask back once they are unlearned. */
export interface RnpDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method: 'rnp';
  /**
   * Images per batch.
   * @default 256
   */
  readonly batchSize?: number | undefined;
  /**
   * Passes over the clean images that unlearn them, at most.
   * @default 20
   */
  readonly unlearningRounds?: number | undefined;
  /**
   * Learning rate of the unlearning.
   * @default 0.01
   */
  readonly unlearningRate?: number | undefined;
  /**
   * Training accuracy at which the unlearning ends.
   * @default 0.2
   */
  readonly unlearnedAccuracy?: number | undefined;
  /**
   * Momentum of SGD.
   * @default 0.9
   */
  readonly momentum?: number | undefined;
  /**
   * L2 penalty, added to the gradient.
   * @default 0.0005
   */
  readonly weightDecay?: number | undefined;
  /**
   * Rounds of the unlearning after which its rate is lowered.
   * @default [10,20]
   */
  readonly milestones?: readonly number[] | undefined;
  /**
   * Factor of the rate at each milestone.
   * @default 0.1
   */
  readonly gamma?: number | undefined;
  /**
   * Zeros around an image before the random crop; 0: no crop.
   * @default 4
   */
  readonly cropPadding?: number | undefined;
  /**
   * Random horizontal flip.
   * @default off; on for cifar10
   */
  readonly flip?: boolean | null | undefined;
  /**
   * Passes over the clean images that learn the masks.
   * @default 20
   */
  readonly recoveringRounds?: number | undefined;
  /**
   * Learning rate of the masks.
   * @default 0.2
   */
  readonly recoveringRate?: number | undefined;
  /**
   * Factor of the loss that the masks are learned by.
   * @default 0.2
   */
  readonly recoveringShare?: number | undefined;
  /**
   * What a candidate cuts: masks up to a threshold, or a share of all masks (number).
   * @default 'threshold'
   */
  readonly pruneBy?: 'threshold' | 'number' | undefined;
  /**
   * The last candidate, which leaves the untouched masks of 1.
   * @default 0.9
   */
  readonly mostPruned?: number | undefined;
  /**
   * From one candidate to the next, from 0 on.
   * @default 0.05
   */
  readonly pruneStep?: number | undefined;
  /**
   * The candidate that select fixed keeps.
   * @default 0.7
   */
  readonly threshold?: number | undefined;
  /**
   * By what is chosen how much is pruned: clean images that are set aside, a fixed threshold, or the
   * test sets (oracle). `clean` sets the last fifth of the clean images aside and takes the strongest
   * candidate before the first that loses too much accuracy on them. `oracle` is the rule of the
   * official tool; a defender has no test sets, so that the result is marked.
   * @default fixed
   */
  readonly select?: 'fixed' | 'clean' | null | undefined;
  /**
   * Share of the accuracy that a candidate may lose, with select clean on the images that are set aside.
   * @default 0.05
   */
  readonly maxDrop?: number | null | undefined;
}

/** Options of {@link defend} with `method: 'npd'`: neural polarizer: one more layer that learns to take the trigger out (NPD). */
export interface NpdDefenseOptions extends CommonDefendOptions {
  /** The defense. */
  readonly method: 'npd';
  /**
   * Passes over the clean images.
   * @default 50; 100 for cifar100
   */
  readonly rounds?: number | null | undefined;
  /**
   * Images per batch.
   * @default 128; 256 for cifar100
   */
  readonly batchSize?: number | null | undefined;
  /**
   * The polarizer's learning rate, which is constant.
   * @default 0.01
   */
  readonly learningRate?: number | undefined;
  /**
   * Momentum of SGD.
   * @default 0.9
   */
  readonly momentum?: number | undefined;
  /**
   * Nesterov's momentum.
   * @default false
   */
  readonly nesterov?: boolean | undefined;
  /**
   * L2 penalty, added to the gradient.
   * @default 0.0005
   */
  readonly weightDecay?: number | undefined;
  /**
   * Passes that train the polarizer on the clean images alone, before the others.
   * @default 5; 0 for tiny
   */
  readonly warmupRounds?: number | null | undefined;
  /**
   * Learning rate of those.
   * @default 0.0001
   */
  readonly warmupRate?: number | undefined;
  /**
   * Weight of the cross entropy of the clean images.
   * @default 1
   */
  readonly cleanWeight?: number | undefined;
  /**
   * Weight of the cross entropy of perturbed images with the class that they had before.
   * @default 0.4; 0.5 for gtsrb, 1 for tiny
   */
  readonly keptWeight?: number | null | undefined;
  /**
   * Weight of the likeliest wrong class of perturbed images.
   * @default 0.4; 0.5 for gtsrb, 0.1 for tiny
   */
  readonly topWeight?: number | null | undefined;
  /**
   * Weight of the class that perturbed images were to get.
   * @default 0.4; 0.5 for gtsrb, 0.1 for tiny
   */
  readonly targetWeight?: number | null | undefined;
  /**
   * The polarizer's norm in training mode in the optimizer step.
   * @default off; on for tiny
   */
  readonly trainMode?: boolean | null | undefined;
  /**
   * Sound, or reference: with the official tool's quirks that change results. Quirks that make no sense
   * of a result, such as unreadable files, are never taken over. docs/defenses.md lists the others.
   * @default 'sound'
   */
  readonly compat?: 'sound' | 'reference' | undefined;
  /**
   * Norm of the ball.
   * @default 'L2'
   */
  readonly norm?: 'L2' | 'L_inf' | undefined;
  /**
   * Radius of the ball in [0,1] pixel scale. With `norm L_inf` it is 0.2 where nothing else is given.
   * @default 3; 5 for gtsrb, 6 for tiny
   */
  readonly normBound?: number | null | undefined;
  /**
   * Step in [0,1] pixel scale.
   * @default 0.1; with L_inf 2.2 times the radius
   */
  readonly stepSize?: number | null | undefined;
  /**
   * Steps of the search, which ends early where most images have their target.
   * @default 2; with L_inf 10
   */
  readonly steps?: number | null | undefined;
  /**
   * Steps along the sign of the gradient; off: along the gradient itself.
   * @default on; off for tiny
   */
  readonly signSteps?: boolean | null | undefined;
}

/** Options of {@link defend}: a checkpoint is required. */
export type DefendOptions = (
  | SauDefenseOptions
  | FtDefenseOptions
  | FpDefenseOptions
  | NadDefenseOptions
  | NcDefenseOptions
  | AnpDefenseOptions
  | EpDefenseOptions
  | IbauDefenseOptions
  | FtsamDefenseOptions
  | ClpDefenseOptions
  | BnpDefenseOptions
  | RnpDefenseOptions
  | NpdDefenseOptions
) &
  CheckpointChoice;

/** Options of {@link compare} that are for methods: of one by its name, or of every one that has the option. */
export interface MethodSettings {
  /** For every method that has an option of this name. */
  readonly every?: Readonly<Record<string, unknown>> | undefined;
  /** For `sau` alone, over `every`. */
  readonly sau?: Omit<SauDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
  /** For `ft` alone, over `every`. */
  readonly ft?: Omit<FtDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
  /** For `fp` alone, over `every`. */
  readonly fp?: Omit<FpDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
  /** For `nad` alone, over `every`. */
  readonly nad?: Omit<NadDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
  /** For `nc` alone, over `every`. */
  readonly nc?: Omit<NcDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
  /** For `anp` alone, over `every`. */
  readonly anp?: Omit<AnpDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
  /** For `ep` alone, over `every`. */
  readonly ep?: Omit<EpDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
  /** For `ibau` alone, over `every`. */
  readonly ibau?: Omit<IbauDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
  /** For `ftsam` alone, over `every`. */
  readonly ftsam?: Omit<FtsamDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
  /** For `clp` alone, over `every`. */
  readonly clp?: Omit<ClpDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
  /** For `bnp` alone, over `every`. */
  readonly bnp?: Omit<BnpDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
  /** For `rnp` alone, over `every`. */
  readonly rnp?: Omit<RnpDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
  /** For `npd` alone, over `every`. */
  readonly npd?: Omit<NpdDefenseOptions, 'method' | keyof CommonDefendOptions> | undefined;
}

/** Options of {@link compare} besides the checkpoint. */
export interface CommonCompareOptions extends DataOptions, DeviceOptions {
  /** Options of the methods; by default each method has its own defaults. */
  readonly set?: MethodSettings | undefined;
  /**
   * Folder of the record folders.
   * @default 'record'
   */
  readonly recordRoot?: string | URL | undefined;
  /**
   * Architecture, such as preactresnet18, where the checkpoint does not name it.
   * @default the checkpoint's
   */
  readonly model?: ModelName | null | undefined;
  /**
   * Instead of `model`: the network as torch.export wrote it (.pt2); without `ckpt` its own weights are
   * taken. docs/programs.md says what is read.
   * @default a known architecture
   */
  readonly program?: string | URL | null | undefined;
  /**
   * Clean images to use: 5pct, 0.05, a count, an index file or a folder of images.
   * @default '5pct'
   */
  readonly clean?: string | number | URL | undefined;
  /**
   * How a share or a number of clean images is drawn: any, or equally many of each class. balanced draws
   * class by class as the official tool's FT-SAM does.
   * @default random; in FT-SAM with compat reference balanced
   */
  readonly subset?: 'random' | 'balanced' | null | undefined;
  /**
   * Defenses to compare, in the order of the table.
   * @default all
   */
  readonly methods?:
    | readonly (
        | 'sau'
        | 'ft'
        | 'fp'
        | 'nad'
        | 'nc'
        | 'anp'
        | 'ep'
        | 'ibau'
        | 'ftsam'
        | 'clp'
        | 'bnp'
        | 'rnp'
        | 'npd'
      )[]
    | null
    | undefined;
  /**
   * Seeds of the runs of each method; all methods have the clean images of a seed alike.
   * @default [0,1,2]
   */
  readonly seeds?: readonly number[] | undefined;
  /**
   * Folder of the comparison, which goes on where an earlier call stopped.
   * @default compare beside the checkpoint
   */
  readonly out?: string | URL | null | undefined;
  /**
   * Also write report.html, which shows the comparison and its runs. It needs some measurements more,
   * which are kept as evidence.json; docs/report.md describes it.
   * @default false
   */
  readonly report?: boolean | undefined;
  /**
   * Start anew what `out` has.
   * @default false
   */
  readonly force?: boolean | undefined;
  /**
   * Write the weights in the checkpoint's own types, such as float16, and not in float32. They are
   * computed in float32 and rounded at the end; the last measurement is of the rounded ones.
   * @default false
   */
  readonly keepDtype?: boolean | undefined;
  /**
   * Also write the purified model as a program, defense_result.pt2, where `program` is given.
   * @default false
   */
  readonly writeProgram?: boolean | undefined;
  /**
   * Save the run after every n-th round for `resume`; 0: never. Also after steps of what comes before
   * the rounds. A state is left out where saving would take more than 2 % of the time.
   * @default 1
   */
  readonly saveEvery?: number | undefined;
  /**
   * Images per batch when measuring; losses are means over batches.
   * @default 256
   */
  readonly evalBatchSize?: number | undefined;
  /**
   * Measure after every n-th round too; 0: before and after alone, so that the time is of the method
   * alone.
   * @default 0
   */
  readonly evalEvery?: number | undefined;
  /**
   * How a batch goes through the device.
   * @default 'auto'
   */
  readonly execution?: 'auto' | 'dynamic' | 'static' | 'recorded' | undefined;
  /**
   * Images per pass; 0: the device decides.
   * @default 0
   */
  readonly chunkSize?: number | undefined;
  /**
   * Memory in MiB for what stays the same in every round; 0: none.
   * @default 512
   */
  readonly cacheMib?: number | undefined;
}

/** Options of {@link compare}: a checkpoint is required. */
export type CompareOptions = CommonCompareOptions & CheckpointChoice;

/** What every attack has. */
export interface CommonAttackOptions extends DataOptions, DeviceOptions {
  /**
   * Data set to poison: its authors' files, or train/ and test/ class folders.
   * @default data/<data set>, which is cifar10 if none is named
   */
  readonly data?: string | URL | null | undefined;
  /**
   * Class that the trigger leads to, counted from 0.
   * @default 0
   */
  readonly targetLabel?: number | undefined;
  /**
   * Share of the training images to poison.
   * @default 0.1
   */
  readonly poisonRate?: number | undefined;
  /**
   * Number of images instead of `poisonRate`.
   * @default none
   */
  readonly poisonCount?: number | null | undefined;
  /**
   * Label of a poisoned image, as the attack allows.
   */
  readonly labelMode?: 'all2one' | 'all2all' | 'cleanLabel' | undefined;
  /**
   * Write the poisoned images and train nothing.
   * @default false
   */
  readonly poisonOnly?: boolean | undefined;
  /**
   * Draw preview.png: training images, their poisoned versions and the difference.
   * @default false
   */
  readonly preview?: boolean | undefined;
  /**
   * Architecture.
   * @default preactresnet18
   */
  readonly model?: ModelName | null | undefined;
  /**
   * Instead of `model`: the network as torch.export wrote it (.pt2), whose own weights the victim starts
   * from. A program does not say how fresh weights are drawn. docs/programs.md says what is read.
   * TrojanNN takes none.
   * @default a known architecture
   */
  readonly program?: string | URL | null | undefined;
  /**
   * Checkpoint of the same architecture, whose weights the victim starts from; a head for another number
   * of classes starts fresh. Beside program it needs every weight of the program, by its name.
   * @default none
   */
  readonly pretrained?: string | URL | null | undefined;
  /**
   * Defaults of the training; fast: one cycle of the learning rate, fewer epochs, Nesterov.
   * @default 'reference'
   */
  readonly recipe?: 'reference' | 'fast' | undefined;
  /**
   * Epochs.
   * @default 100; 50 for gtsrb, 200 for tiny
   */
  readonly epochs?: number | null | undefined;
  /**
   * Images per batch.
   * @default 128
   */
  readonly batchSize?: number | undefined;
  /**
   * Which optimizer; adam suits ConvNeXt and ViT, with a learning rate of about 0.001.
   * @default 'sgd'
   */
  readonly optimizer?: 'sgd' | 'adam' | undefined;
  /**
   * Largest learning rate.
   * @default 0.01
   */
  readonly learningRate?: number | undefined;
  /**
   * Momentum of SGD.
   * @default 0.9
   */
  readonly momentum?: number | undefined;
  /**
   * Nesterov's momentum.
   * @default false
   */
  readonly nesterov?: boolean | undefined;
  /**
   * L2 penalty, added to the gradient.
   * @default 0.0005
   */
  readonly weightDecay?: number | undefined;
  /**
   * How the learning rate changes.
   * @default cosine; plateau for tiny
   */
  readonly schedule?:
    | 'cosine'
    | 'constant'
    | 'oneCycle'
    | 'multiStep'
    | 'plateau'
    | null
    | undefined;
  /**
   * Epochs until cosine and oneCycle reach a learning rate of 0.
   * @default the epochs; in the reference's cosine 100 for cifar10, cifar100, gtsrb
   */
  readonly scheduleLength?: number | null | undefined;
  /**
   * Share of oneCycle in which the learning rate rises.
   * @default 0.25
   */
  readonly warmupShare?: number | undefined;
  /**
   * Epochs after which multiStep lowers the rate.
   * @default [100,200,300,400]
   */
  readonly milestones?: readonly number[] | undefined;
  /**
   * Factor of the rate at each milestone, and in plateau where the loss has stopped falling.
   * @default 0.1
   */
  readonly gamma?: number | undefined;
  /**
   * Zeros around an image before the random crop; 0: no crop.
   * @default 4
   */
  readonly cropPadding?: number | undefined;
  /**
   * Random horizontal flip.
   * @default off; on for cifar10
   */
  readonly flip?: boolean | null | undefined;
  /**
   * Name of the record folder to write in the record root.
   * @default the attack's name
   */
  readonly saveFolderName?: string | undefined;
  /**
   * Instead of `saveFolderName`: any folder.
   */
  readonly out?: string | URL | undefined;
  /**
   * Folder of the record folders.
   * @default 'record'
   */
  readonly recordRoot?: string | URL | undefined;
  /**
   * Overwrite an earlier result.
   * @default false
   */
  readonly force?: boolean | undefined;
  /**
   * Continue an interrupted training from its last saved epoch.
   * @default false
   */
  readonly resume?: boolean | undefined;
  /**
   * Save the training after every n-th epoch for `resume`; 0: never.
   * @default 1
   */
  readonly saveEvery?: number | undefined;
  /**
   * Measure after every n-th round or epoch and after the last; 0: in none.
   * @default 1
   */
  readonly evalEvery?: number | undefined;
  /**
   * Images per batch when measuring; losses are means over batches.
   * @default 128
   */
  readonly evalBatchSize?: number | undefined;
  /**
   * Seed of everything random.
   * @default 0
   */
  readonly seed?: number | undefined;
}

/** Options of {@link attack} with `kind: 'badnet'`. BadNets: a small fixed patch replaces the pixels of a corner. */
export interface BadnetAttackOptions extends CommonAttackOptions {
  /** The attack. */
  readonly kind: 'badnet';
  /**
   * Patch in the bottom right corner, or a picture whose black parts are transparent. One of white,
   * checkerboard, a file.
   * @default 'white'
   */
  readonly patch?: string | URL | undefined;
}

/** Options of {@link attack} with `kind: 'blended'`. Blended: a picture over the whole image, mixed in. */
export interface BlendedAttackOptions extends CommonAttackOptions {
  /** The attack. */
  readonly kind: 'blended';
  /**
   * Picture to mix in, built in or your own, resized to the images. One of plaid, a file.
   * @default 'plaid'
   */
  readonly pattern?: string | URL | undefined;
  /**
   * Weight of the picture in training; the rest is the image's.
   * @default 0.2
   */
  readonly trainAlpha?: number | undefined;
  /**
   * Weight of the picture in the test.
   * @default 0.2
   */
  readonly testAlpha?: number | undefined;
}

/** Options of {@link attack} with `kind: 'sig'`. SIG: a horizontal sine wave on images of the target class. */
export interface SigAttackOptions extends CommonAttackOptions {
  /** The attack. */
  readonly kind: 'sig';
  /**
   * Amplitude of the wave in gray levels.
   * @default 40
   */
  readonly delta?: number | undefined;
  /**
   * Waves across the image.
   * @default 6
   */
  readonly frequency?: number | undefined;
}

/** Options of {@link attack} with `kind: 'lf'`. LF: a fixed pattern of low frequencies, added. */
export interface LfAttackOptions extends CommonAttackOptions {
  /** The attack. */
  readonly kind: 'lf';
  /**
   * NumPy array (.npy) with the pattern: HxW, HxWx3 or NxHxWx3; without it one is generated.
   * @default none
   */
  readonly pattern?: string | URL | null | undefined;
  /**
   * Checkpoint of a clean model of the same architecture; without it one is trained first.
   * @default none
   */
  readonly cleanModel?: string | URL | null | undefined;
  /**
   * Largest number of passes over 100 images to generate a pattern.
   * @default 50
   */
  readonly passes?: number | undefined;
  /**
   * Multiply a pattern of floats up to 1 by 255; off: add it without scaling, as the official tool does.
   * @default true
   */
  readonly scaleFloats?: boolean | undefined;
}

/** Options of {@link attack} with `kind: 'ssba'`. SSBA: a hidden secret in every poisoned image. */
export interface SsbaAttackOptions extends CommonAttackOptions {
  /** The attack. */
  readonly kind: 'ssba';
  /**
   * NumPy array (.npy) of all encoded training images: uint8 NxHxWx3; without both arrays an encoder is
   * trained.
   * @default none
   */
  readonly trainImages?: string | URL | null | undefined;
  /**
   * NumPy array (.npy) of all encoded test images: uint8 NxHxWx3.
   * @default none
   */
  readonly testImages?: string | URL | null | undefined;
  /**
   * What the encoder hides, up to 7 bytes.
   * @default 'stega!!'
   */
  readonly secret?: string | undefined;
  /**
   * Epochs of the encoder's training.
   * @default 20
   */
  readonly encoderEpochs?: number | undefined;
  /**
   * Images in a batch of the encoder's training.
   * @default 64
   */
  readonly encoderBatchSize?: number | undefined;
  /**
   * Learning rate of the encoder.
   * @default 0.0001
   */
  readonly encoderLearningRate?: number | undefined;
  /**
   * Steps of the encoder between reading 90 % of the bits and the start of its image loss.
   * @default 1000
   */
  readonly encoderWaitSteps?: number | undefined;
  /**
   * Steps over which the weight of the image loss then rises.
   * @default 3000
   */
  readonly encoderRampSteps?: number | undefined;
}

/** Options of {@link attack} with `kind: 'lc'`. Label-consistent: signs in the corners of adversarial images of the target class. */
export interface LcAttackOptions extends CommonAttackOptions {
  /** The attack. */
  readonly kind: 'lc';
  /**
   * NumPy array (.npy) of adversarial versions of all training images: uint8 NxHxWx3; without it they
   * are made for the images to poison.
   * @default none
   */
  readonly adversarialImages?: string | URL | null | undefined;
  /**
   * Checkpoint of a clean model of the same architecture; without it one is trained first.
   * @default none
   */
  readonly cleanModel?: string | URL | null | undefined;
  /**
   * PGD steps to make adversarial images.
   * @default 100
   */
  readonly pgdSteps?: number | undefined;
  /**
   * Size of a PGD step, in gray levels of 255.
   * @default 1.5
   */
  readonly pgdStepSize?: number | undefined;
  /**
   * Largest change of a value in an adversarial image, in gray levels of 255.
   * @default 8
   */
  readonly pgdBound?: number | undefined;
  /**
   * Strength of the signs; 1 makes them black and white.
   * @default 1
   */
  readonly amplitude?: number | undefined;
}

/** Options of {@link attack} with `kind: 'ftrojan'`. FTrojan: two raised frequencies in the colors of every 32x32 window. */
export interface FtrojanAttackOptions extends CommonAttackOptions {
  /** The attack. */
  readonly kind: 'ftrojan';
  /**
   * Amount that is added to the two DCT coefficients.
   * @default 30
   */
  readonly magnitude?: number | undefined;
  /**
   * Colors out of range wrap around as in the official tool; off: they are clipped.
   * @default true
   */
  readonly wrap?: boolean | undefined;
}

/** Options of {@link attack} with `kind: 'ctrl'`. CTRL: two raised frequencies in the colors of images of the target class. */
export interface CtrlAttackOptions extends CommonAttackOptions {
  /** The attack. */
  readonly kind: 'ctrl';
  /**
   * Amount that is added to the two DCT coefficients.
   * @default 100
   */
  readonly magnitude?: number | undefined;
  /**
   * Values out of range wrap around as in the official tool; off: they are clipped.
   * @default true
   */
  readonly wrap?: boolean | undefined;
}

/** Options of {@link attack} with `kind: 'trojannn'`. TrojanNN: a picture that excites neurons of a clean model is added to the image. */
export interface TrojannnAttackOptions extends CommonAttackOptions {
  /** The attack. */
  readonly kind: 'trojannn';
  /**
   * Checkpoint of a clean model of the same architecture; without it one is trained first.
   * @default none
   */
  readonly cleanModel?: string | URL | null | undefined;
  /**
   * Start picture instead of the built-in apple; its black parts stay black.
   * @default none
   */
  readonly mask?: string | URL | null | undefined;
  /**
   * Neurons of the final layer to excite.
   * @default 2
   */
  readonly numNeuron?: number | undefined;
  /**
   * Largest number of steps of the search for the trigger.
   * @default 1000
   */
  readonly triggerSteps?: number | undefined;
  /**
   * Add modulo 256 as the official tool does, which makes white dark; off: clamp at 255.
   * @default true
   */
  readonly wrap?: boolean | undefined;
  /**
   * Normalize the input of the clean model during the search; the official tool does not.
   * @default false
   */
  readonly normalizeInput?: boolean | undefined;
}

/** Options of {@link attack} with `kind: 'wanet'`. WaNet: a smooth warp of the whole image, in every training batch. */
export interface WanetAttackOptions extends CommonAttackOptions {
  /** The attack. */
  readonly kind: 'wanet';
  /**
   * Control points of the warp, per side.
   * @default 4
   */
  readonly gridSize?: number | undefined;
  /**
   * Strength of the warp.
   * @default 0.5
   */
  readonly warpStrength?: number | undefined;
  /**
   * Factor on the finished sampling grid.
   * @default 1
   */
  readonly gridRescale?: number | undefined;
  /**
   * Noise-warped images with their true label, per poisoned image.
   * @default 2
   */
  readonly crossRatio?: number | undefined;
  /**
   * Largest angle of the random rotation of a training batch, in degrees; 0: none.
   * @default 10
   */
  readonly rotation?: number | undefined;
}

/** Options of {@link attack} with `kind: 'inputaware'`. Input-aware dynamic: generators draw each image its own trigger as the victim trains. */
export interface InputawareAttackOptions extends CommonAttackOptions {
  /** The attack. */
  readonly kind: 'inputaware';
  /**
   * Of `epochs`, those that train the masks alone, before the victim.
   * @default 25
   */
  readonly maskEpochs?: number | undefined;
  /**
   * Mask values above this are penalized.
   * @default 0.032
   */
  readonly maskDensity?: number | undefined;
  /**
   * Weight of that penalty.
   * @default 100
   */
  readonly maskWeight?: number | undefined;
  /**
   * Weight of the loss that makes images' triggers differ.
   * @default 1
   */
  readonly diversityWeight?: number | undefined;
  /**
   * Images with another one's trigger and their true label, per poisoned one.
   * @default 1
   */
  readonly crossRatio?: number | undefined;
  /**
   * Learning rate of the generators.
   * @default 0.01
   */
  readonly generatorLearningRate?: number | undefined;
  /**
   * Channels of the generators' first stage.
   * @default 32
   */
  readonly generatorWidth?: number | undefined;
  /**
   * The generators apply tanh twice, as the official ones do.
   * @default true
   */
  readonly doubleTanh?: boolean | undefined;
  /**
   * Clear the pattern generator's gradients at each step; the official tool adds them up.
   * @default false
   */
  readonly clearGradients?: boolean | undefined;
}

/** Options of {@link attack} with `kind: 'bpp'`. BPP: a coarse quantization of the colors, in every training batch. */
export interface BppAttackOptions extends CommonAttackOptions {
  /** The attack. */
  readonly kind: 'bpp';
  /**
   * Levels per color channel that remain.
   * @default 8
   */
  readonly levels?: number | undefined;
  /**
   * Floyd-Steinberg dithering.
   * @default false
   */
  readonly dithering?: boolean | undefined;
  /**
   * Share of a batch that gets another image's quantization error and keeps its label.
   * @default 0.1
   */
  readonly negativeRatio?: number | undefined;
  /**
   * Largest angle of the random rotation of a training batch, in degrees; 0: none.
   * @default 10
   */
  readonly rotation?: number | undefined;
}

/** Options of {@link attack}: `kind` is required. */
export type AttackOptions =
  | BadnetAttackOptions
  | BlendedAttackOptions
  | SigAttackOptions
  | LfAttackOptions
  | SsbaAttackOptions
  | LcAttackOptions
  | FtrojanAttackOptions
  | CtrlAttackOptions
  | TrojannnAttackOptions
  | WanetAttackOptions
  | InputawareAttackOptions
  | BppAttackOptions;

/** Options of {@link evaluate} besides the checkpoint. */
export interface CommonEvaluateOptions extends DataOptions, DeviceOptions {
  /**
   * Folder of the record folders.
   * @default 'record'
   */
  readonly recordRoot?: string | URL | undefined;
  /**
   * Architecture, such as preactresnet18, where the checkpoint does not name it.
   * @default the checkpoint's
   */
  readonly model?: ModelName | null | undefined;
  /**
   * Instead of `model`: the network as torch.export wrote it (.pt2); without `ckpt` its own weights are
   * taken. docs/programs.md says what is read.
   * @default a known architecture
   */
  readonly program?: string | URL | null | undefined;
  /**
   * Checkpoint or record of the model before the defense, for DER.
   * @default none
   */
  readonly against?: string | URL | null | undefined;
  /**
   * Record with the poisoned test set, where `ckpt` has none.
   * @default none
   */
  readonly poisoned?: string | URL | null | undefined;
  /**
   * Images per batch; losses are means over batches.
   * @default 256
   */
  readonly batchSize?: number | undefined;
  /**
   * Fail where more of the poisoned test images than this are still led to their target, such as 5%. The
   * result is written all the same and has it in failedGates; the command line ends with exit code 11.
   * @default no limit
   */
  readonly failAboveAsr?: number | string | null | undefined;
  /**
   * Fail where fewer of the clean test images than this are recognized, such as 80%.
   * @default no limit
   */
  readonly failBelowAcc?: number | string | null | undefined;
  /**
   * Fail where ACC has lost more than this since the model before the defense, such as 3% for 3 points.
   * @default no limit
   */
  readonly maxAccDrop?: number | string | null | undefined;
}

/** Options of {@link evaluate}: a checkpoint is required. */
export type EvaluateOptions = CommonEvaluateOptions & CheckpointChoice;

/** Options of {@link scan} besides the checkpoint. */
export interface CommonScanOptions extends Omit<DataOptions, 'testLimit'>, DeviceOptions {
  /**
   * Folder of the record folders.
   * @default 'record'
   */
  readonly recordRoot?: string | URL | undefined;
  /**
   * Architecture, such as preactresnet18, where the checkpoint does not name it.
   * @default the checkpoint's
   */
  readonly model?: ModelName | null | undefined;
  /**
   * Instead of `model`: the network as torch.export wrote it (.pt2); without `ckpt` its own weights are
   * taken. docs/programs.md says what is read.
   * @default a known architecture
   */
  readonly program?: string | URL | null | undefined;
  /**
   * Clean images to look at: 5pct, 0.05, a count, an index file or a folder of images.
   * @default '64'
   */
  readonly clean?: string | number | URL | undefined;
  /**
   * Use no images: the statistic mmbd alone.
   * @default false
   */
  readonly dataFree?: boolean | undefined;
  /**
   * What to compute; latent, mmbd and nc give the verdict, shared and universal order the classes.
   * @default latent,mmbd,nc; with dataFree mmbd
   */
  readonly statistics?:
    | readonly ('shared' | 'universal' | 'latent' | 'mmbd' | 'nc')[]
    | null
    | undefined;
  /**
   * Defaults of the statistics; full: those of the statistics' authors, at about ten times the cost.
   * @default 'quick'
   */
  readonly preset?: 'quick' | 'full' | undefined;
  /**
   * Sound, or reference: with the official tool's quirks that change results. Quirks that make no sense
   * of a result, such as unreadable files, are never taken over. docs/defenses.md lists the others.
   * @default 'sound'
   */
  readonly compat?: 'sound' | 'reference' | undefined;
  /**
   * Also write report.html, which shows the scan.
   * @default false
   */
  readonly report?: boolean | undefined;
  /**
   * Passes over the clean images in the search of a trigger for a class, at most.
   * @default 25
   */
  readonly inversionEpochs?: number | undefined;
  /**
   * Learning rate of adam for mask and pattern.
   * @default 0.1
   */
  readonly maskRate?: number | undefined;
  /**
   * Weight of the mask's norm in the beginning.
   * @default 0.001
   */
  readonly initialCost?: number | undefined;
  /**
   * Factor of that weight where the trigger works; its power of 1.5 divides it where it does not.
   * @default 2
   */
  readonly costMultiplier?: number | undefined;
  /**
   * Epochs in a row that change the weight.
   * @default 3
   */
  readonly costPatience?: number | undefined;
  /**
   * Share of the images in the target class from which on a trigger works.
   * @default 0.98
   */
  readonly triggerSuccess?: number | undefined;
  /**
   * A search ends where the norm no longer falls.
   * @default true
   */
  readonly earlyStop?: boolean | undefined;
  /**
   * Share of the best norm above which another has not fallen.
   * @default 0.99
   */
  readonly earlyStopThreshold?: number | undefined;
  /**
   * Epochs without a fall that end a search.
   * @default 10
   */
  readonly earlyStopPatience?: number | undefined;
  /**
   * Anomaly index above which nc calls a class suspicious.
   * @default 7.3; 2 with compat reference
   */
  readonly ncThreshold?: number | null | undefined;
  /**
   * Images per step of the search.
   * @default 16
   */
  readonly inversionBatchSize?: number | undefined;
  /**
   * Zeros around an image before the random crop; 0: no crop.
   * @default 4
   */
  readonly cropPadding?: number | undefined;
  /**
   * Random horizontal flip.
   * @default off; on for cifar10
   */
  readonly flip?: boolean | null | undefined;
  /**
   * Random images for each class.
   * @default 8
   */
  readonly marginStarts?: number | undefined;
  /**
   * Steps of gradient descent for each class, at most.
   * @default 100
   */
  readonly marginIterations?: number | undefined;
  /**
   * Step in [0,1] pixel scale, times the gradient.
   * @default 0.01
   */
  readonly marginStepSize?: number | undefined;
  /**
   * Relative change of the loss below which the search of a class ends.
   * @default 0.00001
   */
  readonly marginTolerance?: number | undefined;
  /**
   * P-value up to which mmbd calls a class suspicious.
   * @default 5e-13; 0.05 with compat reference
   */
  readonly mmbdThreshold?: number | null | undefined;
  /**
   * Steps of a search at most, each of which allows a change 1.41 times as large.
   * @default 15
   */
  readonly latentSteps?: number | undefined;
  /**
   * Anomaly index above which latent calls a class suspicious.
   * @default 0.5
   */
  readonly latentThreshold?: number | null | undefined;
  /**
   * Radius of the L_inf ball in [0,1] pixel scale.
   * @default 0.2
   */
  readonly sharedBound?: number | undefined;
  /**
   * Sign step in [0,1] pixel scale.
   * @default 0.2
   */
  readonly sharedStepSize?: number | undefined;
  /**
   * Sign steps.
   * @default 5
   */
  readonly sharedSteps?: number | undefined;
  /**
   * Anomaly index above which shared names a class, where half of the images lead to it.
   * @default 5
   */
  readonly sharedThreshold?: number | null | undefined;
  /**
   * Most that a pixel changes, in [0,1] scale.
   * @default 0.05
   */
  readonly universalBound?: number | undefined;
  /**
   * Sign step in [0,1] pixel scale.
   * @default a quarter of universalBound
   */
  readonly universalStepSize?: number | null | undefined;
  /**
   * Sign steps for each class.
   * @default 10
   */
  readonly universalSteps?: number | undefined;
  /**
   * Anomaly index above which universal names a class.
   * @default 5
   */
  readonly universalThreshold?: number | null | undefined;
  /**
   * Output folder.
   * @default scan beside the checkpoint
   */
  readonly out?: string | URL | null | undefined;
  /**
   * Overwrite an earlier result.
   * @default false
   */
  readonly force?: boolean | undefined;
  /**
   * Seed of everything random.
   * @default 0
   */
  readonly seed?: number | undefined;
}

/** Options of {@link scan}: a checkpoint is required. */
export type ScanOptions = CommonScanOptions & CheckpointChoice;

/** Options of {@link demo}; every one may be left out. */
export interface DemoOptions extends DeviceOptions {
  /**
   * Output folder.
   * @default 'sau_demo'
   */
  readonly out?: string | URL | undefined;
  /**
   * Overwrite an earlier result.
   * @default false
   */
  readonly force?: boolean | undefined;
  /**
   * Seed of everything random.
   * @default 0
   */
  readonly seed?: number | undefined;
  /**
   * Training images of each of the ten classes.
   * @default 200
   */
  readonly trainPerClass?: number | undefined;
  /**
   * Test images of each class.
   * @default 50
   */
  readonly testPerClass?: number | undefined;
  /**
   * Side of the images.
   * @default 32
   */
  readonly size?: number | undefined;
  /**
   * Base channels of the PreAct-ResNet18.
   * @default 8
   */
  readonly width?: number | undefined;
  /**
   * Epochs of the victim's training.
   * @default 8
   */
  readonly epochs?: number | undefined;
  /**
   * Batch size of the victim's training.
   * @default 32
   */
  readonly trainBatchSize?: number | undefined;
  /**
   * Learning rate of the victim's training.
   * @default 0.05
   */
  readonly learningRate?: number | undefined;
  /**
   * Share of the training images to poison. A small net on few images misses a smaller share on some
   * seeds.
   * @default 0.3
   */
  readonly poisonRate?: number | undefined;
  /**
   * Clean images of the defense, as in defend.
   * @default '25pct'
   */
  readonly clean?: string | number | URL | undefined;
  /**
   * Rounds of the defense.
   * @default 15
   */
  readonly rounds?: number | undefined;
  /**
   * Batch size of the defense.
   * @default 32
   */
  readonly batchSize?: number | undefined;
  /**
   * Learning rate of the defense.
   * @default 0.001
   */
  readonly defenseLearningRate?: number | undefined;
}

/** Options of {@link fetchDataset}: `dataset` is required. */
export interface FetchOptions {
  /** The data set. */
  readonly dataset: 'cifar10' | 'cifar100' | 'gtsrb' | 'tiny';
  /**
   * Folder of the data sets; each comes into a folder of its own there.
   * @default 'data'
   */
  readonly out?: string | URL | undefined;
  /**
   * The archives, a folder with them, or the address of a mirror. The checksums are the same.
   * SAU_NATIVE_DATA_SOURCE sets it for every call.
   * @default the authors' address
   */
  readonly from?: string | number | URL | null | undefined;
}

/** Options of {@link inspectDataset}: `data` is required. */
export interface InspectDatasetOptions {
  /**
   * Folder of the data set, or one that holds it.
   */
  readonly data?: string | URL | undefined;
  /**
   * What it is: a known data set, a format, or auto to look.
   * @default 'auto'
   */
  readonly dataset?:
    | 'auto'
    | 'cifar10'
    | 'cifar100'
    | 'gtsrb'
    | 'tiny'
    | 'imagenet'
    | 'cifar10-binary'
    | 'cifar10-python'
    | 'cifar100-binary'
    | 'cifar100-python'
    | 'gtsrb-ppm'
    | 'tiny-annotated'
    | 'imagefolder'
    | undefined;
  /**
   * Draw some training images, a row for each class, to preview.png or this file.
   * @default no picture
   */
  readonly preview?: string | URL | null | undefined;
}

/** Options of {@link report}; every one may be left out. */
export interface ReportOptions extends DeviceOptions {
  /**
   * The file to write.
   * @default report.html in the folder of the run or comparison; of several runs in the working directory
   */
  readonly out?: string | URL | null | undefined;
  /**
   * Images, predictions by class, Grad-CAM and a map of features, which are computed where the folder of
   * a run has none. They need the checkpoint and the data that the run names, and are kept in its folder
   * as evidence.json.
   * @default true
   */
  readonly evidence?: boolean | undefined;
  /**
   * The data set, where it is no longer where the run had it.
   * @default the run's
   */
  readonly data?: string | URL | null | undefined;
}

/** Options of {@link setup}, which fetches LibTorch; every one may be left out. */
export interface SetupOptions {
  /**
   * Build of LibTorch; auto goes by the NVIDIA driver.
   * @default 'auto'
   */
  readonly variant?: 'auto' | 'cpu' | 'cuda' | undefined;
  /**
   * A zip or wheel (address or file), or a folder, which is copied.
   * @default pip, else the official zip
   */
  readonly from?: string | number | URL | null | undefined;
  /**
   * Checksum of what `from` names; an address needs one.
   * @default none
   */
  readonly sha256?: string | null | undefined;
}

/** Options of {@link sweep}: `plan` is required. */
export interface SweepOptions {
  /** The name of a YAML file, or what it would have; docs/sweeps.md describes it. */
  readonly plan: string | URL | Readonly<Record<string, unknown>>;
  /**
   * Folder of the sweep, which goes on where an earlier call stopped.
   * @default sweeps/<name of the plan>
   */
  readonly out?: string | URL | null | undefined;
  /**
   * What does the steps.
   * @default 'local'
   */
  readonly engine?: 'local' | 'slurm' | 'kubernetes' | undefined;
  /**
   * Go on in `out` with a plan that has changed: what is done of it stays. An unchanged plan goes on
   * without it.
   * @default false
   */
  readonly resume?: boolean | undefined;
  /**
   * Try steps again that failed.
   * @default false
   */
  readonly retryFailed?: boolean | undefined;
  /**
   * Tell what there is to do, and do and write nothing.
   * @default false
   */
  readonly dryRun?: boolean | undefined;
  /**
   * Steps at once.
   * @default the plan's, else the engine's
   */
  readonly jobs?: number | null | undefined;
  /**
   * Wait for the end of what a scheduler is given.
   * @default as the plan's engine says
   */
  readonly wait?: boolean | null | undefined;
  /**
   * Give the Jobs to Kubernetes instead of printing them.
   * @default as the plan's engine says
   */
  readonly apply?: boolean | null | undefined;
  /**
   * CPU threads of each step whose options in the plan do not say; 0 lets LibTorch choose. It changes
   * how long a step takes, and may change the last bits of its figures.
   * @default the cpus in resources of the plan, else 1
   */
  readonly threads?: number | null | undefined;
}

/** Options of {@link sweepReport}; every one may be left out. */
export interface SweepReportOptions {
  /**
   * HTML file; two CSV files are written beside it.
   * @default report.html in the folder of the sweep
   */
  readonly out?: string | URL | null | undefined;
}
