import {z} from 'zod';
import {DATASET_CHOICES} from '../datasets/known.js';
import {assertNever} from '../errors.js';
import type {AttackEntry, AttackOption} from './attack_entry.js';
import {ATTACK_TABLE, type AttackKind} from './attack_table.js';
import * as rule from './rules.js';
import type {
  AttackConfig,
  CommonAttackConfig,
  DefendConfig,
  DemoConfig,
  EvaluateConfig,
  SetupConfig,
} from './types.js';

const DATA = {
  data: rule.text('a folder').nullable(),
  dataset: rule.oneOf(DATASET_CHOICES),
  imageSize: rule.imageSide.nullable(),
  mean: rule.channelMeans.nullable(),
  std: rule.channelDeviations.nullable(),
  numClasses: rule.classCount.nullable(),
  testLimit: rule.positiveInteger.nullable(),
};

const DEVICE = {
  device: rule.deviceName,
  threads: rule.threadCount,
  precision: rule.choice('default', 'fp32', 'tf32', 'bf16', 'fp16', 'auto'),
};

const CLEAN = rule.text('a ratio such as 5pct, a count, an index file or a folder');
const CHECKPOINT = rule.text('a checkpoint file or a record folder');

export const defendSchema = z.strictObject({
  ...DATA,
  ...DEVICE,
  ckpt: CHECKPOINT,
  recordRoot: rule.text('a folder'),
  clean: CLEAN,
  model: rule.modelName.nullable(),
  out: rule.text('a folder').nullable(),
  force: rule.onOff,
  seed: rule.seed,
  rounds: rule.positiveInteger.nullable(),
  batchSize: rule.positiveInteger,
  outerSteps: rule.positiveInteger,
  trainMode: rule.onOff,
  evalEvery: rule.countFromZero,
  evalBatchSize: rule.positiveInteger,
  norm: rule.choice('L_inf', 'L1', 'L2', 'Reg'),
  normBound: rule.positive,
  stepSize: rule.positive,
  steps: rule.positiveInteger,
  init: rule.choice('max', 'min', 'zero', 'random'),
  beta1: rule.nonNegative,
  beta2: rule.nonNegative,
  lambda1: rule.nonNegative,
  lambda2: rule.nonNegative,
  lambda3: rule.nonNegative,
  optimizer: rule.choice('adam', 'sgd'),
  learningRate: rule.positive,
  weightDecay: rule.nonNegative,
  momentum: rule.belowOne,
  adamBetas: rule.adamBetas,
  batchOrder: rule.text('a JSON file').nullable(),
  execution: rule.choice('auto', 'dynamic', 'static', 'recorded'),
  chunkSize: rule.countFromZero,
  cacheMib: rule.mebibytes,
}) satisfies z.ZodType<DefendConfig>;

const commonAttackShape = {
  ...DATA,
  ...DEVICE,
  recordRoot: rule.text('a folder'),
  out: rule.text('a folder'),
  force: rule.onOff,
  seed: rule.seed,
  targetLabel: rule.countFromZero,
  poisonRate: rule.rate,
  poisonCount: rule.positiveInteger.nullable(),
  labelMode: rule.choice('all2one', 'all2all', 'cleanLabel'),
  poisonOnly: rule.onOff,
  preview: rule.onOff,
  resume: rule.onOff,
  saveEvery: rule.countFromZero,
  recipe: rule.choice('reference', 'fast'),
  model: rule.modelName,
  epochs: rule.positiveInteger.nullable(),
  batchSize: rule.positiveInteger,
  learningRate: rule.positive,
  momentum: rule.belowOne,
  nesterov: rule.onOff,
  weightDecay: rule.nonNegative,
  schedule: rule.choice('cosine', 'constant', 'oneCycle', 'multiStep', 'plateau').nullable(),
  scheduleLength: rule.positiveInteger.nullable(),
  warmupShare: rule.belowOne,
  milestones: rule.epochList,
  gamma: rule.positive,
  cropPadding: rule.padding,
  flip: rule.onOff.nullable(),
  evalEvery: rule.countFromZero,
  evalBatchSize: rule.positiveInteger,
};
z.strictObject(commonAttackShape) satisfies z.ZodType<CommonAttackConfig>;

/** The options of one attack. */
export function attackSchemaOf(kind: AttackKind): z.ZodObject & z.ZodType<AttackConfig> {
  const {options, labelModes} = ATTACK_TABLE[kind] as AttackEntry;
  const own = Object.entries(options).map(([name, option]) => [name, ruleOf(option)]);
  const schema = z.strictObject({
    ...commonAttackShape,
    kind: z.literal(kind),
    labelMode: rule.oneOf(labelModes),
    ...Object.fromEntries(own),
  });
  return schema as unknown as z.ZodObject & z.ZodType<AttackConfig>;
}

function ruleOf(option: AttackOption): z.ZodType {
  switch (option.type) {
    case 'number':
    case 'integer':
      return rule.between(option.type, option.least, option.most);
    case 'choice':
      return option.orFile
        ? rule.text(`${option.choices.join(', ')} or a file`)
        : rule.oneOf(option.choices);
    case 'file':
      return rule.text('a file').nullable();
    case 'switch':
      return rule.onOff;
    case 'text':
      return rule.text('text');
    default:
      return assertNever(option);
  }
}

export const evaluateSchema = z.strictObject({
  ...DATA,
  ...DEVICE,
  ckpt: CHECKPOINT,
  recordRoot: rule.text('a folder'),
  against: CHECKPOINT.nullable(),
  poisoned: rule.text('a record folder or an attack_result.pt').nullable(),
  model: rule.modelName.nullable(),
  batchSize: rule.positiveInteger,
}) satisfies z.ZodType<EvaluateConfig>;

export const demoSchema = z.strictObject({
  ...DEVICE,
  out: rule.text('a folder'),
  force: rule.onOff,
  seed: rule.seed,
  trainPerClass: rule.positiveInteger,
  testPerClass: rule.positiveInteger,
  size: rule.imageSide,
  width: rule.netWidth,
  epochs: rule.positiveInteger,
  trainBatchSize: rule.positiveInteger,
  learningRate: rule.positive,
  poisonRate: rule.rate,
  clean: CLEAN,
  rounds: rule.positiveInteger,
  batchSize: rule.positiveInteger,
  defenseLearningRate: rule.positive,
}) satisfies z.ZodType<DemoConfig>;

export const setupSchema = z.strictObject({
  variant: rule.choice('auto', 'cpu', 'cuda'),
  from: rule.text('an address, a .zip or .whl file or a folder').nullable(),
  sha256: rule.sha256.nullable(),
}) satisfies z.ZodType<SetupConfig>;
