import {Breather} from '../base/breather.js';
import {FormatError} from '../checkpoint/checkpoint_error.js';
import {describeValue} from '../checkpoint/describe_value.js';
import {NumpyArray} from '../checkpoint/numpy_values.js';
import {PyTuple} from '../checkpoint/pickle_values.js';

/** A poisoned image of a record and its labels, 0-based. */
export interface PoisonedImage {
  /** As stored: see createPngResolver. */
  readonly path: string;
  /** The label that the attack wants. */
  readonly attackLabel: number;
  /** The true label. */
  readonly originalLabel: number;
}

/**
 * Which images of the clean data set are replaced by poisoned ones, and where these are stored (specification C.3).
 */
export interface PoisonedDatasetState {
  /** Original indices that the set exposes, in order: all for training, the poisoned ones for the test set. */
  readonly originalIndices: Int32Array;
  /** By original index, over the whole clean data set: 1 poisoned, 0 clean. */
  readonly poisonIndicator: Uint8Array;
  /** By original index. May hold more images than are poisoned. */
  readonly items: ReadonlyMap<number, PoisonedImage>;
  /** Folder of the images as stored; null if there is none. */
  readonly saveFolderPath: string | null;
}

interface PoisonedEntry extends PoisonedImage {
  readonly originalIndex: number;
}

/** The poisoned images that the set exposes, in its order. */
export function poisonedEntries(state: PoisonedDatasetState): PoisonedEntry[] {
  const entries: PoisonedEntry[] = [];
  for (const originalIndex of state.originalIndices) {
    const item = state.items.get(originalIndex);
    if (state.poisonIndicator[originalIndex] === 1 && item !== undefined) {
      entries.push({originalIndex, ...item});
    }
  }
  return entries;
}

type Dict = ReadonlyMap<unknown, unknown>;

/** Reads `bd_train` or `bd_test`, named by `field`; null if the record has none. Throws FormatError. */
async function readDatasetState(
  value: unknown,
  field: string,
): Promise<PoisonedDatasetState | null> {
  if (value === null) return null;
  const state = dict(value, field);
  const container = dict(state.get('bd_data_container'), `${field}.bd_data_container`);
  const poisonIndicator = await indicator(state.get('poison_indicator'), field);
  const originalIndices = await indices(state.get('original_index_array'), poisonIndicator, field);
  const items = await readItems(dict(container.get('data_dict'), `${field}.data_dict`), field);
  for (const index of originalIndices) {
    if (poisonIndicator[index] === 1 && !items.has(index)) {
      throw new FormatError(`its ${field} marks image ${index} as poisoned but has no path for it`);
    }
  }
  const folder = state.get('save_folder_path') ?? null;
  return {
    originalIndices,
    poisonIndicator,
    items,
    saveFolderPath: typeof folder === 'string' ? folder : null,
  };
}

async function indicator(value: unknown, field: string): Promise<Uint8Array> {
  const flags = await numbers(value, `${field}.poison_indicator`);
  const bits = new Uint8Array(flags.length);
  for (let i = 0; i < flags.length; i++) bits[i] = flags[i] === 0 ? 0 : 1;
  return bits;
}

async function indices(value: unknown, within: Uint8Array, field: string): Promise<Int32Array> {
  const stored = await numbers(value, `${field}.original_index_array`);
  const outside = stored.find((i) => !Number.isInteger(i) || i < 0 || i >= within.length);
  if (outside !== undefined) {
    throw new FormatError(
      `its ${field} exposes image ${outside} of a data set of ${within.length} images`,
    );
  }
  return new Int32Array(stored);
}

async function numbers(value: unknown, field: string): Promise<Float64Array> {
  if (!(value instanceof NumpyArray) || value.shape.length !== 1) {
    throw new FormatError(`its ${field} is ${describeValue(value)}, not a numpy vector`);
  }
  return value.numbers();
}

async function readItems(dictionary: Dict, field: string): Promise<Map<number, PoisonedImage>> {
  const items = new Map<number, PoisonedImage>();
  const breather = new Breather();
  for (const [key, value] of dictionary) {
    if (typeof key !== 'number' || !Number.isSafeInteger(key) || key < 0) {
      throw new FormatError(`its ${field} has an image under ${describeValue(key)}, not an index`);
    }
    items.set(
      key,
      readItem(value, () => `${field} image ${key}`),
    );
    if (breather.due) await breather.rest();
  }
  return items;
}

