import {rm} from 'node:fs/promises';
import {dirname, isAbsolute, join, relative, sep} from 'node:path';
import {removeFiles, unwritableFile, writeWholeFile} from '../base/whole_file.js';
import type {StateDict} from '../checkpoint/tensor.js';
import type {ImageSet} from '../datasets/image_set.js';
import {writePng, writePngs} from '../datasets/write_pngs.js';
import {packageVersion, versions} from '../native/versions.js';
import {resolveTraining} from '../options/config.js';
import type {ChannelConstants} from '../options/types.js';
import {writeCurves} from '../report/curves.js';
import {TRAINING_FIGURES} from '../report/round_columns.js';
import type {Metrics} from '../run/metrics.js';
import {imageCounter, type RunOptions} from '../run/progress.js';
import type {AttackFiles, RoundReport} from '../run/results.js';
import type {OpenedAttack} from '../simulation/opened_attack.js';
import {removeAttackCheckpoint} from './attack_checkpoint.js';
import type {PoisonedDatasetState} from './attack_result.js';
import {IMAGE_FOLDERS, POISONED_SET, RECORD, RUN} from './layout.js';
import {sha256OfFile, writeRun} from './run.js';
import {type RunSummary, type RunVersions, runRound} from './run_summary.js';
import {SCHEMA_VERSION} from './schema_version.js';
import {writeAttackResult, writeInfoPickle, writePoisonIndexList} from './write_checkpoint.js';

/** The images of a record. */
export interface RecordedPoison {
  readonly train: Pick<ImageSet, 'count'>;
  /** The changed images of the training set, with their attack labels. */
  readonly poisonedTrain: ImageSet;
  /** How many of them have the trigger; the others are only disturbed. */
  readonly poisonedCount: number;
  readonly poisonedTest: ImageSet;
  /** Test images with a disturbance that is not a trigger; only some attacks have them. */
  readonly crossTest?: ImageSet;
  /** A picture of the trigger, if the attack has one. */
  readonly picture?: Uint8Array | undefined;
  readonly testCount: number;
}

/** An attack whose images are known. */
export interface RecordedAttack extends OpenedAttack {
  readonly poison: RecordedPoison;
}

export interface FinishedAttack extends RecordedAttack {
  readonly stateDict: StateDict;
  readonly epochs: readonly RoundReport[];
  /** Of the victim. */
  readonly metrics: Metrics;
  readonly device: string;
  readonly precision: string;
}

/**
 * Writes a BackdoorBench record folder (specification C.3): the poisoned images, the bookkeeping and then,
 * so that a record with it is whole, attack_result.pt; the summary, which has its checksum, comes last.
 * Throws ERR_OUTPUT.
 */
export async function writeAttackRecord(
  record: string,
  attack: FinishedAttack,
  run: RunOptions = {},
): Promise<AttackFiles> {
  const {config, dataset, datasetName, poison, stateDict, epochs} = attack;
  const files = {
    checkpoint: join(record, RECORD.result),
    notes: join(record, RECORD.notes),
    curves: join(record, RUN.curves),
  };
  // Input-aware's first epochs are not among the reports.
  const content = {epochs: (epochs.at(-1)?.round ?? -1) + 1};
  const made = await versions();
  const states = await writePoisoned(record, attack, content, made, run);
  await writeCurves(files.curves, {
    before: null,
    rounds: epochs,
    after: attack.metrics,
    title: `${config.kind} on ${datasetName}, ${poison.poisonedTrain.count} poisoned images`,
    unit: 'epoch',
    figures: TRAINING_FIGURES,
    stage: 'training',
  });
  await writeAttackResult(files.checkpoint, {
    modelName: attack.model,
    numClasses: dataset.numClasses,
    stateDict,
    dataPath: storedDataPath(record, dataset.root),
    imageSize: [dataset.height, dataset.width, 3],
    datasetName,
    ...states,
  });
  const {device, precision, metrics} = attack;
  const summary = summaryOf(attack, made);
  const summaryPath = await writeRun(record, {
    ...summary,
    options: {...summary.options, device, precision},
    ...{device, precision},
    result: {path: RECORD.result, sha256: await sha256OfFile(files.checkpoint)},
    rounds: epochs.map(runRound),
    after: metrics,
    completedRounds: epochs.length,
    files: {
      ...{checkpoint: RECORD.result, notes: RECORD.notes, curves: RUN.curves},
      ...{csv: RECORD.csv, jsonl: RUN.rounds},
      ...(config.preview ? {preview: RECORD.preview} : {}),
    },
  });
  return {...files, run: summaryPath};
}

