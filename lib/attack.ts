import {requireLibTorch} from './native/binding.js';
import {isTrainingAttack, parseAttackConfig} from './options/config.js';
import type {AttackOptions} from './options/documented.js';
import {removeRecord, writePoisonedSet} from './records/attack_record.js';
import {replacingRecord} from './records/earlier_record.js';
import type {RunOptions} from './run/progress.js';
import type {AttackResult} from './run/results.js';
import {type Run, startRun} from './run/run.js';
import {type PreparedAttack, prepareAttack} from './simulation/data.js';
import {type OpenedAttack, openAttack} from './simulation/opened_attack.js';
import {requirePretrained} from './simulation/pretrained.js';
import {trainOptions} from './simulation/training.js';
import {trainingAttack} from './simulation/training_attack.js';
import {
  type Outcome,
  previewOf,
  trainAndRecord,
  type Victim,
  withRecord,
} from './simulation/victim.js';

/**
 * Simulates a backdoor attack: poisons a training set, trains a victim on it and writes a BackdoorBench record
 * folder that `defend` and `evaluate` open (specification B3). With `poisonOnly` it trains nothing. With `resume`
 * it continues an interrupted training from its last saved epoch, with the result of an uninterrupted one. Throws
 * as {@link defend} does.
 * @example
 * ```ts
 * const {record} = await attack({kind: 'badnet', data: 'data/cifar10', poisonRate: 0.05, recipe: 'fast'});
 * await defend({ckpt: record, clean: '5pct'});
 * ```
 */
export function attack(options: AttackOptions, run: RunOptions = {}): Run<AttackResult> {
  return startRun(run, (told) => poisonAndTrain(options, told));
}

async function poisonAndTrain(options: AttackOptions, run: RunOptions): Promise<AttackResult> {
  const start = performance.now();
  const config = parseAttackConfig(options);
  const {poisonOnly: isUntrained, pretrained, resume} = config;
  if (!isUntrained) await requireLibTorch();
  if (!isUntrained && !resume && pretrained !== null) await requirePretrained(pretrained);
  run.onProgress?.({kind: 'stage', message: 'reading and poisoning the images'});
  const opened = await openAttack(config, run);
  const {config: own} = opened;
  const {record, ...outcome} = isTrainingAttack(own)
    ? await trainingAttack({...opened, config: own}, run)
    : await dataAttack(await prepareAttack({...opened, config: own}, run), run);
  const target = targetOf(opened);
  return {record, ...outcome, target, seconds: (performance.now() - start) / 1000};
}

function targetOf({mode, dataset}: OpenedAttack): AttackResult['target'] {
  if (mode.kind === 'all2all') return null;
  const {targetLabel: label} = mode;
  return {label, title: dataset.classTitles[label] ?? String(label)};
}

/** An attack that poisons the images before the training. */
async function dataAttack(
  prepared: PreparedAttack,
  run: RunOptions,
): Promise<Outcome & {readonly record: string}> {
  const {config, poison} = prepared;
  const reserveBytes = poison.train.images.byteLength / 5 + 100e6;
  return withRecord(config, reserveBytes, async (record) => {
    const outcome = config.poisonOnly
      ? await poisonOnly(record, prepared, run)
      : await trainAndRecord(record, victimOf(prepared), run);
    return {record, ...outcome};
  });
}

function victimOf(prepared: PreparedAttack): Victim {
  const {config, datasetName, poison} = prepared;
  const options = trainOptions(config, datasetName, poison.poisonedIndices);
  return {
    ...prepared,
    train: poison.train,
    tests: {
      cleanTest: poison.cleanTest,
      // Below a small testLimit there may be images of the target class alone.
      poisonedTest: poison.measuredTest.count === 0 ? null : poison.measuredTest,
    },
    training: {options, attack: null, saveEvery: config.saveEvery},
  };
}

async function poisonOnly(
  record: string,
  prepared: PreparedAttack,
  run: RunOptions,
): Promise<Outcome> {
  const work = async (): Promise<Outcome> => {
    const preview = await previewOf(record, prepared, prepared.poison, run);
    run.onProgress?.({kind: 'stage', message: 'writing the poisoned images'});
    const files = await writePoisonedSet(record, prepared, run);
    run.signal?.throwIfAborted();
    return {
      ...{metrics: null, epochs: [], device: null},
      poisonedTrainCount: prepared.poison.poisonedCount,
      files: {...files, ...preview},
    };
  };
  return replacingRecord(record, {goesOn: false, work, takeBack: () => removeRecord(record)});
}
