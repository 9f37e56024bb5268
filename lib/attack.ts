import {join} from 'node:path';
import {
  hasAttackCheckpoint,
  identityOf,
  readAttackCheckpoint,
  removeAttackCheckpoint,
} from './attack_checkpoint.js';
import {openAttack, type PreparedAttack, prepareAttack} from './attack_data.js';
import {removeRecord, writeAttackRecord, writePoisonedSet} from './attack_record.js';
import {trainVictim} from './attack_training.js';
import {ATTACK_CHECKPOINT, POISON_LIST} from './checkpoint/record_paths.js';
import {type AttackOptions, isTrainingAttack, parseAttackConfig} from './config.js';
import {SauError} from './errors.js';
import type {RunOptions} from './progress.js';
import {prepareOutput, RESULTS} from './report/output_folder.js';
import {writePreview} from './report/preview.js';
import type {AttackResult, OutputFiles} from './results.js';
import {createSession} from './session.js';
import {setTestSets} from './test_sets.js';
import {trainingAttack} from './training_attack.js';

/**
 * Simulates a backdoor attack: poisons a training set, trains a victim on it and writes a BackdoorBench
 * record folder that `defend` and `evaluate` open (specification B3). With `poisonOnly` it trains nothing;
 * with `resume` it goes on from the last saved epoch of a training that was interrupted, with the result
 * that the whole one would have had. Throws as {@link defend} does.
 */
export async function attack(options: AttackOptions, run: RunOptions = {}): Promise<AttackResult> {
  const start = performance.now();
  const config = parseAttackConfig(options);
  run.onProgress?.({kind: 'stage', message: 'reading and poisoning the images'});
  const opened = await openAttack(config);
  const {config: own} = opened;
  if (isTrainingAttack(own)) return trainingAttack({...opened, config: own, start}, run);
  const prepared = await prepareAttack({...opened, config: own}, run);
  const {poison} = prepared;
  const record = await prepareOutput(config.out, {
    force: config.force,
    reserveBytes: poison.train.images.byteLength / 5 + 100e6,
    results: config.resume ? RESULTS : [...RESULTS, ATTACK_CHECKPOINT, POISON_LIST],
  });
  const result = config.poisonOnly
    ? await poisonOnly(record, prepared, run)
    : await trainAndRecord(record, prepared, run);
  return {
    record,
    ...result,
    poisonedTrainCount: poison.poisonedTrain.count,
    seconds: (performance.now() - start) / 1000,
  };
}

type Outcome = Pick<AttackResult, 'metrics' | 'epochs' | 'device' | 'files'>;

async function poisonOnly(
  record: string,
  prepared: PreparedAttack,
  run: RunOptions,
): Promise<Outcome> {
  await removeRecord(record);
  try {
    const preview = await previewOf(record, prepared, run);
    run.onProgress?.({kind: 'stage', message: 'writing the poisoned images'});
    const files = await writePoisonedSet(record, prepared, run.signal);
    run.signal?.throwIfAborted();
    return {metrics: null, epochs: [], device: null, files: {...files, ...preview}};
  } catch (error) {
    await removeRecord(record);
    throw error;
  }
}

async function trainAndRecord(
  record: string,
  prepared: PreparedAttack,
  run: RunOptions,
): Promise<Outcome> {
  const {config, dataset, scale, poison} = prepared;
  const identity = await identityOf(prepared);
  const start = config.resume ? await readAttackCheckpoint(record, identity) : null;
  run.onProgress?.({kind: 'stage', message: 'training the victim'});
  const {numClasses} = dataset;
  using session = await createSession({...config, ...scale, numClasses, purpose: 'training'});
  await session.initialize();
  await session.setImages('train', poison.train);
  await setTestSets(session, {cleanTest: poison.cleanTest, poisonedTest: poison.measuredTest});
  await removeRecord(record, {keepTraining: start !== null});
  try {
    const preview = await previewOf(record, prepared, run);
    const saved = {record, start, identity};
    const {epochs, files: epochFiles} = await trainVictim(session, prepared, saved, run);
    const metrics =
      epochs.at(-1)?.metrics ?? (await session.evaluate('trainee', config.evalBatchSize, run));
    run.onProgress?.({kind: 'stage', message: 'writing the record'});
    const stateDict = await session.exportStateDict();
    const files = await writeAttackRecord(record, {...prepared, stateDict, epochs}, run.signal);
    await removeAttackCheckpoint(record);
    return {metrics, epochs, device: session.device, files: {...files, ...epochFiles, ...preview}};
  } catch (error) {
    await takeBack(record, error, run);
    throw error;
  }
}

/** Leaves no half record: only a training that can be continued, and says how. */
async function takeBack(record: string, error: unknown, run: RunOptions): Promise<void> {
  const isUseless = error instanceof SauError && error.code === 'ERR_DIVERGED';
  const keepTraining = !isUseless && (await hasAttackCheckpoint(record));
  await removeRecord(record, {keepTraining});
  if (!keepTraining) return;
  const message = `the last saved epoch is in ${join(record, ATTACK_CHECKPOINT)}; run the same attack with --resume to go on`;
  run.onProgress?.({kind: 'note', message});
}

async function previewOf(
  record: string,
  {config, dataset, poison}: PreparedAttack,
  run: RunOptions,
): Promise<OutputFiles> {
  return config.preview ? {preview: await writePreview(record, dataset, poison, run.signal)} : {};
}
