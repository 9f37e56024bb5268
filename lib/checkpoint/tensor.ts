/** Element types of a tensor, named as in PyTorch. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool';

export const DTYPE_BYTES: Readonly<Record<DType, number>> = {
  float64: 8,
  int64: 8,
  float32: 4,
  int32: 4,
  float16: 2,
  bfloat16: 2,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** A dense tensor on the host: contiguous, row-major, little-endian bytes. */
export interface TensorData {
  /** Type of the elements. */
  readonly dtype: DType;
  /** Sizes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** The elements as bytes: the product of the shape times the size of an element. */
  readonly data: Uint8Array;
}

/** Named tensors in the order of the file, as in `model.state_dict()`. */
export type StateDict = ReadonlyMap<string, TensorData>;
