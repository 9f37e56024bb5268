import {damagedFile, FormatError} from './checkpoint_error.js';
import {type Unpickled, unpickle} from './pickle.js';
import {elementCount, isRowMajor, toRowMajor} from './strided.js';
import {DTYPE_BYTES, type StateDict, type TensorData} from './tensor.js';
import {resolveStorage, type StorageRef, type TensorRef} from './torch_values.js';
import {TorchZip} from './torch_zip.js';
import {VOCABULARY} from './vocabulary.js';

/** An open torch.save file: its pickled value, with tensors that are read when asked for. */
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

/** Copies of non-contiguous tensors may need this much beyond the file's own size: views can repeat an element. */
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

/** Throws unless the file has the storage whole; reads nothing. */
export function checkStorage(zip: TorchZip, {key, dtype, count}: StorageRef): void {
  const bytes = zip.sizeOf(`data/${key}`);
  if (bytes === null || bytes < count * DTYPE_BYTES[dtype]) {
    throw new FormatError(
      `its storage data/${key} has ${bytes ?? 'no'} bytes, not ${count * DTYPE_BYTES[dtype]}`,
    );
  }
}