/**
 * Writes a record folder without a model. The format has no attack_result.pt without weights, so there is none, and
 * the notes say so. Throws ERR_OUTPUT.
 */
export async function writePoisonedSet(
  record: string,
  attack: RecordedAttack,
  run: RunOptions = {},
): Promise<AttackFiles> {
  const content = {content: POISONED_SET, epochs: 0};
  // Not versions(), which would load LibTorch.
  const made = {sauNative: packageVersion(), node: process.versions.node};
  await writePoisoned(record, attack, content, made, run);
  const files = {
    ...{train: RECORD.trainImages, test: RECORD.testImages, poisonIndex: RECORD.poisonIndex},
    ...{info: RECORD.info, notes: RECORD.notes},
  };
  const summary = summaryOf(attack, {...made, libtorch: null, libtorchCuda: null});
  const summaryPath = await writeRun(record, {
    ...summary,
    files: {...files, ...(attack.config.preview ? {preview: RECORD.preview} : {})},
  });
  const paths = Object.entries(files).map(([key, name]) => [key, join(record, name)]);
  return {...Object.fromEntries(paths), run: summaryPath};
}

/** What is known of an attack before its victim is trained. */
function summaryOf(attack: RecordedAttack, made: RunVersions): RunSummary {
  const {config, dataset, datasetName, poison, scale, started} = attack;
  const {numClasses, height, width} = dataset;
  return {
    ...{schemaVersion: SCHEMA_VERSION, kind: 'attack', method: config.kind, versions: made},
    started: started.date.toISOString(),
    seconds: started.seconds,
    ...{device: null, precision: null, seed: config.seed},
    options: {
      ...config,
      ...resolveTraining(config, datasetName),
      ...{...scale, numClasses},
      ...(height === width ? {imageSize: height} : {}), // an option that has one number for both
    },
    ...{checkpoint: null, result: null},
    ...{model: attack.model, numClasses},
    dataset: {
      ...{name: datasetName, path: dataset.path, format: dataset.format},
      classTitles: dataset.classTitles,
      imageSize: [dataset.height, dataset.width],
      ...scale,
    },
    cleanSubset: null,
    poisoned: {train: poison.poisonedCount, test: poison.poisonedTest.count},
    ...{before: null, rounds: [], after: null, der: null, completedRounds: 0, interrupted: false},
    ...{verdict: null, selection: null, passes: null, stopped: null, cost: null},
    files: {},
  };
}

/** The contents of sau_native.json. */
export interface RecordNotesFile {
  /** Version of this form. */
  readonly schemaVersion: typeof SCHEMA_VERSION;
  /** Of the normalization, in [0,1] pixel scale. */
  readonly mean: ChannelConstants;
  /** Of the normalization, in [0,1] pixel scale. */
  readonly std: ChannelConstants;
  /** How pictures are brought to the network's size; null: straight to it. */
  readonly resize: string | null;
  /** The side of the middle that is taken; null: all of it. */
  readonly crop: number | null;
  /** How pictures are resized. */
  readonly interpolation: string | null;
  /** What the record is where it is no model. */
  readonly content?: string;
  /** Epochs that were trained. */
  readonly epochs: number;
  /** The options, `seed` among them. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What it was made with. */
  readonly versions: Pick<RunVersions, 'sauNative' | 'node'> & Partial<RunVersions>;
}

