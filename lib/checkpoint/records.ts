import {FormatError} from './checkpoint_error.js';
import {type PoisonedDatasetState, readDatasetState} from './dataset_state.js';
import {describeValue, PyTuple} from './pickle_values.js';

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
  /** The training set with its poisoned images; null where the record has none. */
  readonly poisonedTrain: PoisonedDatasetState | null;
  /** The poisoned test images; null where the record has none. */
  readonly poisonedTest: PoisonedDatasetState | null;
}

/** Of an image, in pixels; a damaged or hostile file must not make the machine run out of memory. */
const MAX_SIDE = 4096;

type Dict = ReadonlyMap<unknown, unknown>;

/** True for the top-level dict of an attack record. */
export function isAttackResult(value: unknown): value is Dict {
  return (
    value instanceof Map &&
    ['model_name', 'num_classes', 'model', 'clean_data', 'bd_test'].every((key) => value.has(key))
  );
}

/** Reads everything of an attack record but its weights; throws FormatError. */
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