/** `where` names the image in messages: a record has tens of thousands, and few have one. */
function readItem(value: unknown, where: () => string): PoisonedImage {
  if (value instanceof PyTuple) {
    throw new FormatError(
      `its ${where()} is kept in memory, not as a PNG file`,
      'run the attack again so that it saves its images',
    );
  }
  const item = value instanceof Map ? value : dict(value, where());
  const path = item.get('path');
  const info = item.get('other_info');
  const [attackLabel, originalLabel] = info instanceof PyTuple ? info.items : list(info);
  if (
    typeof path !== 'string' ||
    path.includes('\0') ||
    !isLabel(attackLabel) ||
    !isLabel(originalLabel)
  ) {
    throw new FormatError(
      `its ${where()} has path ${describeValue(path)} and labels ${describeValue(info)}, not a path and two labels`,
    );
  }
  return {path, attackLabel, originalLabel};
}

function isLabel(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function dict(value: unknown, field: string): Dict {
  if (!(value instanceof Map)) {
    throw new FormatError(`its ${field} is ${describeValue(value)}, not a dict`);
  }
  return value;
}

/** What `attack_result.pt` says besides its weights (specification C.3). */
export interface BackdoorRecord {
  /** Such as `preactresnet18`. */
  readonly modelName: string;
  /** Outputs of the classifier. */
  readonly numClasses: number;
  /** As stored, such as `./data/cifar10`. */
  readonly dataPath: string;
  /** [height, width, channels] */
  readonly imageSize: readonly [number, number, number];
  /** Such as `cifar10`. */
  readonly datasetName: string;
  /** The training set with its poisoned images; null if the record has none. */
  readonly poisonedTrain: PoisonedDatasetState | null;
  /** The poisoned test images; null if the record has none. */
  readonly poisonedTest: PoisonedDatasetState | null;
}

/** Largest side of an image in pixels, so that a damaged or hostile file cannot exhaust the memory. */
const MAX_SIDE = 4096;

/** True for the top-level dict of an attack record. */
export function isAttackResult(value: unknown): value is Dict {
  return (
    value instanceof Map &&
    ['model_name', 'num_classes', 'model', 'clean_data', 'bd_test'].every((key) => value.has(key))
  );
}

/** Reads everything of an attack record except its weights; throws FormatError. */
export async function readRecord(dict: Dict): Promise<BackdoorRecord> {
  return {
    modelName: text(dict, 'model_name'),
    numClasses: count(dict.get('num_classes'), 'num_classes'),
    dataPath: text(dict, 'data_path'),
    imageSize: imageSize(dict.get('img_size')),
    datasetName: text(dict, 'clean_data'),
    poisonedTrain: await readDatasetState(dict.get('bd_train') ?? null, 'bd_train'),
    poisonedTest: await readDatasetState(dict.get('bd_test') ?? null, 'bd_test'),
  };
}

function text(dict: Dict, key: string): string {
  const value = dict.get(key);
  if (typeof value !== 'string') {
    throw new FormatError(`its ${key} is ${describeValue(value)}, not text`);
  }
  return value;
}

function count(value: unknown, key: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw new FormatError(`its ${key} is ${describeValue(value)}, not a positive integer`);
  }
  return value;
}

function imageSize(value: unknown): readonly [number, number, number] {
  const items = value instanceof PyTuple ? value.items : value;
  if (!Array.isArray(items) || items.length !== 3) {
    throw new FormatError(`its img_size is ${describeValue(value)}, not (height, width, channels)`);
  }
  const [height, width, channels] = items.map((side) => count(side, 'img_size'));
  if (Math.max(height ?? 0, width ?? 0) > MAX_SIDE || channels !== 3) {
    throw new FormatError(
      `its img_size is (${items.join(', ')}), not up to ${MAX_SIDE} pixels in height and width and 3 channels`,
    );
  }
  return [height ?? 0, width ?? 0, channels];
}
