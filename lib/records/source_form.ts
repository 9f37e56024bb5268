import {convertTensor, type StateDict, type TensorData} from '../checkpoint/tensor.js';
import type {DescribedCheckpoint} from './read_checkpoint.js';

/** How the weights of a model were read from a file. */
export interface Source {
  readonly checkpoint: Pick<DescribedCheckpoint, 'kind' | 'stateDict' | 'fileNames'>;
  /** [name in the checkpoint, name in the model] of weights that were matched by position. */
  readonly renamed: readonly (readonly [string, string])[];
}

/**
 * The weights in the types that the file has, each rounded to the nearest; `state` itself where the types are
 * equal.
 */
export async function inTypesOf(
  {checkpoint, renamed}: Source,
  state: StateDict,
): Promise<StateDict> {
  const stored = storedNames(renamed);
  const converted = new Map<string, TensorData>();
  let isChanged = false;
  for (const [name, tensor] of state) {
    const dtype = checkpoint.stateDict.get(stored(name))?.dtype ?? tensor.dtype;
    isChanged ||= dtype !== tensor.dtype;
    converted.set(name, {...tensor, dtype, data: await convertTensor(tensor, dtype)});
  }
  return isChanged ? converted : state;
}

/**
 * The weights as a result has them. A record of BackdoorBench keeps the names of its model, which its loader expects.
 * The file of another program gets its own names back, prefixes and all, and nothing that it did not have.
 */
export function underNamesOf({checkpoint, renamed}: Source, state: StateDict): StateDict {
  if (checkpoint.kind !== 'state_dict') return state;
  const stored = storedNames(renamed);
  return new Map(
    [...state].flatMap(([name, tensor]) => {
      const fileName = checkpoint.fileNames.get(stored(name));
      return fileName === undefined ? [] : [[fileName, tensor] as const];
    }),
  );
}

function storedNames(renamed: Source['renamed']): (name: string) => string {
  const stored = new Map(renamed.map(([inFile, inModel]) => [inModel, inFile]));
  return (name) => stored.get(name) ?? name;
}
