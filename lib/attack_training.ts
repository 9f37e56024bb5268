import {type AttackCheckpoint, writeAttackCheckpoint} from './attack_checkpoint.js';
import type {PreparedAttack} from './attack_data.js';
import {type AttackConfig, resolveTraining} from './config.js';
import type {RunOptions} from './progress.js';
import {RoundWriter} from './report/round_writer.js';
import type {RoundReport} from './results.js';
import type {Session, TrainOptions} from './session.js';

/** A training that is saved as it goes. */
export interface SavedTraining {
  readonly record: string;
  /** What the epochs before have left; null: none were done. */
  readonly start: AttackCheckpoint | null;
  /** Says what is trained, and on what, for the checkpoints. */
  readonly identity: AttackCheckpoint['identity'];
}

/** Files that grow with the epochs. */
export interface EpochFiles {
  readonly csv: string;
  readonly jsonl: string;
}

/**
 * Trains a victim on the session's role `train`, and writes the rows of its epochs and every `saveEvery`
 * epochs a checkpoint. Returns the reports of all epochs, those before `start` among them.
 */
export async function trainVictim(
  session: Session,
  {config, datasetName}: Pick<PreparedAttack, 'config' | 'datasetName'>,
  {record, start, identity}: SavedTraining,
  run: RunOptions,
): Promise<{epochs: readonly RoundReport[]; files: EpochFiles}> {
  const options = trainOptions(config, datasetName);
  const writer = await RoundWriter.open(record, 'attack');
  const epochs: RoundReport[] = [...(start?.epochs ?? [])];
  for (const report of epochs) writer.append(report);
  const follow: RunOptions = {
    ...run,
    onProgress: (progress) => {
      if (progress.kind === 'round') writer.append(progress.report);
      run.onProgress?.(progress);
    },
  };
  try {
    if (start !== null) {
      await session.loadStateDict(start.stateDict, 'trainee');
      await session.loadTraining(start.training);
    }
    while (epochs.length < options.epochs) {
      const part = partAfter(epochs.length, options.epochs, config.saveEvery);
      epochs.push(...(await session.train(options, follow, part)));
      if (config.saveEvery > 0) await saveTraining(session, record, identity, epochs);
    }
  } finally {
    await writer.close();
  }
  return {epochs, files: {csv: writer.csv, jsonl: writer.jsonl}};
}

/** The epochs up to the next checkpoint: a multiple of `saveEvery`, or the end. */
function partAfter(done: number, epochs: number, saveEvery: number) {
  const next = saveEvery > 0 ? done - (done % saveEvery) + saveEvery : epochs;
  return {firstEpoch: done, stopEpoch: Math.min(next, epochs)};
}

async function saveTraining(
  session: Session,
  record: string,
  identity: AttackCheckpoint['identity'],
  epochs: readonly RoundReport[],
): Promise<void> {
  const stateDict = await session.exportStateDict();
  const training = await session.exportTraining();
  await writeAttackCheckpoint(record, {stateDict, training, epochs, identity});
}

/** What the native core is told of a victim's training (specification B3.1). */
export function trainOptions(config: AttackConfig, datasetName: string): TrainOptions {
  const {epochs, scheduleLength, flip} = resolveTraining(config, datasetName);
  const {batchSize, learningRate, weightDecay, momentum, nesterov, cropPadding} = config;
  const {schedule, warmupShare, milestones, gamma} = config;
  return {
    epochs,
    batchSize,
    dropLast: true,
    optimizer: {
      optimizer: 'sgd',
      learningRate,
      weightDecay,
      momentum,
      nesterov,
      adamBeta1: 0.9,
      adamBeta2: 0.999,
    },
    ...{schedule, scheduleLength, warmupShare, milestones, gamma},
    cropPadding,
    flip,
    evalEvery: config.evalEvery,
    evalBatchSize: config.evalBatchSize,
  };
}
