import {SauError} from '../base/errors.js';
import {writeWhole} from '../base/whole_file.js';
import {
  convertTensor,
  DTYPE_BYTES,
  elementCount,
  isRowMajor,
  type StateDict,
  type TensorData,
} from '../checkpoint/tensor.js';
import {ZipWriter} from '../checkpoint/torch_zip_writer.js';
import {ProgramArchive} from './archive.js';
import type {Program} from './program.js';
import {refusedProgram} from './program_error.js';
import {readTensorConfig, type StoredTensor} from './tensors.js';

/**
 * Writes a program with other weights: its archive with the bytes of these replaced, in their own types, which
 * torch.export.load opens. The file appears whole or not at all. Throws ERR_OUTPUT, and ERR_PROGRAM where the
 * program's file has changed since it was read.
 */
export async function writeProgram(
  path: string,
  program: Program,
  stateDict: StateDict,
): Promise<void> {
  const archive = await ProgramArchive.open(program.path);
  try {
    const storages = await changedStorages(archive, program, stateDict);
    await writeWhole(path, async (handle) => {
      const writer = new ZipWriter(handle, path);
      for (const name of archive.zip.names) {
        const bytes = storages.get(name) ?? (await archive.zip.read(name));
        await writer.entry(name, [bytes]);
      }
      await writer.end();
    });
  } catch (error) {
    throw refusedProgram(program.path, error);
  } finally {
    await archive.close();
  }
}

/** The bytes of the storages of the weights, by the names of their entries. */
async function changedStorages(
  archive: ProgramArchive,
  {weights}: Program,
  stateDict: StateDict,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const stored = await readTensorConfig(archive, 'weights');
  const storages = new Map<string, Uint8Array>();
  for (const {key} of weights) {
    const layout = stored.get(key);
    const tensor = stateDict.get(key);
    if (layout === undefined || String(tensor?.shape) !== String(layout.shape) || !tensor) {
      throw new SauError(
        'ERR_PROGRAM',
        `Expected the weight ${key} of the program ${archive.root} as it was read but it has changed.`,
        {remedy: 'Keep the file of the program until its result is written.'},
      );
    }
    const name = archive.root + layout.entry;
    const before = storages.get(name) ?? (await archive.zip.read(name));
    storages.set(name, await withTensor(before, layout, tensor));
  }
  return storages;
}

/** A storage with the elements of one tensor replaced. */
async function withTensor(
  storage: Uint8Array,
  {dtype, shape, strides, offset}: StoredTensor,
  tensor: TensorData,
): Promise<Uint8Array> {
  const data = await convertTensor(tensor, dtype);
  const itemBytes = DTYPE_BYTES[dtype];
  if (isRowMajor(shape, strides)) {
    storage.set(data, offset * itemBytes);
    return storage;
  }
  const count = elementCount(shape);
  for (let i = 0; i < count; i++) {
    let rest = i;
    let to = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] ?? 1;
      to += (rest % size) * (strides[axis] ?? 0);
      rest = Math.floor(rest / size);
    }
    storage.set(data.subarray(i * itemBytes, (i + 1) * itemBytes), to * itemBytes);
  }
  return storage;
}
