import {rm} from 'node:fs/promises';
import {dirname, isAbsolute, join, relative} from 'node:path';
import type {TriggerPicture} from '../attacks/attacks.js';
import type {PoisonedDatasetState} from '../checkpoint/dataset_state.js';
import {POISON_LIST, POISONED_SET, RECORD_INFO} from '../checkpoint/record_paths.js';
import type {StateDict} from '../checkpoint/tensor.js';
import {
  writeAttackResult,
  writeInfoPickle,
  writePoisonIndexList,
} from '../checkpoint/write_checkpoint.js';
import type {ImageSet} from '../datasets/image_set.js';
import {writePng, writePngs} from '../datasets/write_pngs.js';
import {RECORD_NOTES} from '../record_notes.js';
import {writeCurves} from '../report/curves.js';
import {PREVIEW} from '../report/preview.js';
import {TRAINING_FIGURES} from '../report/round_columns.js';
import type {AttackFiles, RoundReport} from '../results.js';
import {packageVersion, versions} from '../versions.js';
import {removeFiles, unwritableFile, writeWholeFile} from '../whole_file.js';
import {removeAttackCheckpoint} from './checkpoint.js';
import type {PreparedAttack} from './data.js';

/** The images of a record. */
export interface RecordedPoison {
  readonly train: Pick<ImageSet, 'count'>;
  /** The images of the training set that are not its own, under their attack labels. */
  readonly poisonedTrain: ImageSet;
  /** How many of them have the trigger; others are only disturbed. */
  readonly poisonedCount: number;
  readonly poisonedTest: ImageSet;
  /** Test images with a disturbance that is no trigger; only some attacks have them. */
  readonly crossTest?: ImageSet;
  /** What the trigger looks like, where the attack tells. */
  readonly picture?: TriggerPicture | undefined;
  readonly testCount: number;
}

/** An attack whose images are known. */
export interface RecordedAttack extends Omit<PreparedAttack, 'poison'> {
  readonly poison: RecordedPoison;
}

export interface FinishedAttack extends RecordedAttack {
  readonly stateDict: StateDict;
  readonly epochs: readonly RoundReport[];
}

const FOLDERS = {
  train: 'bd_train_dataset',
  test: 'bd_test_dataset',
  cross: 'cross_test_dataset',
} as const;
const RESULT = 'attack_result.pt';
const CURVES = 'curves.svg';
const TRIGGER_PICTURE = 'trojannn_trigger.png';

/**
 * Writes a BackdoorBench record folder (specification C.3): the poisoned images, the bookkeeping and last,
 * so that a record with it is whole, attack_result.pt. Throws ERR_OUTPUT.
 */
export async function writeAttackRecord(
  record: string,
  attack: FinishedAttack,
  signal?: AbortSignal,
): Promise<AttackFiles> {
  const {config, dataset, datasetName, poison, stateDict, epochs} = attack;
  const files = {
    checkpoint: join(record, RESULT),
    notes: join(record, RECORD_NOTES),
    curves: join(record, CURVES),
  };
  // Input-aware's first epochs are not among the reports.
  const content = {epochs: (epochs.at(-1)?.round ?? -1) + 1};
  const states = await writePoisoned(record, attack, content, await versions(), signal);
  await writeCurves(files.curves, {
    before: null,
    rounds: epochs,
    title: `${config.kind} on ${datasetName}, ${poison.poisonedTrain.count} poisoned images`,
    unit: 'epoch',
    figures: TRAINING_FIGURES,
    stage: 'training',
  });
  await writeAttackResult(files.checkpoint, {
    modelName: config.model,
    numClasses: dataset.numClasses,
    stateDict,
    dataPath: storedDataPath(record, dataset.path),
    imageSize: [dataset.height, dataset.width, 3],
    datasetName,
    ...states,
  });
  return files;
}

/**
 * Writes what a record folder has besides the model: the format has no attack_result.pt without weights, hence
 * there is none. The notes say so. Throws ERR_OUTPUT.
 */
export async function writePoisonedSet(
  record: string,
  attack: PreparedAttack,
  signal?: AbortSignal,
): Promise<AttackFiles> {
  const content = {content: POISONED_SET, epochs: 0};
  // Not versions(), which would load LibTorch.
  const made = {sauNative: packageVersion(), node: process.versions.node};
  await writePoisoned(record, attack, content, made, signal);
  const at = (name: string): string => join(record, name);
  return {
    ...{train: at(FOLDERS.train), test: at(FOLDERS.test), poisonIndex: at(POISON_LIST)},
    ...{info: at(RECORD_INFO), notes: at(RECORD_NOTES)},
  };
}

