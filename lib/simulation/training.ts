import type {NativeTrainingAttack} from '../native/attack_contract.js';
import {ATTACK} from '../options/commands/attack.js';
import {ADAM_BETAS} from '../options/commands/training.js';
import {resolveTraining} from '../options/config.js';
import {nativeOf} from '../options/native.js';
import {tableOf} from '../options/option.js';
import type {AttackConfig} from '../options/types.js';
import {type AttackCheckpoint, writeAttackCheckpoint} from '../records/attack_checkpoint.js';
import {RECORD} from '../records/layout.js';
import {OFFICIAL_COLUMNS} from '../report/round_columns.js';
import {RoundWriter} from '../report/round_writer.js';
import type {RunOptions} from '../run/progress.js';
import type {RoundReport} from '../run/results.js';
import type {Session, TrainingPart, TrainOptions} from '../session/session.js';

const OPTIONS = tableOf(ATTACK);

/** How a victim is trained. */
export interface Training {
  readonly options: TrainOptions;
  /** The attack that poisons each batch; null if the images are poisoned already. */
  readonly attack: NativeTrainingAttack | null;
  /** Epochs from one checkpoint to the next; 0 for no checkpoints. */
  readonly saveEvery: number;
}

/** A training with checkpoints. */
export interface SavedTraining {
  readonly record: string;
  /** The state after the earlier epochs; null if there were none. */
  readonly start: AttackCheckpoint | null;
  /** Identifies the training and its images in the checkpoints. */
  readonly identity: AttackCheckpoint['identity'];
}

/** Files that grow with the epochs. */
export interface EpochFiles {
  readonly csv: string;
  readonly jsonl: string;
}

/**
 * Trains a victim on the session's role `train`. Writes a row for each epoch and a checkpoint every `saveEvery`
 * epochs. Returns the reports of all epochs, including those before `start`. Epochs that train only an attack are
 * saved and not reported.
 */
export async function trainVictim(
  session: Session,
  {options, attack, saveEvery}: Training,
  {record, start, identity}: SavedTraining,
  run: RunOptions,
): Promise<{epochs: readonly RoundReport[]; files: EpochFiles}> {
  const writer = await RoundWriter.open(
    record,
    RECORD.csv,
    attack === null ? OFFICIAL_COLUMNS.attack : OFFICIAL_COLUMNS.trainingAttack,
  );
  const epochs: RoundReport[] = [...(start?.epochs ?? [])];
  for (const report of epochs.filter(trainsVictim)) writer.append(report);
  const follow: RunOptions = {
    ...run,
    onProgress: (progress) => {
      if (progress.kind === 'round') {
        if (!trainsVictim(progress.report)) return;
        writer.append(progress.report);
      }
      run.onProgress?.(progress);
    },
  };
  const train = (part: TrainingPart) =>
    attack === null
      ? session.train(options, follow, part)
      : session.trainAttack(options, attack, follow, part);
  try {
    if (start !== null) {
      await session.loadStateDict(start.stateDict, 'trainee');
      await session.loadTraining(start.training);
    }
    // Needed even if every epoch is done, because it makes an attack on batches again.
    do {
      const done = await train(partAfter(epochs.length, options.epochs, saveEvery));
      epochs.push(...done);
      if (saveEvery > 0 && done.length > 0) await saveTraining(session, record, identity, epochs);
    } while (epochs.length < options.epochs);
  } finally {
    await writer.close();
  }
  return {epochs: epochs.filter(trainsVictim), files: {csv: writer.csv, jsonl: writer.jsonl}};
}

function trainsVictim({figures: {trainAcc}}: RoundReport): boolean {
  return typeof trainAcc === 'number';
}

/** The epochs up to the next checkpoint: a multiple of `saveEvery`, or the end. */
function partAfter(done: number, epochs: number, saveEvery: number): TrainingPart {
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

/** What to say where the reference's cosine has another length than the training that was asked for; else null. */
export function scheduleNote(
  config: Pick<AttackConfig, 'epochs' | 'scheduleLength'>,
  {epochs, schedule, scheduleLength}: Pick<TrainOptions, 'epochs' | 'schedule' | 'scheduleLength'>,
): string | null {
  const isOwn = config.epochs === null || config.scheduleLength !== null;
  if (isOwn || schedule !== 'cosine' || scheduleLength === epochs) return null;
  const share = Math.round(50 * (1 + Math.cos((Math.PI * epochs) / scheduleLength)));
  return (
    `the reference's cosine is that of ${scheduleLength} epochs: after ${epochs} the learning rate is at ${share} % ` +
    `of its start. For one that reaches 0 give a scheduleLength of ${epochs}`
  );
}

/**
 * The native core's options for training a victim (specification B3.1). poisonedPositions: the training images with
 * the trigger, if the images are poisoned and not the batches.
 */
export function trainOptions(
  config: AttackConfig,
  datasetName: string,
  poisonedPositions: Int32Array = new Int32Array(0),
): TrainOptions {
  const native = nativeOf(OPTIONS, config);
  return {
    ...native,
    ...resolveTraining(config, datasetName),
    optimizer: {...native.optimizer, ...ADAM_BETAS},
    dropLast: true,
    poisonedPositions,
  };
}
