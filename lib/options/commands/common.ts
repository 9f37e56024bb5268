import {DATASET_CHOICES} from '../../datasets/known.js';
import {named} from '../named.js';
import type {OptionTable} from '../option.js';

// Options that several commands have.

/** Where the images are and what they are. */
export const DATA = {
  data: {
    type: 'path',
    expects: 'a folder',
    value: '<dir>',
    help: "original data set: its authors' files (CIFAR-10, CIFAR-100, GTSRB, Tiny ImageNet), or train/ and test/ class folders",
    unset: 'found beside the record',
    official: 'dataset_path',
    default: null,
  },
  dataset: {
    type: 'choice',
    choices: DATASET_CHOICES,
    help: 'what it is: a known data set, a format, or auto to look',
    official: 'dataset',
    default: 'auto',
  },
  imageSize: {
    type: 'integer',
    least: 1,
    most: 4096,
    value: '<px>',
    help: 'side of the network input',
    unset: "the data set's",
    default: null,
  },
  resize: {
    type: 'sides',
    value: '<px>',
    help: 'pixels of the shorter side of a picture before the crop, such as 256, or height and width, such as 256x320',
    details:
      "As torchvision's Resize, on the 8-bit image. The middle of the result is the network input: 256 before a " +
      "crop of 224 is the usual evaluation of ImageNet's models.",
    unset: "the record's, else to the network input whatever the aspect",
    default: null,
  },
  crop: {
    type: 'integer',
    least: 1,
    most: 4096,
    value: '<px>',
    help: `side of the middle of a picture that is the network input, as ${named('imageSize')}`,
    details: "As torchvision's CenterCrop: without a resize of the picture's own pixels.",
    unset: "the record's, else none",
    default: null,
  },
  interpolation: {
    type: 'choice',
    choices: ['bilinear', 'bicubic'],
    help: "how a picture is resized; antialiased, as Pillow's",
    unset: "the record's, else bilinear",
    default: null,
  },
  dataMemory: {
    type: 'bytes',
    value: '<size>',
    help: 'memory for images, such as 4GiB; larger sets are kept in a temporary file',
    details:
      'The file lies in the temporary folder, which TMPDIR names, and has no name: it goes with the process. ' +
      'Results do not depend on it.',
    unset: 'a quarter of the available memory',
    default: null,
  },
  mean: {
    type: 'numbers',
    count: 3,
    value: '<r,g,b>',
    expects: 'three numbers such as 0.4914,0.4822,0.4465',
    help: 'per-channel mean in [0,1] pixel scale',
    details: 'The model sees (pixel - mean) / std.',
    unset: "the record's or the data set's",
    default: null,
  },
  std: {
    type: 'numbers',
    count: 3,
    above: 0,
    value: '<r,g,b>',
    expects: 'three numbers > 0 such as 0.247,0.243,0.261',
    help: 'per-channel deviation in [0,1] pixel scale',
    unset: "the record's or the data set's",
    default: null,
  },
  numClasses: {
    type: 'integer',
    above: 1,
    help: 'number of classes',
    unset: "the checkpoint's or the data set's",
    official: 'num_classes',
    default: null,
  },
  testLimit: {
    type: 'integer',
    above: 0,
    help: 'measure only on test images with an index below this',
    unset: 'all',
    default: null,
  },
} as const satisfies OptionTable;

