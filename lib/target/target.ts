import {dirname, join} from 'node:path';
import {SauError} from '../base/errors.js';
import {pathExists} from '../base/path_exists.js';
import type {Dataset} from '../datasets/dataset.js';
import {type FetchHint, fetchHintOf, usualPlaceOf} from '../datasets/fetch_hint.js';
import {ImageMemory} from '../datasets/image_memory.js';
import {findKnown, KNOWN, knownTitles} from '../datasets/known.js';
import {type OpenDatasetOptions, openDataset} from '../datasets/open_dataset.js';
import {
  type ImageSize,
  makeTransform,
  type Transform,
  type TransformOptions,
} from '../datasets/transform.js';
import {checkModelName, checkModelSize, classesOfHead, modelOfWeights} from '../models/identify.js';
import {loadCore} from '../native/binding.js';
import {named, spelled} from '../options/named.js';
import type {ChannelConstants, DataConfig} from '../options/types.js';
import type {Program} from '../programs/program.js';
import {readProgram} from '../programs/read_program.js';
import {readWeights} from '../programs/read_weights.js';
import {checkpointOf, programName} from '../programs/weights.js';
import type {BackdoorRecord} from '../records/attack_result.js';
import {RECORD, recordAbove} from '../records/layout.js';
import {
  type Checkpoint,
  type DescribedCheckpoint,
  readCheckpoint,
  withoutBytes,
} from '../records/read_checkpoint.js';
import {type RecordNotes, readRecordNotes} from '../records/record_notes.js';
import {datasetRootsOf} from '../records/record_paths.js';
import {imageCounter, type RunOptions} from '../run/progress.js';
import {askedSize, transformOptionsOf} from './picture_options.js';
import {UntakenWeights} from './weights.js';

/** A record of an attack, and the file that it was read from. */
export interface FoundRecord extends BackdoorRecord {
  readonly path: string;
}

/** A checkpoint with all that is needed to run it: the model, the scale of the pixels, the data. */
export interface Target {
  readonly checkpoint: DescribedCheckpoint;
  /** Of the checkpoint. */
  readonly weights: UntakenWeights;
  readonly record: FoundRecord | null;
  /** Folders that the user named, where images of the record may be too. */
  readonly folders: readonly string[];
  /** null if only clean images were given. */
  readonly dataset: Dataset | null;
  /** Such as `preactresnet18`, or the name of the program. */
  readonly model: string;
  /** The network where it is none of the known architectures. */
  readonly program: Program | null;
  readonly numClasses: number;
  readonly size: ImageSize;
  /** How pictures become images of that size. */
  readonly transform: Transform;
  /** The same as options, the record's included. */
  readonly transformOptions: TransformOptions;
  /** Where images go. */
  readonly memory: ImageMemory;
  readonly mean: ChannelConstants;
  readonly std: ChannelConstants;
  /** [numClasses] What the classes are called; null where that is not known. */
  readonly classTitles: readonly string[] | null;
  /** A key of KNOWN where it is known, else what the record or folder says. */
  readonly datasetName: string;
}

/** The name of a data set of which nothing is known. */
const UNKNOWN = 'unknown';

export interface TargetConfig extends DataConfig {
  readonly ckpt: string;
  readonly model: string | null;
  readonly program?: string | null;
  /** Record whose poisoned test set is used if the checkpoint has none. */
  readonly poisoned?: string | null;
}

/**
 * Reads a checkpoint and finds its data set, model, classes, image size and normalization. The user's options come
 * first, then the record, then the data set. Throws ERR_CHECKPOINT, ERR_DATASET or ERR_CONFIG.
 */
