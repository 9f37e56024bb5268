import {SauError} from '../errors.js';
import {requireLength, requireMap, requireType} from '../typed_array.js';
import {elementCount} from './strided.js';
import {DTYPE_BYTES, type StateDict} from './tensor.js';

/**
 * Throws ERR_CHECKPOINT where a tensor has not the bytes that its shape and dtype take, and ERR_CONFIG for what is
 * no map of tensors.
 */
export function checkTensors(state: StateDict): void {
  requireMap(state, 'the state dict');
  for (const [weight, {dtype, shape, data}] of state) {
    const name = `the data of '${weight}'`;
    if (!Object.hasOwn(DTYPE_BYTES, dtype)) {
      throw new SauError(
        'ERR_CHECKPOINT',
        `Expected one of ${Object.keys(DTYPE_BYTES).join(', ')} for the dtype of '${weight}' but received ${String(dtype)}.`,
      );
    }
    requireType(data, name, 'Uint8Array');
    const length = elementCount(shape) * DTYPE_BYTES[dtype];
    requireLength(data, {
      name,
      length,
      of: `${dtype} [${shape.join(', ')}]`,
      code: 'ERR_CHECKPOINT',
    });
  }
}
