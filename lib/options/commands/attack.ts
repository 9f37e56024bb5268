import {DATA_FOLDER, DEFAULT_DATASET} from '../../datasets/known.js';
import {named} from '../named.js';
import type {OptionGroups} from '../option.js';
import {DATA, DEVICE, FORCE, MEASURING, RECORD_ROOT, SEED} from './common.js';
import {TRAINING} from './training.js';

/** The reference's architecture. */
export const DEFAULT_MODEL = 'preactresnet18';

/** What every attack has (specification B3); the options of each attack are in lib/options/attacks. */
export const ATTACK = {
  'Data and poison': {
    ...DATA,
    data: {
      type: 'path',
      expects: 'a folder',
      value: '<dir>',
      help: "data set to poison: its authors' files, or train/ and test/ class folders",
      unset: `${DATA_FOLDER}/<data set>, which is ${DEFAULT_DATASET} if none is named`,
      official: 'dataset_path',
      default: null,
    },
    targetLabel: {
      type: 'integer',
      least: 0,
      help: 'class that the trigger leads to, counted from 0',
      official: 'attack_target',
      default: 0,
    },
    poisonRate: {
      type: 'number',
      above: 0,
      most: 1,
      help: 'share of the training images to poison',
      official: 'pratio',
      default: 0.1,
    },
    poisonCount: {
      type: 'integer',
      above: 0,
      help: `number of images instead of ${named('poisonRate')}`,
      official: 'p_num',
      default: null,
    },
    labelMode: {
      type: 'choice',
      choices: ['all2one', 'all2all', 'cleanLabel'],
      help: 'label of a poisoned image, as the attack allows',
    },
    poisonOnly: {
      type: 'switch',
      value: '',
      help: 'write the poisoned images and train nothing',
      default: false,
    },
    preview: {
      type: 'switch',
      value: '',
      help: 'draw preview.png: training images, their poisoned versions and the difference',
      default: false,
    },
  },
  Training: {
    model: {
      type: 'model',
      value: '<name>',
      help: 'architecture',
      unset: DEFAULT_MODEL,
      official: 'model',
      default: null,
    },
    program: {
      type: 'path',
      expects: 'a program of torch.export (.pt2)',
      value: '<file>',
      help: `instead of ${named('model')}: the network as torch.export wrote it (.pt2), whose own weights the victim starts from`,
      details:
        'A program does not say how fresh weights are drawn. docs/programs.md says what is read. TrojanNN takes none.',
      unset: 'a known architecture',
      default: null,
    },
    pretrained: {
      type: 'path',
      expects: 'a checkpoint file',
      value: '<path>',
      help: 'checkpoint of the same architecture, whose weights the victim starts from; a head for another number of classes starts fresh',
      details: `Beside ${named('program')} it needs every weight of the program, by its name.`,
      default: null,
    },
    recipe: {
      type: 'choice',
      choices: ['reference', 'fast'],
      help: 'defaults of the training; fast: one cycle of the learning rate, fewer epochs, Nesterov',
      default: 'reference',
    },
    epochs: {
      type: 'integer',
      above: 0,
      help: 'epochs',
      official: 'epochs',
      byDataset: 'epochs',
      default: null,
    },
    batchSize: {
      type: 'integer',
      above: 0,
      help: 'images per batch',
      official: 'batch_size',
      native: 'batchSize',
      default: 128,
    },
    ...TRAINING,
  },
  Run: {
    saveFolderName: {
      type: 'text',
      expects: 'the name of a folder under the record root',
      value: '<name>',
      help: 'name of the record folder to write in the record root',
      unset: "the attack's name",
      official: 'save_folder_name',
      alias: 'out',
    },
    out: {
      type: 'path',
      expects: 'a folder',
      value: '<dir>',
      help: `instead of ${named('saveFolderName')}: any folder`,
    },
    ...RECORD_ROOT,
    ...FORCE,
    resume: {
      type: 'switch',
      value: '',
      help: 'continue an interrupted training from its last saved epoch',
      default: false,
    },
    saveEvery: {
      type: 'integer',
      least: 0,
      help: `save the training after every n-th epoch for ${named('resume')}; 0: never`,
      default: 1,
    },
    ...MEASURING,
    evalBatchSize: {...MEASURING.evalBatchSize, default: 128},
    ...SEED,
    ...DEVICE,
  },
} as const satisfies OptionGroups;

/**
 * How the victim is trained: a layer over the defaults of all attacks and of the simulated one, and under the
 * user's options. reference: as in specification B3.1, which the defaults already say. fast: reaches equal ACC and
 * ASR in fewer epochs.
 */
export const RECIPES = {
  reference: {},
  fast: {
    epochs: 20,
    batchSize: 256,
    learningRate: 0.2,
    nesterov: true,
    schedule: 'oneCycle',
    precision: 'auto',
  },
} as const;
