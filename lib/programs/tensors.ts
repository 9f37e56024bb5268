import {
  DTYPE_BYTES,
  type DType,
  elementCount,
  isRowMajor,
  type TensorData,
  toRowMajor,
} from '../checkpoint/tensor.js';
import type {ProgramArchive} from './archive.js';
import {type Json, readJson} from './json.js';
import {ProgramFault} from './program_error.js';

const MAX_CONFIG_BYTES = 64 << 20;
const MAX_TENSORS = 20_000;
const MAX_DIMENSIONS = 32;
const STRIDED = 7;
/** Bytes by which the tensors may exceed the file: views of a storage repeat its elements. */
const MAX_EXPANSION_BYTES = 64 << 20;

/** The schema's own numbers, which are not c10's (docs/programs.md). */
const DTYPES: Readonly<Record<number, DType>> = {
  1: 'uint8',
  2: 'int8',
  3: 'int16',
  4: 'int32',
  5: 'int64',
  6: 'float16',
  7: 'float32',
  8: 'float64',
  12: 'bool',
  13: 'bfloat16',
};

/** The type of elements of a number of the schema. */
export function dtypeOf(code: Json): DType {
  const dtype = DTYPES[code.size()];
  if (dtype !== undefined) return dtype;
  throw new ProgramFault(
    `it has a type of elements that is not supported (number ${code.size()} at ${code.place})`,
    'Complex, unsigned and 8-bit floating-point types are not supported: convert the model to float32 before exporting it.',
  );
}

/** A tensor within a storage of the archive. */
export interface StoredTensor {
  readonly name: string;
  /** The entry that holds the whole storage. */
  readonly entry: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Reads what the archive says of its weights or constants, checked against the sizes of the storages. */
export async function readTensorConfig(
  archive: ProgramArchive,
  kind: 'weights' | 'constants',
): Promise<ReadonlyMap<string, StoredTensor>> {
  const folder = `data/${kind}/`;
  const path = `${folder}model_${kind}_config.json`;
  if (archive.sizeOf(path) === null) return new Map();
  const config = readJson(await archive.read(path, MAX_CONFIG_BYTES), path);
  const fields = config.get('config').fields();
  if (fields.length > MAX_TENSORS) {
    throw new ProgramFault(`it has more than ${MAX_TENSORS} ${kind}`);
  }
  return new Map(
    fields.map(([name, entry]) => [name, storedTensor(archive, folder, name, entry)] as const),
  );
}

function storedTensor(
  archive: ProgramArchive,
  folder: string,
  name: string,
  config: Json,
): StoredTensor {
  const file = config.get('path_name').text();
  if (config.get('use_pickle').truth() || /^(custom_obj|opaque_obj)_/.test(file)) {
    throw new ProgramFault(
      `its ${name} is pickled`,
      'Tensor subclasses and custom objects are not supported: replace them before exporting the model.',
    );
  }
  if (!/^[\w.-]+$/.test(file)) {
    throw new ProgramFault(`its ${name} lies in ${JSON.stringify(file)}, which is no plain name`);
  }
  const meta = config.get('tensor_meta');
  if (meta.get('layout').size() !== STRIDED) {
    throw new ProgramFault(
      `its ${name} is not a dense tensor`,
      'Make it dense before exporting the model.',
    );
  }
  const tensor = {
    ...{name, entry: folder + file, dtype: dtypeOf(meta.get('dtype'))},
    shape: sizesOf(meta.get('sizes')),
    strides: sizesOf(meta.get('strides')),
    offset: fixedSize(meta.get('storage_offset')),
  };
  checkStorage(archive, tensor);
  return tensor;
}

/** Sizes that must all be numbers. */
function sizesOf(sizes: Json): number[] {
  return sizes.items().map(fixedSize);
}

function fixedSize(size: Json): number {
  const [kind, value] = size.only();
  if (kind !== 'as_int') throw new ProgramFault(`it has no fixed size at ${size.place}`);
  return value.size();
}

/** All sums are of exact integers, or so large that they exceed every file. */
function checkStorage(archive: ProgramArchive, tensor: StoredTensor): void {
  const {name, entry, shape, strides, offset, dtype} = tensor;
  const storage = archive.sizeOf(entry);
  if (storage === null) throw new ProgramFault(`its ${name} lies in ${entry}, which it lacks`);
  if (shape.length !== strides.length || shape.length > MAX_DIMENSIONS) {
    throw new ProgramFault(`its ${name} has ${shape.length} sizes and ${strides.length} strides`);
  }
  const count = elementCount(shape);
  const last = shape.reduce((at, size, i) => at + (size - 1) * (strides[i] ?? 0), offset);
  const needed = count === 0 ? 0 : (last + 1) * DTYPE_BYTES[dtype];
  if (!Number.isSafeInteger(count) || !(needed <= storage)) {
    throw new ProgramFault(
      `its ${name} of ${dtype} [${shape.join(', ')}] does not fit in the ${storage} bytes of ${entry}`,
    );
  }
}

/** Reads tensors as contiguous row-major ones. Tensors that share a storage share its bytes. */
export class TensorReader {
  readonly #storages = new Map<string, Buffer>();
  #budget: number;

  constructor(private readonly archive: ProgramArchive) {
    this.#budget = archive.zip.fileBytes + MAX_EXPANSION_BYTES;
  }

  async read({name, entry, dtype, shape, strides, offset}: StoredTensor): Promise<TensorData> {
    const storage =
      this.#storages.get(entry) ?? (await this.archive.read(entry, Number.MAX_SAFE_INTEGER));
    this.#storages.set(entry, storage);
    const itemBytes = DTYPE_BYTES[dtype];
    const length = elementCount(shape) * itemBytes;
    if (isRowMajor(shape, strides)) {
      const start = offset * itemBytes;
      return {dtype, shape, data: storage.subarray(start, start + length)};
    }
    this.#budget -= length;
    if (this.#budget < 0) throw new ProgramFault(`its ${name} is far larger than the file`);
    return {dtype, shape, data: await toRowMajor(storage, {itemBytes, shape, strides, offset})};
  }
}
