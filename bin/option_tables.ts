import {DEFAULTS, DEMO_DEFAULTS, RECIPES, SETUP_DEFAULTS} from '../lib/config/defaults.js';
import {cosineText, DATASET_CHOICES, usualText} from '../lib/datasets/known.js';
import {type Flag, flag} from './flags.js';

const {defend, attack, evaluate} = DEFAULTS;
const {fast} = RECIPES;

function orFast(reference: unknown, value: unknown): string {
  return `${reference}; fast: ${value}`;
}

const DEVICE_FLAGS: readonly Flag[] = [
  flag('device', '<name>', 'auto, cpu, cuda or cuda:N', defend.device),
  flag('threads', '<n>', 'CPU threads; 0 lets LibTorch choose', defend.threads),
  flag('precision', '<name>', 'default, fp32, tf32, bf16, fp16 or auto', defend.precision),
];

const SEED: Flag = flag('seed', '<n>', 'seed of everything random', defend.seed);

const FORCE: Flag = flag('force', '', 'overwrite an earlier result');

const DATA_FLAGS: readonly Flag[] = [
  flag(
    'data',
    '<dir>',
    'original data set: CIFAR-10 (binary or python) or train/ and test/ class folders',
  ),
  flag(
    'dataset',
    '<name>',
    `what it is: ${DATASET_CHOICES.slice(1).join(', ')}, or auto to look`,
    defend.dataset,
  ),
  flag('imageSize', '<px>', 'side of the network input'),
  flag('mean', '<r,g,b>', 'per-channel mean in [0,1] pixel scale'),
  flag('std', '<r,g,b>', 'per-channel deviation in [0,1] pixel scale'),
  flag('numClasses', '<n>', 'number of classes'),
  flag('testLimit', '<n>', 'measure only on test images with an index below n'),
];

const RECORD_ROOT: Flag = flag(
  'recordRoot',
  '<dir>',
  'folder of the record folders',
  defend.recordRoot,
);

const CHECKPOINT_FLAGS: readonly Flag[] = [
  flag('ckpt', '<path>', 'checkpoint file (.pt, .pth) or record folder'),
  flag('resultFile', '<name>', 'instead of --ckpt: a folder in the record root'),
  RECORD_ROOT,
];

const MODEL_FROM_CHECKPOINT: Flag = flag(
  'model',
  '<name>',
  'architecture, such as preactresnet18, where the checkpoint does not name it',
);

/** The flags of a command, by heading of its help. */
export type FlagGroups = Readonly<Record<string, readonly Flag[]>>;

