import type {DType} from '../checkpoint/tensor.js';
import type {NativeProgram} from '../native/program_contract.js';
import type {Program} from './program.js';

const FLOATS: ReadonlySet<DType> = new Set(['float16', 'bfloat16', 'float32', 'float64']);

/** A program as the native core takes it. It computes in float32, whatever the archive's weights are. */
export function nativeProgram(program: Program): NativeProgram {
  const {weights, constants, nodes, input, output, height, width, numClasses} = program;
  return {
    weights: weights
      .filter(({tiedTo}) => tiedTo === null)
      .map(({key, value, shape, dtype, kind}) => ({
        key,
        values: [value, ...weights.filter(({tiedTo}) => tiedTo === key).map((tied) => tied.value)],
        shape: [...shape],
        dtype: FLOATS.has(dtype) ? 'float32' : dtype,
        trains: kind === 'parameter',
      })),
    constants: [...constants].map(([name, {dtype, shape, data}]) => ({
      ...{name, dtype, data},
      shape: [...shape],
    })),
    nodes: nodes.map(({operator, overload, arguments: given, outputs, givesList}) => ({
      ...{op: operator, overload, givesList},
      outputs: [...outputs],
      arguments: [...given].map(([name, is]) => ({name, is})),
    })),
    ...{input, output, height, width, numClasses},
  };
}
