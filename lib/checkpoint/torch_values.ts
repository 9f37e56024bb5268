import {FormatError} from './checkpoint_error.js';
import {describeValue} from './describe_value.js';
import {PickleGlobal, PyTuple} from './pickle_values.js';
import {type DType, elementCount, reachOf} from './tensor.js';

/** The storage class of each dtype, as PyTorch pickles name it. */
export const STORAGE_CLASS: Readonly<Record<DType, string>> = {
  float64: 'DoubleStorage',
  float32: 'FloatStorage',
  float16: 'HalfStorage',
  bfloat16: 'BFloat16Storage',
  int64: 'LongStorage',
  int32: 'IntStorage',
  int16: 'ShortStorage',
  int8: 'CharStorage',
  uint8: 'ByteStorage',
  bool: 'BoolStorage',
};

export class StorageClass extends PickleGlobal {
  constructor(readonly dtype: DType) {
    super(`torch.${STORAGE_CLASS[dtype]}`);
  }
}

/** A storage in the file, not read yet: entry `data/<key>`. */
export class StorageRef {
  constructor(
    readonly key: string,
    readonly dtype: DType,
    readonly count: number,
  ) {}
}

/** A tensor of the file, not read yet. Strides and offset in elements, checked against the storage's size. */
export class TensorRef {
  constructor(
    readonly storage: StorageRef,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/**
 * The persistent ids of torch.save: ("storage", class, key, location, element count), in the form before PyTorch 1.6
 * also the part of a storage, which is None in what versions since 0.4 write.
 */
export function resolveStorage(id: unknown): StorageRef {
  const [kind, storageClass, key, , count, part = null] = id instanceof PyTuple ? id.items : [];
  if (
    kind !== 'storage' ||
    !(storageClass instanceof StorageClass) ||
    typeof key !== 'string' ||
    !/^\d{1,20}$/.test(key) ||
    part !== null
  ) {
    throw new FormatError(
      `its pickle refers to data that is not a tensor storage (${describeValue(id)})`,
    );
  }
  return new StorageRef(key, storageClass.dtype, size(count));
}

/** torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks). */
export function rebuildTensor(args: readonly unknown[]): TensorRef {
  const [storage, offsetValue, shapeValue, stridesValue] = args;
  if (!(storage instanceof StorageRef)) {
    throw new FormatError(`its pickle makes a tensor of ${describeValue(storage)}`);
  }
  const shape = sizes(shapeValue);
  const strides = sizes(stridesValue);
  const offset = size(offsetValue);
  const reach = reachOf({shape, strides, offset});
  if (shape.length !== strides.length || reach > storage.count || elementCount(shape) > 2 ** 48) {
    throw new FormatError(
      `it has a tensor of shape [${shape}], strides [${strides}] and offset ${offset} in a storage of ${storage.count} elements`,
    );
  }
  return new TensorRef(storage, offset, shape, strides);
}

/** torch._utils._rebuild_parameter(tensor, requires_grad, hooks). */
export function rebuildParameter([tensor]: readonly unknown[]): TensorRef {
  if (!(tensor instanceof TensorRef)) {
    throw new FormatError(`its pickle makes a parameter of ${describeValue(tensor)}`);
  }
  return tensor;
}

/** A tuple or list of sizes. */
export function sizes(value: unknown): number[] {
  const items = value instanceof PyTuple ? value.items : value;
  if (!Array.isArray(items) || items.length > 64) {
    throw new FormatError(`it has ${describeValue(value)} where a shape was expected`);
  }
  return items.map(size);
}

function size(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new FormatError(`it has ${describeValue(value)} where a size was expected`);
  }
  return value;
}