export const DEFEND_FLAGS: FlagGroups = {
  'Model and data:': [
    ...CHECKPOINT_FLAGS,
    MODEL_FROM_CHECKPOINT,
    flag(
      'clean',
      '<what>',
      'clean images to use: 5pct, 0.05, a count, an index file or a folder of images',
      defend.clean,
    ),
    ...DATA_FLAGS,
  ],
  'Unlearning:': [
    flag('rounds', '<n>', 'passes over the clean images', usualText('rounds')),
    flag('batchSize', '<n>', 'images per batch', defend.batchSize),
    flag('outerSteps', '<n>', 'optimizer steps per perturbation', defend.outerSteps),
    flag('lambda1', '<x>', 'weight of the clean cross entropy', defend.lambda1),
    flag('lambda2', '<x>', 'weight of adversarial training', defend.lambda2),
    flag('lambda3', '<x>', 'weight of the shared adversarial risk', defend.lambda3),
    flag('trainMode', '[on|off]', 'batch norm in training mode in the outer step', 'off'),
    flag('optimizer', '<name>', 'adam or sgd', defend.optimizer),
    flag('learningRate', '<x>', 'constant learning rate', defend.learningRate),
    flag('weightDecay', '<x>', 'weight decay', defend.weightDecay),
    flag('momentum', '<x>', 'momentum of sgd', defend.momentum),
    flag('adamBetas', '<a,b>', 'betas of adam', defend.adamBetas),
    flag(
      'batchOrder',
      '<file>',
      'JSON array of rounds x images positions to replay instead of shuffling',
    ),
  ],
  'Shared adversarial perturbation:': [
    flag('norm', '<name>', 'ball: L_inf, L1, L2 or Reg', defend.norm),
    flag('normBound', '<x>', 'radius of the ball in [0,1] pixel scale', defend.normBound),
    flag('stepSize', '<x>', 'sign step in [0,1] pixel scale', defend.stepSize),
    flag('steps', '<n>', 'PGD steps per batch', defend.steps),
    flag('init', '<name>', 'start: max, min, zero or random', defend.init),
    flag('beta1', '<x>', 'weight of the adversarial term', defend.beta1),
    flag('beta2', '<x>', 'weight of the shared term', defend.beta2),
  ],
  'Run:': [
    flag('out', '<dir>', 'output folder', 'defense/sau beside the checkpoint'),
    FORCE,
    flag(
      'evalEvery',
      '<n>',
      'measure after every n-th round and the last; 0: in no round',
      defend.evalEvery,
    ),
    flag('evalBatchSize', '<n>', 'images per batch when measuring', defend.evalBatchSize),
    SEED,
    ...DEVICE_FLAGS,
  ],
  'Cost (results stay the same):': [
    flag('execution', '<name>', 'auto, dynamic, static or recorded', defend.execution),
    flag('chunkSize', '<n>', "images per pass; 0: the device's choice", defend.chunkSize),
    flag(
      'cacheMib',
      '<n>',
      'memory for what stays the same in every round; 0: none',
      defend.cacheMib,
    ),
  ],
};

export const ATTACK_FLAGS: FlagGroups = {
  'Data and poison:': [
    ...DATA_FLAGS,
    flag('targetLabel', '<n>', 'class that the trigger leads to', attack.targetLabel),
    flag('poisonRate', '<x>', 'share of the training images to poison', attack.poisonRate),
    flag('poisonCount', '<n>', 'number of images instead of --poison-rate'),
    flag('labelMode', '<name>', 'all2one, all2all or cleanLabel, as the attack allows'),
    flag('poisonOnly', '', 'write the poisoned images and train nothing'),
    flag(
      'preview',
      '',
      'draw preview.png: poisoned training images, what they were, and the difference',
    ),
  ],
  'Training:': [
    flag('model', '<name>', 'architecture', attack.model),
    flag(
      'recipe',
      '<name>',
      'reference, or fast: one cycle of the learning rate, fewer epochs, Nesterov',
      attack.recipe,
    ),
    flag('epochs', '<n>', 'epochs', `${usualText('epochs')}; fast: ${fast.epochs}`),
    flag('batchSize', '<n>', 'images per batch', orFast(attack.batchSize, fast.batchSize)),
    flag(
      'learningRate',
      '<x>',
      'learning rate of SGD, at its peak',
      orFast(attack.learningRate, fast.learningRate),
    ),
    flag('momentum', '<x>', 'momentum of SGD', attack.momentum),
    flag('nesterov', '[on|off]', "Nesterov's momentum", orFast('off', 'on')),
    flag('weightDecay', '<x>', 'weight decay', attack.weightDecay),
    flag(
      'schedule',
      '<name>',
      'constant, cosine, oneCycle, multiStep or plateau',
      `${usualText('schedule')}; fast: ${fast.schedule}`,
    ),
    flag(
      'scheduleLength',
      '<n>',
      'epochs until cosine and oneCycle reach a rate of 0',
      `the epochs; reference cosine: ${cosineText()}`,
    ),
    flag('warmupShare', '<x>', 'share of oneCycle in which the rate rises', attack.warmupShare),
    flag(
      'milestones',
      '<n,n>',
      'epochs after which multiStep multiplies the rate',
      attack.milestones,
    ),
    flag('gamma', '<x>', 'factor of multiStep and of plateau', attack.gamma),
    flag('cropPadding', '<px>', 'padding before the random crop; 0: no crop', attack.cropPadding),
    flag('flip', '[on|off]', 'random horizontal flip', usualText('flip')),
  ],
  'Run:': [
    flag(
      'saveFolderName',
      '<name>',
      'record folder to write, in the record root',
      "the attack's name",
    ),
    flag('out', '<dir>', 'instead of --save-folder-name: any folder'),
    RECORD_ROOT,
    FORCE,
    flag('resume', '', 'go on with an interrupted training from its last saved epoch'),
    flag(
      'saveEvery',
      '<n>',
      'save the training after every n-th epoch for --resume; 0: never',
      attack.saveEvery,
    ),
    flag(
      'evalEvery',
      '<n>',
      'measure after every n-th epoch and the last; 0: in no epoch',
      attack.evalEvery,
    ),
    flag('evalBatchSize', '<n>', 'images per batch when measuring', attack.evalBatchSize),
    SEED,
    ...DEVICE_FLAGS,
  ],
};

