import {readdir, stat} from 'node:fs/promises';
import {basename, dirname} from 'node:path';
import {SauError} from '../base/errors.js';
import {localPath} from '../base/path_exists.js';
import {
  type CheckpointFile,
  checkStorage,
  withCheckpointFile,
} from '../checkpoint/checkpoint_file.js';
import {describeKey, describeKeys, describeValue} from '../checkpoint/describe_value.js';
import {findStateDict, stateDictsIn} from '../checkpoint/find_state_dict.js';
import {FOREIGN, isForeignFormat} from '../checkpoint/foreign_file.js';
import {elementCount} from '../checkpoint/tensor.js';
import {knownTitles} from '../datasets/known.js';
import {type Spelling, spelled} from '../options/named.js';
import {
  isAttackResult,
  type PoisonedDatasetState,
  poisonedEntries,
  readRecord,
} from './attack_result.js';
import {describeProgram} from './describe_program.js';
import type {
  CheckpointDescription,
  DatasetDescription,
  ModelDescription,
  RecordDescription,
} from './description.js';
import {DEFENSE_STATE, POISONED_SET, RECORD} from './layout.js';
import {classesByOrder, headOf, isDefenseResult, modelOf} from './read_checkpoint.js';
import {createPngResolver, findRecordFile, type PngResolver} from './record_paths.js';
import {suitabilityOf} from './suitability.js';

/** How many images of a record are looked for on disk. */
const PROBED_IMAGES = 5;

/**
 * Describes a checkpoint, or that of a record folder, as plain JSON without reading its tensors, and says whether
 * it can be purified. Works without LibTorch; the weights are compared with the known architectures where it is
 * there. A file that is known for something else is described as such. Throws ERR_CHECKPOINT for a missing or
 * damaged one, or ERR_UNSAFE_PICKLE if it names code.
 * @example
 * ```ts
 * const {purifiable, architecture, kind, model, record} = await inspect('record/badnet_demo');
 * ```
 */
export async function inspectCheckpoint(
  pathOrFolder: string | URL,
): Promise<CheckpointDescription> {
  return inWords(await describeCheckpoint(pathOrFolder));
}

/** A description whose texts name options as `spell` says; by default as in the library. */
export function inWords(
  description: CheckpointDescription,
  spell?: Spelling,
): CheckpointDescription {
  const said = (text: string | null): string | null =>
    text === null ? null : spelled(text, spell);
  return {...description, because: said(description.because), advice: said(description.advice)};
}

/** As {@link inspectCheckpoint}, with the names of options still marked as such. */
export async function describeCheckpoint(
  pathOrFolder: string | URL,
): Promise<CheckpointDescription> {
  const given = localPath(pathOrFolder);
  try {
    const path = await findRecordFile(given, [RECORD.checkpoint, DEFENSE_STATE, RECORD.info]);
    return await withCheckpointFile(path, (file) => describeFile(file, path));
  } catch (error) {
    const foreign = await describeForeign(error);
    if (foreign === null) throw error;
    return foreign;
  }
}

async function describeForeign(error: unknown): Promise<CheckpointDescription | null> {
  if (!(error instanceof SauError)) return null;
  const {format, path, global} = error.details;
  if (!isForeignFormat(format) || typeof path !== 'string') return null;
  const common = {
    ...{path, format, fileBytes: (await stat(path)).size, architecture: null},
    ...{notes: [], pickleProtocol: null, globals: [], record: null},
  };
  if (format === 'torch-export') {
    return {...common, kind: 'program', ...(await describeProgram(path))};
  }
  const made = typeof global === 'string' ? ` (${global})` : '';
  return {
    ...common,
    kind: 'foreign',
    ...{purifiable: false, because: `it is ${FOREIGN[format].is}${made}`},
    ...{advice: FOREIGN[format].advice, model: null, content: null},
  };
}

async function describeFile(file: CheckpointFile, path: string): Promise<CheckpointDescription> {
  const {value, format} = file;
  const common = {
    path,
    format,
    fileBytes: file.storages.fileBytes,
    pickleProtocol: file.protocol,
    globals: file.globals,
  };
  if (format !== 'safetensors' && !file.globals.some((name) => name.startsWith('torch.'))) {
    return {
      ...common,
      kind: isPoisonedSet(value) ? 'poisoned_set' : 'other',
      ...{purifiable: false, because: 'it has no weights', advice: null, architecture: null},
      ...{notes: [], model: null, record: null, content: outline(value)},
    };
  }
  const several = stateDictsIn(weightsIn(value));
  if (several.length > 1) {
    return {
      ...common,
      kind: 'other',
      purifiable: false,
      because: `it holds several state dicts: ${describeKeys(several)}`,
      advice: 'Save the one that you mean alone.',
      ...{architecture: null, notes: [], model: null, record: null, content: outline(value)},
    };
  }
  const {model, notes} = describeModel(file, path);
  const suitability = await suitabilityOf({path, ...model});
  const rest = {...common, ...suitability, notes, model, content: null};
  if (isAttackResult(value)) {
    return {...rest, kind: 'attack_result', record: await describeRecord(value, path)};
  }
  if (basename(path) === RECORD.checkpoint) return {...rest, kind: 'attack_epoch', record: null};
  if (basename(path) === DEFENSE_STATE) return {...rest, kind: 'defense_state', record: null};
  return {...rest, kind: isDefenseResult(value) ? 'defense_result' : 'state_dict', record: null};
}

/** The part of a checkpoint that has its weights. */
function weightsIn(value: unknown): unknown {
  return isAttackResult(value) ? modelOf(value) : value;
}

function isPoisonedSet(value: unknown): boolean {
  return value instanceof Map && value.get('content') === POISONED_SET;
}

function describeModel(
  {format, storages, value}: CheckpointFile,
  path: string,
): {model: ModelDescription; notes: readonly string[]} {
  const {keyPath, tensors, notes} = findStateDict(weightsIn(value), path);
  const list = [...tensors].map(([name, {storage, shape}]) => {
    checkStorage(storages, storage);
    return {name, dtype: storage.dtype, shape};
  });
  const {modelName, numClasses} = headOf(value);
  const model = {
    modelName,
    numClasses: numClasses ?? classesByOrder(format, tensors),
    keyPath,
    tensorCount: list.length,
    elementCount: list.reduce((total, {shape}) => total + elementCount(shape), 0),
    dtypes: [...new Set(list.map(({dtype}) => dtype))],
    tensors: list,
  };
  return {model, notes};
}

async function describeRecord(
  value: ReadonlyMap<unknown, unknown>,
  path: string,
): Promise<RecordDescription> {
  const record = await readRecord(value);
  const resolver = createPngResolver(path);
  return {
    datasetName: record.datasetName,
    classTitles: knownTitles(record.datasetName, record.numClasses),
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
  const found = await Promise.all(probed.map(({path}) => resolver.exists(path)));
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

function distinct(labels: readonly number[]): number[] {
  return [...new Set(labels)].sort((a, b) => a - b);
}

/** So many keys of a file are listed. */
const MAX_OUTLINE = 1000;

function outline(value: unknown): Record<string, string> | string {
  if (!(value instanceof Map)) return describeValue(value);
  const lines = [...value]
    .slice(0, MAX_OUTLINE)
    .map(([key, child]) => [describeKey(key), describeValue(child)]);
  const more = value.size - lines.length;
  return Object.fromEntries(more > 0 ? [...lines, ['...', `${more} more`]] : lines);
}
