import {rm} from 'node:fs/promises';
import {dirname, isAbsolute, join, relative} from 'node:path';
import type {Poison} from './attack.js';
import type {PoisonedDatasetState} from './checkpoint/dataset_state.js';
import type {StateDict} from './checkpoint/tensor.js';
import {
  writeAttackResult,
  writeInfoPickle,
  writePoisonIndexList,
} from './checkpoint/write_checkpoint.js';
import type {AttackConfig} from './config.js';
import type {Dataset} from './datasets/dataset.js';
import type {ImageSet} from './datasets/image_set.js';
import {writePngs} from './datasets/write_pngs.js';
import {writeCurves} from './report/curves.js';
import type {OutputFiles, RoundReport} from './results.js';
import {RECORD_NOTES, type RecordNotes} from './target.js';
import {versions} from './versions.js';
import {writeWholeFile} from './whole_file.js';

export interface FinishedAttack {
  readonly config: AttackConfig;
  readonly dataset: Dataset;
  readonly datasetName: string;
  readonly scale: RecordNotes;
  readonly poison: Poison;
  readonly stateDict: StateDict;
  readonly epochs: readonly RoundReport[];
}

const FOLDERS = {train: 'bd_train_dataset', test: 'bd_test_dataset'} as const;

/**
 * Writes a BackdoorBench record folder (specification C.3): the poisoned images, the bookkeeping and last,
 * so that a record with it is whole, attack_result.pt. Throws ERR_OUTPUT.
 */
export async function writeAttackRecord(
  record: string,
  attack: FinishedAttack,
  signal?: AbortSignal,
): Promise<OutputFiles> {
  const {config, dataset, datasetName, poison, stateDict, epochs, scale} = attack;
  const files = {
    checkpoint: join(record, 'attack_result.pt'),
    notes: join(record, RECORD_NOTES),
    curves: join(record, 'curves.svg'),
  };
  await writeImages(record, FOLDERS.train, poison.poisonedTrain, signal);
  await writeImages(record, FOLDERS.test, poison.poisonedTest, signal);
  const poisonedTrain = datasetState(
    record,
    FOLDERS.train,
    poison.poisonedTrain,
    poison.train.count,
    true,
  );
  await writePoisonIndexList(
    join(record, 'train_poison_index_list.pickle'),
    poisonedTrain.poisonIndicator,
  );
  await writeInfoPickle(join(record, 'info.pickle'), {
    attack: config.kind,
    dataset: datasetName,
    model: config.model,
    pratio: config.poisonRate,
    p_num: config.poisonCount,
    attack_target: config.targetLabel,
    attack_label_trans: config.labelMode,
    random_seed: config.seed,
    epochs: epochs.length,
    batch_size: config.batchSize,
    lr: config.learningRate,
    num_classes: dataset.numClasses,
    save_folder_name: relative(config.recordRoot, record),
  });
  const notes = {...scale, config, versions: await versions()};
  await writeWholeFile(files.notes, `${JSON.stringify(notes, null, 2)}\n`);
  await writeCurves(files.curves, {
    before: null,
    rounds: epochs,
    title: `${config.kind} on ${datasetName}, ${poison.poisonedTrain.count} poisoned images`,
    unit: 'epoch',
  });
  await writeAttackResult(files.checkpoint, {
    modelName: config.model,
    numClasses: dataset.numClasses,
    stateDict,
    dataPath: storedDataPath(record, dataset.path),
    imageSize: [dataset.height, dataset.width, 3],
    datasetName,
    poisonedTrain,
    poisonedTest: datasetState(record, FOLDERS.test, poison.poisonedTest, poison.testCount, false),
  });
  return files;
}

/** Takes back what an earlier or a failed attack left: a record is whole or not there. */
export async function removeRecord(record: string): Promise<void> {
  const names = [
    'attack_result.pt',
    ...Object.values(FOLDERS),
    'attack_df.csv',
    'rounds.jsonl',
    RECORD_NOTES,
    'curves.svg',
  ];
  names.push('info.pickle', 'train_poison_index_list.pickle');
  for (const name of names) {
    // An aborted writer may still finish its last images: try again then.
    await rm(join(record, name), {recursive: true, force: true, maxRetries: 5});
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