/** The images and their bookkeeping. Returns what attack_result.pt says of them. */
async function writePoisoned(
  record: string,
  {config, dataset, datasetName, poison, scale}: RecordedAttack,
  content: Readonly<Record<string, string | number>>,
  made: object,
  signal: AbortSignal | undefined,
) {
  const {train, test} = FOLDERS;
  await writeImages(record, train, poison.poisonedTrain, signal);
  await writeImages(record, test, poison.poisonedTest, signal);
  if (poison.picture !== undefined) {
    const {name, planes} = poison.picture;
    await writePng(planes, dataset, join(record, name));
  }
  if (poison.crossTest !== undefined) {
    await writeImages(record, FOLDERS.cross, poison.crossTest, signal);
  }
  const poisonedTrain = datasetState(record, train, poison.poisonedTrain, poison.train.count, true);
  const poisonedTest = datasetState(record, test, poison.poisonedTest, poison.testCount, false);
  await writePoisonIndexList(join(record, POISON_LIST), poisonedTrain.poisonIndicator);
  await writeInfoPickle(join(record, RECORD_INFO), {
    attack: config.kind,
    dataset: datasetName,
    model: config.model,
    pratio: config.poisonRate,
    p_num: config.poisonCount,
    attack_target: config.targetLabel,
    attack_label_trans: config.labelMode,
    random_seed: config.seed,
    batch_size: config.batchSize,
    lr: config.learningRate,
    num_classes: dataset.numClasses,
    save_folder_name: relative(config.recordRoot, record),
    ...content,
  });
  const notes = {...scale, ...content, config, versions: made};
  await writeWholeFile(join(record, RECORD_NOTES), `${JSON.stringify(notes, null, 2)}\n`);
  return {poisonedTrain, poisonedTest};
}

/**
 * Takes back what an earlier or a failed attack left: a record is whole or not there. Throws ERR_OUTPUT.
 * @param keepTraining Leave what an interrupted training goes on from, and the rows of its epochs
 */
export async function removeRecord(record: string, {keepTraining = false} = {}): Promise<void> {
  const names = [RESULT, RECORD_NOTES, CURVES, RECORD_INFO, POISON_LIST, TRIGGER_PICTURE];
  if (!keepTraining) {
    names.push('attack_df.csv', 'rounds.jsonl', PREVIEW);
    await removeAttackCheckpoint(record);
  }
  await removeFiles(record, names);
  for (const name of Object.values(FOLDERS)) {
    const path = join(record, name);
    // An aborted writer may still finish its last images: try again then.
    await rm(path, {recursive: true, force: true, maxRetries: 5}).catch((error: unknown) => {
      throw unwritableFile(path, error);
    });
  }
}

async function writeImages(
  record: string,
  folder: string,
  set: ImageSet,
  signal: AbortSignal | undefined,
): Promise<void> {
  await writePngs(set, (i) => join(record, folder, relativePng(set, i)), signal);
}

/** `<original label>/<original index>.png` */
function relativePng(set: ImageSet, position: number): string {
  return `${set.trueLabels[position]}/${set.originalIndices[position]}.png`;
}

function datasetState(
  record: string,
  folder: string,
  poisoned: ImageSet,
  cleanCount: number,
  exposesAll: boolean,
): PoisonedDatasetState {
  const stored = storedRecordPath(record);
  const poisonIndicator = new Uint8Array(cleanCount);
  const items = new Map<number, {path: string; attackLabel: number; originalLabel: number}>();
  for (const [position, index] of poisoned.originalIndices.entries()) {
    poisonIndicator[index] = 1;
    items.set(index, {
      path: `${stored}/${folder}/${relativePng(poisoned, position)}`,
      attackLabel: poisoned.labels[position] ?? 0,
      originalLabel: poisoned.trueLabels[position] ?? 0,
    });
  }
  return {
    originalIndices: exposesAll
      ? Int32Array.from({length: cleanCount}, (_, i) => i)
      : poisoned.originalIndices,
    poisonIndicator,
    items,
    saveFolderPath: `${stored}/${folder}`,
  };
}

/** As the official tool stores it: relative to the folder that contains the record root. */
function storedRecordPath(record: string): string {
  return `./${relative(dirname(dirname(record)), record)}`;
}

function storedDataPath(record: string, data: string): string {
  const path = relative(dirname(dirname(record)), data);
  return path.startsWith('..') || isAbsolute(path) ? data : `./${path}`;
}
