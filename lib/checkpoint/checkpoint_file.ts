import type {FileHandle} from 'node:fs/promises';
import {damagedFile, FormatError} from './checkpoint_error.js';
import {openRegularFile, readBytes} from './regular_file.js';
import {isSafetensors, readSafetensorsHeader} from './safetensors.js';
import {
  DTYPE_BYTES,
  elementCount,
  isRowMajor,
  type StateDict,
  type TensorData,
  toRowMajor,
} from './tensor.js';
import {resolveStorage, type StorageRef, type TensorRef} from './torch_values.js';
import {TorchZip} from './torch_zip.js';
import {unpickle} from './unpickle.js';
import {VOCABULARY} from './vocabulary.js';

/** The formats of files whose weights are read. */
export type CheckpointFormat = 'torch' | 'safetensors';

/** Where the bytes of a file's tensors are. */
export interface Storages {
  readonly fileBytes: number;
  /** The size of a storage in bytes; null if there is none. */
  sizeOf(key: string): number | null;
  /** The bytes of a storage that the file has. */
  read(key: string): Promise<Uint8Array>;
}

/** An open checkpoint: its value, with tensors that are read on demand. */
export interface CheckpointFile {
  readonly format: CheckpointFormat;
  readonly storages: Storages;
  /** As unpickled; of a safetensors file a map of its tensors. */
  readonly value: unknown;
  /** Of its pickle; null in a file without one. */
  readonly protocol: number | null;
  /** The names that its pickle uses. */
  readonly globals: readonly string[];
}

/**
 * Opens a checkpoint, hands its contents to `use` and closes it. Throws ERR_CHECKPOINT and ERR_UNSAFE_PICKLE
 * (specification C.3).
 */
export async function withCheckpointFile<T>(
  path: string,
  use: (file: CheckpointFile) => Promise<T>,
): Promise<T> {
  const handle = await openRegularFile(path);
  try {
    return await use(await openCheckpoint(path, handle));
  } catch (error) {
    throw damagedFile(path, error);
  } finally {
    await handle.close();
  }
}

/** How many bytes tell the format of a file. */
const HEAD_BYTES = 512;

async function openCheckpoint(path: string, handle: FileHandle): Promise<CheckpointFile> {
  const {size} = await handle.stat();
  const {buffer, bytesRead} = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  const head = buffer.subarray(0, bytesRead);
  if (isSafetensors(head, path)) return openSafetensors(handle, size);
  return openTorchZip(path, handle, head);
}

async function openSafetensors(handle: FileHandle, size: number): Promise<CheckpointFile> {
  const {tensors, places} = await readSafetensorsHeader(handle, size);
  const storages = {
    fileBytes: size,
    sizeOf: (key: string) => places.get(key)?.bytes ?? null,
    read: async (key: string) => {
      const {start, bytes} = places.get(key) ?? {start: 0, bytes: 0};
      return readBytes(handle, start, bytes);
    },
  };
  return {format: 'safetensors', storages, value: tensors, protocol: null, globals: []};
}

async function openTorchZip(
  path: string,
  handle: FileHandle,
  head: Buffer,
): Promise<CheckpointFile> {
  const zip = await TorchZip.open(path, handle, head);
  const {value, protocol, globals} = await unpickle(await zip.read('data.pkl'), {
    source: path,
    vocabulary: VOCABULARY,
    persistentLoad: resolveStorage,
  });
  const storages = {
    fileBytes: zip.fileBytes,
    sizeOf: (key: string) => zip.sizeOf(`data/${key}`),
    read: (key: string) => zip.read(`data/${key}`),
  };
  return {format: 'torch', storages, value, protocol, globals};
}

/**
 * Copies of non-contiguous tensors may exceed the file's size by this much, because views can repeat an element.
 */
const MAX_EXPANSION_BYTES = 256 << 20;

/** Reads tensors, contiguous and row-major. Tensors that share a storage share its bytes. */
export async function loadTensors(
  file: Storages,
  refs: ReadonlyMap<string, TensorRef>,
): Promise<StateDict> {
  const storages = new Map<string, Uint8Array>();
  const tensors = new Map<string, TensorData>();
  let budget = file.fileBytes + MAX_EXPANSION_BYTES;
  for (const [name, ref] of refs) {
    const {storage, shape, strides, offset} = ref;
    const itemBytes = DTYPE_BYTES[storage.dtype];
    checkStorage(file, storage);
    const bytes = storages.get(storage.key) ?? (await file.read(storage.key));
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
export function checkStorage(file: Storages, {key, dtype, count}: StorageRef): void {
  const bytes = file.sizeOf(key);
  if (bytes === null || bytes < count * DTYPE_BYTES[dtype]) {
    throw new FormatError(
      `its storage ${key} has ${bytes ?? 'no'} bytes, not ${count * DTYPE_BYTES[dtype]}`,
    );
  }
}