export const EVALUATE_FLAGS: FlagGroups = {
  'Model and data:': [
    ...CHECKPOINT_FLAGS,
    flag('against', '<path>', 'checkpoint or record of the model before the defense, for DER'),
    flag('poisoned', '<path>', 'record with the poisoned test set, where --ckpt has none'),
    MODEL_FROM_CHECKPOINT,
    ...DATA_FLAGS,
  ],
  'Run:': [
    flag('batchSize', '<n>', 'images per batch; losses are means over batches', evaluate.batchSize),
    ...DEVICE_FLAGS,
  ],
};

export const SETUP_FLAGS: FlagGroups = {
  'LibTorch:': [
    flag(
      'variant',
      '<name>',
      'auto, cpu or cuda; auto goes by the NVIDIA driver',
      SETUP_DEFAULTS.variant,
    ),
    flag(
      'from',
      '<source>',
      'an address or a file of a zip or wheel, or a folder, which is copied',
    ),
    flag('sha256', '<hex>', 'checksum of what --from names; an address needs one'),
  ],
};

export const DEMO_FLAGS: FlagGroups = {
  'Run:': [flag('out', '<dir>', 'output folder', DEMO_DEFAULTS.out), FORCE, SEED, ...DEVICE_FLAGS],
  'Sizes:': [
    flag('trainPerClass', '<n>', 'training images per class', DEMO_DEFAULTS.trainPerClass),
    flag('testPerClass', '<n>', 'test images per class', DEMO_DEFAULTS.testPerClass),
    flag('size', '<px>', 'side of the images', DEMO_DEFAULTS.size),
    flag('width', '<n>', 'base channels of the network', DEMO_DEFAULTS.width),
    flag('epochs', '<n>', "epochs of the victim's training", DEMO_DEFAULTS.epochs),
    flag(
      'trainBatchSize',
      '<n>',
      "batch size of the victim's training",
      DEMO_DEFAULTS.trainBatchSize,
    ),
    flag(
      'learningRate',
      '<rate>',
      "learning rate of the victim's training",
      DEMO_DEFAULTS.learningRate,
    ),
    flag('poisonRate', '<x>', 'share of the training images to poison', DEMO_DEFAULTS.poisonRate),
    flag('clean', '<what>', 'clean images of the defense, as in defend', DEMO_DEFAULTS.clean),
    flag('rounds', '<n>', 'rounds of the defense', DEMO_DEFAULTS.rounds),
    flag('batchSize', '<n>', 'batch size of the defense', DEMO_DEFAULTS.batchSize),
    flag(
      'defenseLearningRate',
      '<rate>',
      'learning rate of the defense',
      DEMO_DEFAULTS.defenseLearningRate,
    ),
  ],
};

/** The library's option names of a command. */
export function keysOf(groups: FlagGroups): string[] {
  return Object.values(groups).flatMap((flags) => flags.map(({key}) => key));
}