/** Where and how it is computed. */
export const DEVICE = {
  device: {
    type: 'device',
    value: '<name>',
    help: 'auto, cpu, cuda or cuda:N; auto takes the first CUDA device, else the CPU',
    official: 'device',
    default: 'auto',
  },
  threads: {
    type: 'integer',
    least: 0,
    most: 1024, // OpenMP ends the process where the system refuses it a thread
    help: 'CPU threads; 0 lets LibTorch choose',
    default: 0,
  },
  precision: {
    type: 'choice',
    choices: ['default', 'fp32', 'tf32', 'bf16', 'fp16', 'auto'],
    help: 'arithmetic of the attack and the optimizer step',
    details:
      "`default` is PyTorch's own: fp32 on the CPU, TF32 convolutions on CUDA; `fp32` forbids these. " +
      '`auto` takes what is fastest on the device, and the run says what that is.',
    default: 'default',
  },
  evalPrecision: {
    type: 'choice',
    choices: ['auto', 'fp32', 'tf32', 'bf16', 'fp16'],
    help: 'arithmetic of measurements; auto: that of the run',
    details:
      'Where the run computes its attack in fp16, it is measured as its optimizer step: in tf32.',
    default: 'auto',
  },
  deterministic: {
    type: 'switch',
    help: 'equal seeds give equal runs on a GPU, which costs time',
    details:
      'As torch.use_deterministic_algorithms does. What has no deterministic form on the GPU fails with ' +
      'ERR_NATIVE. On the CPU equal seeds give equal runs anyway.',
    default: false,
  },
} as const satisfies OptionTable;

export const RECORD_ROOT = {
  recordRoot: {
    type: 'path',
    expects: 'a folder',
    value: '<dir>',
    help: 'folder of the record folders',
    default: 'record',
  },
} as const satisfies OptionTable;

/** What is measured or purified; one of `ckpt` and `resultFile` is required. */
export const CHECKPOINT = {
  ckpt: {
    type: 'path',
    expects: 'a checkpoint file or a record folder',
    value: '<path>',
    help: 'checkpoint file (.pt, .pth, .safetensors) or record folder',
  },
  resultFile: {
    type: 'text',
    expects: 'the name of a folder under the record root',
    value: '<name>',
    help: `instead of ${named('ckpt')}: a folder in the record root`,
    official: 'result_file',
    alias: 'ckpt',
  },
  ...RECORD_ROOT,
  model: {
    type: 'model',
    value: '<name>',
    help: 'architecture, such as preactresnet18, where the checkpoint does not name it',
    unset: "the checkpoint's",
    official: 'model',
    default: null,
  },
  program: {
    type: 'path',
    expects: 'a program of torch.export (.pt2)',
    value: '<file>',
    help: `instead of ${named('model')}: the network as torch.export wrote it (.pt2); without ${named('ckpt')} its own weights are taken`,
    details: 'docs/programs.md says what is read.',
    unset: 'a known architecture',
    default: null,
  },
} as const satisfies OptionTable;

export const SEED = {
  seed: {
    type: 'integer',
    least: 0,
    most: 0xffffffff,
    help: 'seed of everything random',
    official: 'random_seed',
    default: 0,
  },
} as const satisfies OptionTable;

export const FORCE = {
  force: {type: 'switch', value: '', help: 'overwrite an earlier result', default: false},
} as const satisfies OptionTable;

/** How often and in which batches a run is measured. */
export const MEASURING = {
  evalEvery: {
    type: 'integer',
    least: 0,
    help: 'measure after every n-th round or epoch and after the last; 0: in none',
    native: 'evalEvery',
    default: 1,
  },
  evalBatchSize: {
    type: 'integer',
    above: 0,
    help: 'images per batch when measuring; losses are means over batches',
    native: 'evalBatchSize',
    default: 256,
  },
} as const satisfies OptionTable;

/** The clean images that a defense learns from. */
export const CLEAN = {
  clean: {
    type: 'text',
    orPath: true,
    expects: 'a ratio such as 5pct, a count, an index file or a folder',
    value: '<what>',
    help: 'clean images to use: 5pct, 0.05, a count, an index file or a folder of images',
    official: ['ratio', 'index'],
    default: '5pct',
  },
  subset: {
    type: 'choice',
    choices: ['random', 'balanced'],
    help: `how a share or a number of clean images is drawn: any, or equally many of each class`,
    details: "balanced draws class by class as the official tool's FT-SAM does.",
    unset: 'random; in FT-SAM with compat reference balanced',
    default: null,
  },
} as const satisfies OptionTable;
