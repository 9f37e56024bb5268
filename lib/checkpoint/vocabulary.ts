import {FormatError} from './checkpoint_error.js';
import {describeValue} from './describe_value.js';
import {
  arrayFromBuffer,
  emptyBytes,
  encodeLatin1,
  makeDtype,
  makeScalar,
  NumpyArray,
} from './numpy_values.js';
import {OrderedDict, PickleGlobal, PyTuple, type Vocabulary} from './pickle_values.js';
import type {DType} from './tensor.js';
import {rebuildParameter, rebuildTensor, STORAGE_CLASS, StorageClass} from './torch_values.js';

/**
 * Every name that a pickle may use (specification C.3). Each makes plain data from plain data. The names of numpy 1
 * and 2 are both here, as are those of Python 2 and 3.
 */
export const VOCABULARY: Vocabulary = vocabulary([
  ...(Object.keys(STORAGE_CLASS) as DType[]).map((dtype) => new StorageClass(dtype)),
  new PickleGlobal('torch._utils._rebuild_tensor_v2', rebuildTensor),
  // Of PyTorch before 0.4; it has no further arguments.
  new PickleGlobal('torch._utils._rebuild_tensor', rebuildTensor),
  new PickleGlobal('torch._utils._rebuild_parameter', rebuildParameter),
  new PickleGlobal('torch.Size', ([items]) => asTuple(items)),
  new PickleGlobal('collections.OrderedDict', orderedDict),
  new PickleGlobal('_codecs.encode', encodeLatin1),
  new PickleGlobal('__builtin__.bytes', emptyBytes),
  new PickleGlobal('builtins.bytes', emptyBytes),
  new PickleGlobal('numpy.ndarray'),
  new PickleGlobal('numpy.dtype', makeDtype),
  ...['numpy.core', 'numpy._core'].flatMap((core) => [
    // Its arguments are always (ndarray, (0,), b'b'); the array comes with the state that follows.
    new PickleGlobal(`${core}.multiarray._reconstruct`, () => new NumpyArray()),
    new PickleGlobal(`${core}.multiarray.scalar`, makeScalar),
    new PickleGlobal(`${core}.numeric._frombuffer`, arrayFromBuffer),
  ]),
]);

function vocabulary(globals: readonly PickleGlobal[]): Vocabulary {
  return new Map(globals.map((global) => [global.name, global]));
}

/** OrderedDict(), or OrderedDict([[key, value], ...]) as Python 2 writes it. */
function orderedDict([pairs = []]: readonly unknown[]): OrderedDict {
  if (!Array.isArray(pairs)) throw new FormatError(`it makes a dict of ${describeValue(pairs)}`);
  return new OrderedDict(
    pairs.map((pair: unknown) => {
      const [key, value] = asTuple(pair).items;
      return [key, value] as const;
    }),
  );
}

function asTuple(value: unknown): PyTuple {
  if (value instanceof PyTuple) return value;
  if (Array.isArray(value)) return new PyTuple(value);
  throw new FormatError(`it has ${describeValue(value)} where a tuple was expected`);
}