export async function openTarget(config: TargetConfig, run: RunOptions): Promise<Target> {
  const note = (message: string): void => run.onProgress?.({kind: 'note', message});
  const program = config.program ? await readProgram(config.program) : null;
  const checkpoint = await checkpointAt(config.ckpt, program);
  for (const message of checkpoint.notes) note(message);
  const record = await recordOf(checkpoint, config.poisoned ?? null, note);
  const recordSize =
    record === null ? undefined : {height: record.imageSize[0], width: record.imageSize[1]};
  const asked = askedSize(config) ?? recordSize;
  const size = program === null ? asked : sizeOfProgram(program, asked);
  const transformOptions = await transformOptionsOf(config, record?.path ?? null);
  const memory = new ImageMemory(config.dataMemory ?? undefined);
  const scan = {signal: run.signal, onImages: imageCounter(run, 'finding')};
  const opening = {size, transform: transformOptions, memory, scan};
  const dataset = await findDataset(config, record, opening);
  if (dataset?.note) note(dataset.note);
  const datasetName =
    findKnown(config.dataset)?.name ?? dataset?.name ?? record?.datasetName ?? UNKNOWN;
  const {model, numClasses} =
    program === null
      ? await modelOf(config, checkpoint, dataset)
      : {model: programName(program), numClasses: classesOf(config, program, dataset)};
  const {height, width} = size ?? dataset ?? sizeOfKnown(datasetName);
  return {
    checkpoint: withoutBytes(checkpoint),
    weights: new UntakenWeights(checkpoint.stateDict),
    record,
    folders: config.data === null ? [] : [config.data],
    dataset,
    ...{model, program, numClasses},
    size: {height, width},
    transform: dataset?.transform ?? makeTransform({height, width}, transformOptions),
    ...{transformOptions, memory},
    ...(await normalization(config, record, {name: datasetName, path: dataset?.path, numClasses})),
    classTitles: dataset?.classTitles ?? knownTitles(datasetName, numClasses),
    datasetName,
  };
}

/** Images of which the normalization is asked for. */
interface Images {
  /** Of the data set, known or not. */
  readonly name: string;
  /** Its folder, if there is one. */
  readonly path: string | undefined;
  readonly numClasses: number;
}

/**
 * Normalization constants: the user's, those in the record's notes, or those of a known data set. A folder counts
 * as a known data set only if its number of classes agrees too. Throws ERR_CONFIG if none are known, and
 * ERR_CHECKPOINT if the notes are damaged.
 */
export async function normalization(
  {mean, std}: Pick<DataConfig, 'mean' | 'std'>,
  record: Pick<FoundRecord, 'path'> | null,
  {name, path, numClasses}: Images,
): Promise<RecordNotes> {
  if (mean !== null && std !== null) return {mean, std};
  const notes = record === null ? null : await readRecordNotes(dirname(record.path));
  if (notes !== null) return notes;
  const known = findKnown(name);
  if (known?.numClasses === numClasses) return {mean: known.mean, std: known.std};
  const images = path ?? (name === UNKNOWN ? 'images' : `the data set ${JSON.stringify(name)}`);
  throw new SauError(
    'ERR_CONFIG',
    `Expected ${named('mean')} and ${named('std')} for ${images} of ${numClasses} classes but received neither; give the ` +
      `constants that the model was trained with, such as those of ${Object.keys(KNOWN).join(', ')}`,
    {details: {name, path, numClasses}},
  );
}

