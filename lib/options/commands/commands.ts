import {DATA_FOLDER} from '../../datasets/known.js';
import {named} from '../named.js';
import type {OptionGroups} from '../option.js';
import {CHECKPOINT, CLEAN, DATA, DEVICE, FORCE, SEED} from './common.js';
import {GATES} from './gates.js';

// The commands with few options of their own.

export const EVALUATE = {
  'Model and data': {
    ...CHECKPOINT,
    against: {
      type: 'path',
      expects: 'a checkpoint file or a record folder',
      value: '<path>',
      help: 'checkpoint or record of the model before the defense, for DER',
      default: null,
    },
    poisoned: {
      type: 'path',
      expects: 'a record folder or an attack_result.pt',
      value: '<path>',
      help: `record with the poisoned test set, where ${named('ckpt')} has none`,
      default: null,
    },
    ...DATA,
  },
  Run: {
    batchSize: {
      type: 'integer',
      above: 0,
      help: 'images per batch; losses are means over batches',
      official: 'batch_size',
      default: 256,
    },
    ...DEVICE,
  },
  'For pipelines': GATES,
} as const satisfies OptionGroups;

/** Small enough for two CPU cores, large enough for a clear before and after. */
export const DEMO = {
  Run: {
    out: {
      type: 'path',
      expects: 'a folder',
      value: '<dir>',
      help: 'output folder',
      default: 'sau_demo',
    },
    ...FORCE,
    ...SEED,
    ...DEVICE,
  },
  Sizes: {
    trainPerClass: {
      type: 'integer',
      above: 0,
      help: 'training images of each of the ten classes',
      default: 200,
    },
    testPerClass: {type: 'integer', above: 0, help: 'test images of each class', default: 50},
    size: {
      type: 'integer',
      least: 1,
      most: 4096,
      value: '<px>',
      help: 'side of the images',
      default: 32,
    },
    width: {
      type: 'integer',
      least: 1,
      most: 9999,
      help: 'base channels of the PreAct-ResNet18',
      default: 8,
    },
    epochs: {type: 'integer', above: 0, help: "epochs of the victim's training", default: 8},
    trainBatchSize: {
      type: 'integer',
      above: 0,
      help: "batch size of the victim's training",
      default: 32,
    },
    learningRate: {
      type: 'number',
      above: 0,
      help: "learning rate of the victim's training",
      default: 0.05,
    },
    poisonRate: {
      type: 'number',
      above: 0,
      most: 1,
      help: 'share of the training images to poison',
      details: 'A small net on few images misses a smaller share on some seeds.',
      default: 0.3,
    },
    clean: {...CLEAN.clean, help: 'clean images of the defense, as in defend', default: '25pct'},
    rounds: {type: 'integer', above: 0, help: 'rounds of the defense', default: 15},
    batchSize: {type: 'integer', above: 0, help: 'batch size of the defense', default: 32},
    defenseLearningRate: {
      type: 'number',
      above: 0,
      help: 'learning rate of the defense',
      default: 1e-3,
    },
  },
} as const satisfies OptionGroups;

/** Of which runs a report is made is told by arguments. */
export const REPORT = {
  Report: {
    out: {
      type: 'path',
      expects: 'the name of an HTML file',
      value: '<file.html>',
      help: 'the file to write',
      unset:
        'report.html in the folder of the run or comparison; of several runs in the working directory',
      default: null,
    },
    evidence: {
      type: 'switch',
      help: 'images, predictions by class, Grad-CAM and a map of features, which are computed where the folder of a run has none',
      details:
        'They need the checkpoint and the data that the run names, and are kept in its folder as evidence.json.',
      default: true,
    },
    data: {
      type: 'path',
      expects: 'a folder',
      value: '<dir>',
      help: 'the data set, where it is no longer where the run had it',
      unset: "the run's",
      default: null,
    },
  },
  Run: {...DEVICE},
} as const satisfies OptionGroups;

/** What `data` fetches is named by an argument. */
export const FETCH = {
  Data: {
    out: {
      type: 'path',
      expects: 'a folder',
      value: '<dir>',
      help: 'folder of the data sets; each comes into a folder of its own there',
      default: DATA_FOLDER,
    },
    from: {
      type: 'text',
      orPath: true,
      expects: 'the archives, a folder with them or the address of a mirror',
      value: '<source>',
      help: 'the archives, a folder with them, or the address of a mirror',
      details: 'The checksums are the same. SAU_NATIVE_DATA_SOURCE sets it for every call.',
      unset: "the authors' address",
      default: null,
    },
  },
} as const satisfies OptionGroups;

/** What `inspect` does with a data set. */
export const INSPECT_DATASET = {
  'Data set': {
    data: {
      type: 'path',
      expects: 'a folder',
      value: '<dir>',
      help: 'folder of the data set, or one that holds it',
    },
    dataset: DATA.dataset,
    preview: {
      type: 'path',
      expects: 'the name of a PNG file to write',
      value: '[file.png]',
      help: 'draw some training images, a row for each class, to preview.png or this file',
      unset: 'no picture',
      default: null,
    },
  },
} as const satisfies OptionGroups;

/** By default `setup` takes the variant that suits the machine, from its usual source. */
export const SETUP = {
  LibTorch: {
    variant: {
      type: 'choice',
      choices: ['auto', 'cpu', 'cuda'],
      help: 'build of LibTorch; auto goes by the NVIDIA driver',
      default: 'auto',
    },
    from: {
      type: 'text',
      orPath: true,
      expects: 'an address, a .zip or .whl file or a folder',
      value: '<source>',
      help: 'a zip or wheel (address or file), or a folder, which is copied',
      unset: 'pip, else the official zip',
      default: null,
    },
    sha256: {
      type: 'sha256',
      value: '<hex>',
      help: `checksum of what ${named('from')} names; an address needs one`,
      default: null,
    },
  },
} as const satisfies OptionGroups;