/** Writes the images and their bookkeeping. Returns what attack_result.pt says about them. */
async function writePoisoned(
  record: string,
  {config, dataset, datasetName, model, poison, scale}: RecordedAttack,
  content: Pick<RecordNotesFile, 'content' | 'epochs'>,
  made: RecordNotesFile['versions'],
  run: RunOptions,
) {
  const {trainImages: train, testImages: test} = RECORD;
  await writeImages(record, train, poison.poisonedTrain, run);
  await writeImages(record, test, poison.poisonedTest, run);
  if (poison.picture !== undefined) {
    await writePng(poison.picture, dataset, join(record, RECORD.triggerPicture));
  }
  if (poison.crossTest !== undefined) {
    await writeImages(record, RECORD.crossImages, poison.crossTest, run);
  }
  const poisonedTrain = datasetState(record, train, poison.poisonedTrain, poison.train.count, true);
  const poisonedTest = datasetState(record, test, poison.poisonedTest, poison.testCount, false);
  await writePoisonIndexList(join(record, RECORD.poisonIndex), poisonedTrain.poisonIndicator);
  await writeInfoPickle(join(record, RECORD.info), {
    attack: config.kind,
    dataset: datasetName,
    model,
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
  const {resize, crop, interpolation} = config;
  const notes: RecordNotesFile = {
    schemaVersion: SCHEMA_VERSION,
    ...scale,
    resize,
    crop,
    interpolation,
    ...content,
    config,
    versions: made,
  };
  await writeWholeFile(join(record, RECORD.notes), `${JSON.stringify(notes, null, 2)}\n`);
  return {poisonedTrain, poisonedTest};
}

/** The files and folders that an attack writes. */
export const RECORD_FILES: readonly string[] = [
  ...[RECORD.result, RECORD.notes, RECORD.info, RECORD.poisonIndex, RECORD.triggerPicture],
  ...[RUN.summary, RUN.curves, RECORD.csv, RUN.rounds, RECORD.preview, ...IMAGE_FOLDERS],
];

/**
 * Removes the files of an earlier or a failed attack, so that a record is whole or absent. Throws ERR_OUTPUT.
 * @param keepTraining Keep what an interrupted training needs to continue, and the rows of its epochs
 */
export async function removeRecord(record: string, {keepTraining = false} = {}): Promise<void> {
  const {result, notes, info, poisonIndex, triggerPicture} = RECORD;
  const names: string[] = [result, notes, info, poisonIndex, triggerPicture];
  names.push(RUN.summary, RUN.curves);
  if (!keepTraining) {
    names.push(RECORD.csv, RUN.rounds, RECORD.preview);
    await removeAttackCheckpoint(record);
  }
  await removeFiles(record, names);
  for (const name of IMAGE_FOLDERS) {
    const path = join(record, name);
    // An aborted writer may still finish its last images, so try again.
    await rm(path, {recursive: true, force: true, maxRetries: 5}).catch((error: unknown) => {
      throw unwritableFile(path, error);
    });
  }
}

async function writeImages(
  record: string,
  folder: string,
  set: ImageSet,
  run: RunOptions,
): Promise<void> {
  const pathOf = (i: number): string => join(record, folder, relativePng(set, i));
  await writePngs(set, pathOf, {signal: run.signal, onImages: imageCounter(run, 'writing')});
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

/** The path as the official tool stores it: relative to the folder that contains the record root. */
function storedRecordPath(record: string): string {
  return `./${withSlashes(relative(dirname(dirname(record)), record))}`;
}

function storedDataPath(record: string, data: string): string {
  const path = relative(dirname(dirname(record)), data);
  return path.startsWith('..') || isAbsolute(path) ? data : `./${withSlashes(path)}`;
}

/** A path with the separators of the official tool, on Windows too. */
function withSlashes(path: string): string {
  return path.split(sep).join('/');
}
