import {SauError} from '../base/errors.js';
import {FormatError, ShortFile} from './checkpoint_error.js';
import {describeValue} from './describe_value.js';
import {MAX_PICKLE_BYTES} from './pickle_budget.js';
import type {UnpickleOptions} from './pickle_machine.js';
import {PickleGlobal, PyTuple} from './pickle_values.js';
import type {RegularFile} from './regular_file.js';
import {DTYPE_BYTES} from './tensor.js';
import {resolveStorage, type StorageRef} from './torch_values.js';
import {type Unpickled, unpickle} from './unpickle.js';

// What torch.save wrote before PyTorch 1.6, and still does where it is asked to: a pickle each of a magic number, the
// version, facts about the machine, the value, and the keys of the storages; then the storages, each after the
// number of its elements.

/** The pickle of the magic number 0x1950a86a20f9469cfc6c. */
const MAGIC = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
const VERSION = 1001;
const COUNT_BYTES = 8;
/** How much of the file is read first; more where the pickles go on. */
const FIRST_WINDOW = 1 << 20;

/** Whether a file is one by its first bytes. */
export function isLegacyFile(head: Buffer): boolean {
  return head.subarray(0, MAGIC.length).equals(MAGIC);
}

/** Where the elements of a storage lie in the file. */
interface Place {
  readonly start: number;
  readonly bytes: number;
}

interface LegacyFile extends Unpickled {
  /** By the key of the storage. */
  readonly places: ReadonlyMap<string, Place>;
}

/** Reads the value of a file and where its storages are; reads no storage. Throws FormatError. */
export async function readLegacyFile(
  file: RegularFile,
  options: UnpickleOptions,
): Promise<LegacyFile> {
  for (let window = FIRST_WINDOW; ; window *= 4) {
    const head = await file.bytes(0, Math.min(window, file.size, MAX_PICKLE_BYTES));
    try {
      const {pickled, keys, storages, end} = await readPickles(head, options);
      const places = await findStorages(file, {keys, storages, start: end});
      return {...pickled, places};
    } catch (error) {
      const short = error instanceof SauError && error.cause instanceof ShortFile;
      if (!short || window >= Math.min(file.size, MAX_PICKLE_BYTES)) throw error;
    }
  }
}

async function readPickles(head: Buffer, options: UnpickleOptions) {
  const storages = new Map<string, StorageRef>();
  const persistentLoad = (id: unknown): unknown => {
    const [kind, container] = id instanceof PyTuple ? id.items : [];
    // The class of a whole model comes with its source code.
    if (kind === 'module' && container instanceof PickleGlobal) return container;
    const storage = resolveStorage(id);
    storages.set(storage.key, storage);
    return storage;
  };
  let end = MAGIC.length;
  const next = async (): Promise<Unpickled> => {
    const pickled = await unpickle(head.subarray(end), {...options, persistentLoad});
    end += pickled.bytes;
    return pickled;
  };
  const {value: version} = await next();
  if (version !== VERSION) {
    throw new FormatError(`it has version ${describeValue(version)}, not ${VERSION}`);
  }
  const {value: machine} = await next();
  if (!(machine instanceof Map) || machine.get('little_endian') !== true) {
    throw new FormatError(
      'it was written on a big-endian machine',
      'save it again on a little-endian one',
    );
  }
  const pickled = await next();
  const {value: keys} = await next();
  return {pickled, keys, storages, end};
}

interface Storages {
  readonly keys: unknown;
  readonly storages: ReadonlyMap<string, StorageRef>;
  readonly start: number;
}

async function findStorages(
  file: RegularFile,
  {keys, storages, start}: Storages,
): Promise<Map<string, Place>> {
  if (!Array.isArray(keys)) {
    throw new FormatError(`its keys of storages are ${describeValue(keys)}, not a list`);
  }
  const places = new Map<string, Place>();
  let at = start;
  for (const key of keys) {
    const storage = storages.get(key);
    if (storage === undefined || places.has(key)) {
      throw new FormatError(`it has a storage ${describeValue(key)} that no tensor has`);
    }
    const count = (await file.bytes(at, COUNT_BYTES)).readBigInt64LE(0);
    const bytes = storage.count * DTYPE_BYTES[storage.dtype];
    if (count !== BigInt(storage.count) || at + COUNT_BYTES + bytes > file.size) {
      throw new FormatError(
        `its storage ${key} has ${count} elements in a file of ${file.size} bytes, not ${storage.count}`,
      );
    }
    places.set(key, {start: at + COUNT_BYTES, bytes});
    at += COUNT_BYTES + bytes;
  }
  return places;
}
