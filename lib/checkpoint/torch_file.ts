import {SauError} from '../base/errors.js';
import {damagedFile, FormatError} from './checkpoint_error.js';
import {describeValue} from './pickle_values.js';
import {
  DTYPE_BYTES,
  elementCount,
  isRowMajor,
  type StateDict,
  type TensorData,
  toRowMajor,
} from './tensor.js';
import {resolveStorage, type StorageRef, TensorRef} from './torch_values.js';
import {TorchZip} from './torch_zip.js';
import {type Unpickled, unpickle} from './unpickle.js';
import {VOCABULARY} from './vocabulary.js';

/** An open torch.save file: its pickled value, with tensors that are read on demand. */
export interface TorchFile extends Unpickled {
  readonly zip: TorchZip;
}

/**
 * Opens a torch.save file, hands its contents to `use` and closes it. Throws ERR_CHECKPOINT and
 * ERR_UNSAFE_PICKLE (specification C.3).
 */
export async function withTorchFile<T>(
  path: string,
  use: (file: TorchFile) => Promise<T>,
): Promise<T> {
  const zip = await TorchZip.open(path);
  try {
    const pickle = await unpickle(await zip.read('data.pkl'), {
      source: path,
      vocabulary: VOCABULARY,
      persistentLoad: resolveStorage,
    });
    return await use({zip, ...pickle});
  } catch (error) {
    throw damagedFile(path, error);
  } finally {
    await zip.close();
  }
}

/**
 * Copies of non-contiguous tensors may exceed the file's size by this much, because views can repeat an element.
 */
const MAX_EXPANSION_BYTES = 256 << 20;

/** Reads tensors, contiguous and row-major. Tensors that share a storage share its bytes. */
export async function loadTensors(
  zip: TorchZip,
  refs: ReadonlyMap<string, TensorRef>,
): Promise<StateDict> {
  const storages = new Map<string, Uint8Array>();
  const tensors = new Map<string, TensorData>();
  let budget = zip.fileBytes + MAX_EXPANSION_BYTES;
  for (const [name, ref] of refs) {
    const {storage, shape, strides, offset} = ref;
    const itemBytes = DTYPE_BYTES[storage.dtype];
    checkStorage(zip, storage);
    const bytes = storages.get(storage.key) ?? (await zip.read(`data/${storage.key}`));
    storages.set(storage.key, bytes);
    const length = elementCount(shape) * itemBytes;
    let data = bytes.subarray(offset * itemBytes, offset * itemBytes + length);
    if (!isRowMajor(shape, strides)) {
      budget -= length;
      if (budget < 0) throw new FormatError(`its tensor ${name} is far larger than the file`);
      data = await toRowMajor(bytes, {itemBytes, shape, strides, offset});
    }
    tensors.set(name, {dtype: storage.dtype, shape, data});
  }
  return tensors;
}

/** Throws unless the file has the whole storage. Reads nothing. */
export function checkStorage(zip: TorchZip, {key, dtype, count}: StorageRef): void {
  const bytes = zip.sizeOf(`data/${key}`);
  if (bytes === null || bytes < count * DTYPE_BYTES[dtype]) {
    throw new FormatError(
      `its storage data/${key} has ${bytes ?? 'no'} bytes, not ${count * DTYPE_BYTES[dtype]}`,
    );
  }
}

/** A state dict in a checkpoint, not read yet. */
interface FoundStateDict {
  /** Keys that lead to it, such as ['model']; empty for a bare state dict. */
  readonly keyPath: readonly string[];
  /** In the order of the file, without a leading `module.`. */
  readonly tensors: ReadonlyMap<string, TensorRef>;
}

/** Keys under which training programs store the weights. They win over other state dicts in the file. */
const USUAL_KEYS: ReadonlySet<string | undefined> = new Set([
  'model',
  'state_dict',
  'model_state_dict',
  'net',
  'network',
  'weights',
]);

/**
 * Finds the one state dict in a checkpoint: the value itself, or a dict up to two keys deep. A leading `module.` of
 * data-parallel training is removed (specification C.3, C.4). Throws ERR_CHECKPOINT if there is none or several.
 */
export function findStateDict(value: unknown, path: string): FoundStateDict {
  const candidates = collect(value, [], 2);
  const usual = candidates.filter(({keyPath}) => USUAL_KEYS.has(keyPath.at(-1)));
  const [first, second] = usual.length > 0 ? usual : candidates;
  if (first === undefined) {
    const found =
      value instanceof Map
        ? `the keys ${[...value.keys()].slice(0, 20).join(', ')}`
        : describeValue(value);
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected a state dict in ${path} but found ${found}: save model.state_dict(), alone or under the key "model"`,
      {details: {path}},
    );
  }
  if (second !== undefined) {
    const names = candidates.map(({keyPath}) => keyPath.join('.'));
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected one state dict in ${path} but found ${names.length} (${names.join(', ')}): save the one you mean alone`,
      {details: {path, candidates: names}},
    );
  }
  return {keyPath: first.keyPath, tensors: withoutModulePrefix(first.tensors, path)};
}

function collect(value: unknown, keyPath: readonly string[], depth: number): FoundStateDict[] {
  if (!(value instanceof Map)) return [];
  const tensors = asTensors(value);
  if (tensors !== null) return [{keyPath, tensors}];
  if (depth === 0) return [];
  return [...value].flatMap(([key, child]) =>
    typeof key === 'string' ? collect(child, [...keyPath, key], depth - 1) : [],
  );
}

/** The map as a state dict: it has at least one entry and maps names to tensors only. */
function asTensors(map: ReadonlyMap<unknown, unknown>): Map<string, TensorRef> | null {
  const tensors = new Map<string, TensorRef>();
  for (const [name, tensor] of map) {
    if (typeof name !== 'string' || !(tensor instanceof TensorRef)) return null;
    tensors.set(name, tensor);
  }
  return tensors.size > 0 ? tensors : null;
}

function withoutModulePrefix(
  tensors: ReadonlyMap<string, TensorRef>,
  path: string,
): Map<string, TensorRef> {
  const stripped = new Map<string, TensorRef>();
  for (const [name, tensor] of tensors) {
    const bare = name.replace(/^module\./, '');
    if (stripped.has(bare)) {
      throw new SauError(
        'ERR_CHECKPOINT',
        `Expected each weight once in ${path} but found both ${bare} and module.${bare}: keep one of them`,
        {details: {path, name: bare}},
      );
    }
    stripped.set(bare, tensor);
  }
  return stripped;
}
