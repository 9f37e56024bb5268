import {extname} from 'node:path';
import {SauError} from '../base/errors.js';
import {damagedFile, FormatError} from './checkpoint_error.js';
import {ForeignFile, foreignByHead, isText} from './foreign_file.js';
import {inertGlobal} from './inert.js';
import {isLegacyFile, readLegacyFile} from './legacy_file.js';
import {requirePickleSize} from './pickle_budget.js';
import {RegularFile} from './regular_file.js';
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
export type CheckpointFormat = 'torch' | 'torch-legacy' | 'safetensors' | 'torch-export';

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
  const file = await RegularFile.open(path);
  try {
    return await use(await openCheckpoint(path, file));
  } catch (error) {
    throw damagedFile(path, error);
  } finally {
    await file.close();
  }
}

/** How many bytes tell the format of a file. */
const HEAD_BYTES = 512;

async function openCheckpoint(path: string, file: RegularFile): Promise<CheckpointFile> {
  const head = await file.bytes(0, Math.min(HEAD_BYTES, file.size));
  if (isZip(head)) return openTorchZip(path, file);
  if (isSafetensors(head)) return openSafetensors(file);
  const foreign = foreignByHead(head, path);
  if (foreign !== null) throw new ForeignFile(foreign);
  if (extname(path).toLowerCase() === '.safetensors') return openSafetensors(file);
  if (isLegacyFile(head)) return openLegacy(path, file);
  if (isPickle(head)) await refusePickle(path, file);
  if (isText(head)) throw new ForeignFile('text');
  throw new FormatError(
    `it starts with bytes ${head.subarray(0, 8).toString('hex')}, not with PK as an archive of torch.save does`,
    'name a .pt, .pth or .safetensors file; if it is one, it is damaged: copy or download it again',
  );
}

function isZip(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32LE(0) === 0x04034b50;
}

/** A pickle of protocol 2 to 5. */
function isPickle(head: Buffer): boolean {
  return head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5;
}

const MAX_BARE_PICKLE_BYTES = 64 << 20;
/** What the search of a bare pickle may take: such a file is refused anyway. */
const SEARCH_BYTES = 64 << 20;

/** Reads a bare pickle, so that one that names code is ERR_UNSAFE_PICKLE. */
async function refusePickle(path: string, file: RegularFile): Promise<never> {
  if (file.size <= MAX_BARE_PICKLE_BYTES) {
    const bytes = await file.bytes(0, file.size);
    const options = {source: path, vocabulary: VOCABULARY, outside: inertGlobal};
    await unpickle(bytes, {...options, mostBytes: SEARCH_BYTES}).catch((error: unknown) => {
      if (error instanceof SauError && error.code === 'ERR_UNSAFE_PICKLE') throw error;
    });
  }
  throw new ForeignFile('pickle');
}

async function openSafetensors(file: RegularFile): Promise<CheckpointFile> {
  const {tensors, places} = await readSafetensorsHeader(file);
  const storages = placedStorages(file, places);
  return {format: 'safetensors', storages, value: tensors, protocol: null, globals: []};
}

async function openLegacy(path: string, file: RegularFile): Promise<CheckpointFile> {
  const options = {source: path, vocabulary: VOCABULARY, outside: inertGlobal};
  const {places, ...pickled} = await readLegacyFile(file, options);
  return {format: 'torch-legacy', storages: placedStorages(file, places), ...pickled};
}

type Places = ReadonlyMap<string, {readonly start: number; readonly bytes: number}>;

function placedStorages(file: RegularFile, places: Places): Storages {
  return {
    fileBytes: file.size,
    sizeOf: (key) => places.get(key)?.bytes ?? null,
    read: async (key) => {
      const place = places.get(key);
      if (place === undefined) throw new FormatError(`it has no storage ${key}`);
      return file.bytes(place.start, place.bytes);
    },
  };
}

async function openTorchZip(path: string, file: RegularFile): Promise<CheckpointFile> {
  const zip = await TorchZip.open(file);
  requirePickleSize(zip.sizeOf('data.pkl') ?? 0);
  const {value, protocol, globals} = await unpickle(await zip.read('data.pkl'), {
    source: path,
    vocabulary: VOCABULARY,
    outside: inertGlobal,
    persistentLoad: resolveStorage,
  });
  const storages = {
    fileBytes: file.size,
    sizeOf: (key: string) => zip.sizeOf(`data/${key}`),
    read: (key: string) => zip.read(`data/${key}`),
  };
  return {format: 'torch', storages, value, protocol, globals};
}

/**
 * Copies of non-contiguous tensors may exceed the file's size by this much, because views can repeat an element.
 */
const MAX_EXPANSION_BYTES = 64 << 20;

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
