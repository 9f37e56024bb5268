import {TRAINING} from '../options/commands/training.js';
import {nativeOf} from '../options/native.js';
import {type OptionGroups, tableOf} from '../options/option.js';
import {OFFICIAL_COLUMNS, TRAINING_FIGURES} from '../report/round_columns.js';
import {defense} from './entry.js';
import {COMPAT} from './selection.js';
import {AMP, BATCH_SIZE, EPOCHS, NO_EFFECT, nativeTraining} from './training_options.js';

const OPTIONS = {
  'attention distillation': {
    rounds: {
      type: 'integer',
      above: 0,
      help: 'passes over the clean images',
      official: 'te_epochs',
      default: 10,
    },
    teacherRounds: {
      type: 'integer',
      above: 0,
      help: 'passes over the clean images that the teacher is fine-tuned in',
      unset: 'as many as rounds',
      default: null,
    },
    ...BATCH_SIZE,
    attention1: {
      type: 'number',
      least: 0,
      help: 'weight of the attention at the end of the last stage but one',
      official: 'beta1',
      native: 'beta1',
      default: 500,
    },
    attention2: {
      type: 'number',
      least: 0,
      help: 'weight of the attention at the end of the last stage',
      official: 'beta2',
      native: 'beta2',
      default: 1000,
    },
    attentionPower: {
      type: 'number',
      above: 0,
      help: 'power of the values that make the attention',
      official: 'p',
      native: 'power',
      default: 2,
    },
    ...TRAINING,
    learningRate: {
      ...TRAINING.learningRate,
      help: "the trainee's learning rate, and the teacher's largest",
    },
    schedule: {...TRAINING.schedule, help: "how the teacher's learning rate changes"},
    scheduleLength: {
      ...TRAINING.scheduleLength,
      help: 'rounds until cosine and oneCycle reach a rate of 0',
      unset: '100',
      default: 100,
    },
    ...COMPAT,
  },
} as const satisfies OptionGroups;

/** Neural attention distillation (defenses E3). */
export const NAD = defense({
  summary: 'fine-tuning towards the attention of a fine-tuned teacher (NAD)',
  stage: 'distilling attention',
  options: OPTIONS,
  purpose: 'training',
  ignored: {
    ...AMP,
    beta3: 'weighs the attention of a pooled map, which is 1 everywhere',
    epochs: NO_EFFECT,
    momentum: NO_EFFECT,
    optim: NO_EFFECT,
    steplr_stepsize: 'belongs to a schedule that is not known here',
    teacher_model_loc: 'is not known here: the teacher is always trained',
    weight_decay: NO_EFFECT,
  },
  figures: [
    ...TRAINING_FIGURES,
    {name: 'attentionLoss', label: 'attention', unit: 'loss', drawn: true},
  ],
  columns: OFFICIAL_COLUMNS.training,
  tables: {teacher: EPOCHS},
  work({teacherRounds}, {rounds}) {
    const epochs = teacherRounds ?? rounds;
    return {once: {training: epochs}, round: {training: 1, forward: 1}, alsoMeasured: epochs};
  },
  async nativeOptions(config, {rounds, datasetName}) {
    const native = nativeOf(tableOf(OPTIONS), config);
    return {
      ...nativeTraining(native, config, datasetName),
      teacherRounds: config.teacherRounds ?? rounds,
    };
  },
});