async function recordOf(
  checkpoint: Checkpoint,
  poisoned: string | null,
  note: (message: string) => void,
): Promise<FoundRecord | null> {
  if (poisoned !== null) {
    const other = await readCheckpoint(poisoned);
    if (other.record !== null) return {...other.record, path: other.path};
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected a record with a poisoned test set at ${poisoned} but found weights only.`,
      {
        remedy: 'Name the record folder of the attack, or its attack_result.pt.',
        details: {path: poisoned},
      },
    );
  }
  if (checkpoint.record !== null) return {...checkpoint.record, path: checkpoint.path};
  const above = join(recordAbove(dirname(checkpoint.path)), RECORD.result);
  if (checkpoint.kind !== 'defense_result' || !(await pathExists(above))) return null;
  const other = await readCheckpoint(above);
  if (other.record === null) return null;
  note(`using the data of the record ${dirname(above)}`);
  return {...other.record, path: above};
}

async function findDataset(
  config: DataConfig,
  record: FoundRecord | null,
  options: Pick<OpenDatasetOptions, 'size' | 'transform' | 'memory' | 'scan'>,
): Promise<Dataset | null> {
  const {dataset} = config;
  if (config.data !== null) return openDataset({path: config.data, dataset, ...options});
  if (record === null) return null;
  const likely = record.datasetName;
  for (const path of await datasetRootsOf(record.path, record.dataPath)) {
    if (await pathExists(path)) return openDataset({path, dataset, likely, ...options});
  }
  const usual = usualPlaceOf(record);
  if (usual !== null && (await pathExists(usual)))
    return openDataset({path: usual, dataset, ...options});
  return null;
}

/** How the data set of a record that is not there is fetched; null where it cannot be. */
export function hintOf(record: FoundRecord | null): FetchHint | null {
  const place = record === null ? null : usualPlaceOf(record);
  return place === null ? null : fetchHintOf(place);
}

/** Beside a program the weights may be its own, or those of another program. */
async function checkpointAt(path: string, program: Program | null): Promise<Checkpoint> {
  if (program === null) return readCheckpoint(path);
  return path === program.path ? checkpointOf(program) : readWeights(path);
}

/** A program takes images of one size. Throws ERR_CONFIG where another one is asked for. */
export function sizeOfProgram(
  {path, height, width}: Program,
  asked: ImageSize | undefined,
): ImageSize {
  if (asked === undefined || (asked.height === height && asked.width === width)) {
    return {height, width};
  }
  throw new SauError(
    'ERR_CONFIG',
    `Expected images of ${height} x ${width} pixels, which the program ${path} takes, but the record or ` +
      `${named('imageSize')} has ${asked.height} x ${asked.width}.`,
    {
      remedy: 'Export the model with a batch of images of that size.',
      details: {path, height, width, asked},
    },
  );
}

/** A bare state dict names neither its model nor its classes: its weights do. */
async function modelOf(
  config: TargetConfig,
  checkpoint: Checkpoint,
  dataset: Dataset | null,
): Promise<{model: string; numClasses: number}> {
  const {core} = await loadCore();
  const model = config.model ?? checkpoint.modelName ?? modelOfWeights(core, checkpoint);
  checkModelName(model, checkpoint);
  const {modelName, numClasses: said} = checkpoint;
  const own = modelName === null ? (classesOfHead(core, model, checkpoint) ?? said) : said;
  const numClasses = classesOf(config, {path: checkpoint.path, numClasses: own}, dataset);
  checkModelSize(core, model, numClasses, checkpoint);
  return {model, numClasses};
}

function classesOf(
  config: DataConfig,
  checkpoint: Pick<Checkpoint, 'path' | 'numClasses'>,
  dataset: Dataset | null,
): number {
  const claims = [
    [named('numClasses'), config.numClasses],
    [`${named('dataset')} ${config.dataset}`, findKnown(config.dataset)?.numClasses ?? null],
    [`the checkpoint ${checkpoint.path}`, checkpoint.numClasses],
    [`the data set ${dataset?.path ?? ''}`, dataset?.numClasses ?? null],
  ] as const;
  const known = claims.filter((claim) => claim[1] !== null);
  const [first, ...others] = known;
  const numClasses = first?.[1] ?? null;
  if (first === undefined || numClasses === null) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected ${named('numClasses')} but received nothing, and neither the checkpoint nor a data set tells the number of classes. ` +
        `Give the number of outputs of the model, or its data set with ${named('data')}.`,
    );
  }
  for (const [source, count] of others) {
    if (count === numClasses) continue;
    throw new SauError(
      'ERR_DATASET',
      `Expected one number of classes but ${first[0]} has ${numClasses} and ${source} has ${count}; ` +
        'check that the data belongs to this model',
      {details: {claims: Object.fromEntries(known.map(([by, count]) => [spelled(by), count]))}},
    );
  }
  return numClasses;
}

function sizeOfKnown(datasetName: string): ImageSize {
  const known = findKnown(datasetName);
  if (known !== null) return {height: known.size, width: known.size};
  throw new SauError(
    'ERR_CONFIG',
    `Expected ${named('imageSize')} but received nothing, and neither a record nor a data set tells the size of the images. ` +
      'Give the side in pixels that the model was trained at.',
  );
}
