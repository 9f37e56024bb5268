import {readdir, stat} from 'node:fs/promises';
import {basename, dirname} from 'node:path';
import {describeValue} from '../checkpoint/pickle_values.js';
import {inferNumClasses} from '../checkpoint/state_dict.js';
import {type DType, elementCount} from '../checkpoint/tensor.js';
import {
  checkStorage,
  findStateDict,
  type TorchFile,
  withTorchFile,
} from '../checkpoint/torch_file.js';
import {
  isAttackResult,
  type PoisonedDatasetState,
  poisonedEntries,
  readRecord,
} from './attack_result.js';
import {POISONED_SET, RECORD} from './layout.js';
import {type CheckpointKind, headOf, isDefenseResult, modelOf} from './read_checkpoint.js';
import {createPngResolver, findRecordFile, type PngResolver} from './record_paths.js';

/** Images of a record whose files are looked for. */
const PROBED_IMAGES = 5;

export interface CheckpointDescription {
  readonly path: string;
  /**
   * attack_epoch: of an attack that was interrupted; poisoned_set: of one that trained nothing; 'other' for a
   * torch.save file without weights, such as info.pickle.
   */
  readonly kind: CheckpointKind | 'attack_epoch' | 'poisoned_set' | 'other';
  readonly fileBytes: number;
  readonly pickleProtocol: number;
  /** What the pickle names; all of it is in the known vocabulary. */
  readonly globals: readonly string[];
  readonly model: ModelDescription | null;
  readonly record: RecordDescription | null;
  /** For the kinds 'poisoned_set' and 'other': the top-level keys with a short description of their values. */
  readonly content: Readonly<Record<string, string>> | string | null;
}

export interface ModelDescription {
  readonly modelName: string | null;
  readonly numClasses: number | null;
  readonly keyPath: readonly string[];
  readonly tensorCount: number;
  /** Elements of all tensors, buffers such as running statistics among them. */
  readonly elementCount: number;
  readonly dtypes: readonly DType[];
  readonly tensors: readonly {name: string; dtype: DType; shape: readonly number[]}[];
}

export interface RecordDescription {
  readonly datasetName: string;
  readonly dataPath: string;
  readonly imageSize: readonly number[];
  readonly train: DatasetDescription | null;
  readonly test: DatasetDescription | null;
  /** Names in the folder of the checkpoint. */
  readonly files: readonly string[];
}

export interface DatasetDescription {
  /** Images that the set exposes, and those of them that are poisoned. */
  readonly images: number;
  readonly poisoned: number;
  /** Images that the record has a path for. */
  readonly saved: number;
  readonly attackLabels: readonly number[];
  readonly originalLabels: readonly number[];
  readonly saveFolderPath: string | null;
  /** The first poisoned images: where they are stored, and how many of these files exist. */
  readonly probedPaths: readonly string[];
  readonly probedFound: number;
}

/**
 * Describes a checkpoint, or the one of a record folder, as plain JSON without reading its tensors. Needs no
 * LibTorch. Throws ERR_CHECKPOINT, and ERR_UNSAFE_PICKLE where the file names code.
 */
export async function inspectCheckpoint(pathOrFolder: string): Promise<CheckpointDescription> {
  const path = await findRecordFile(pathOrFolder, [RECORD.checkpoint, RECORD.info]);
  return withTorchFile(path, async (file) => {
    const common = {
      path,
      fileBytes: file.zip.fileBytes,
      pickleProtocol: file.protocol,
      globals: file.globals,
    };
    const {value} = file;
    if (!file.globals.some((name) => name.startsWith('torch.'))) {
      const kind = isPoisonedSet(value) ? 'poisoned_set' : 'other';
      return {...common, kind, model: null, record: null, content: outline(value)};
    }
    const model = describeModel(file, path);
    if (isAttackResult(value)) {
      const record = await describeRecord(value, path);
      return {...common, kind: 'attack_result', model, record, content: null};
    }
    if (basename(path) === RECORD.checkpoint) {
      return {...common, kind: 'attack_epoch', model, record: null, content: null};
    }
    const kind = isDefenseResult(value) ? 'defense_result' : 'state_dict';
    return {...common, kind, model, record: null, content: null};
  });
}

function isPoisonedSet(value: unknown): boolean {
  return value instanceof Map && value.get('content') === POISONED_SET;
}

function describeModel({zip, value}: TorchFile, path: string): ModelDescription {
  const {keyPath, tensors} = findStateDict(isAttackResult(value) ? modelOf(value) : value, path);
  const list = [...tensors].map(([name, {storage, shape}]) => {
    checkStorage(zip, storage);
    return {name, dtype: storage.dtype, shape};
  });
  const {modelName, numClasses} = headOf(value);
  return {
    modelName,
    numClasses: numClasses ?? inferNumClasses(list.map(({shape}) => shape)),
    keyPath,
    tensorCount: list.length,
    elementCount: list.reduce((total, {shape}) => total + elementCount(shape), 0),
    dtypes: [...new Set(list.map(({dtype}) => dtype))],
    tensors: list,
  };
}

async function describeRecord(
  value: ReadonlyMap<unknown, unknown>,
  path: string,
): Promise<RecordDescription> {
  const record = await readRecord(value);
  const resolver = createPngResolver(path);
  return {
    datasetName: record.datasetName,
    dataPath: record.dataPath,
    imageSize: record.imageSize,
    train: await describeDataset(record.poisonedTrain, resolver),
    test: await describeDataset(record.poisonedTest, resolver),
    files: (await readdir(dirname(path))).sort(),
  };
}

async function describeDataset(
  state: PoisonedDatasetState | null,
  resolver: PngResolver,
): Promise<DatasetDescription | null> {
  if (state === null) return null;
  const entries = poisonedEntries(state);
  const probed = entries.slice(0, PROBED_IMAGES);
  const found = await Promise.all(probed.map(({path}) => existsAnywhere(resolver.places(path))));
  return {
    images: state.originalIndices.length,
    poisoned: entries.length,
    saved: state.items.size,
    attackLabels: distinct(entries.map(({attackLabel}) => attackLabel)),
    originalLabels: distinct(entries.map(({originalLabel}) => originalLabel)),
    saveFolderPath: state.saveFolderPath,
    probedPaths: probed.map(({path}) => path),
    probedFound: found.filter(Boolean).length,
  };
}

async function existsAnywhere(places: readonly string[]): Promise<boolean> {
  for (const place of places) {
    if ((await stat(place).catch(() => null))?.isFile()) return true;
  }
  return false;
}

function distinct(labels: readonly number[]): number[] {
  return [...new Set(labels)].sort((a, b) => a - b);
}

function outline(value: unknown): Record<string, string> | string {
  if (!(value instanceof Map)) return describeValue(value);
  return Object.fromEntries([...value].map(([key, child]) => [String(key), describeValue(child)]));
}
