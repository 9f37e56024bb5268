import {convertTensor, type StateDict, type TensorData} from '../checkpoint/tensor.js';
import {keyWithoutPolarizer, polarizerPlace} from '../models/polarized.js';
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
  const stored = storedNames({checkpoint, renamed}, state);
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
 * The file of another program gets its own names back, prefixes and all, and nothing that it did not have but a
 * polarizer.
 */
export function underNamesOf(source: Source, state: StateDict): StateDict {
  const {checkpoint} = source;
  if (checkpoint.kind !== 'state_dict') return state;
  const stored = storedNames(source, state);
  const place = polarizerOf(source, state);
  const nameOf = (name: string): string | undefined => {
    const own = checkpoint.fileNames.get(stored(name));
    if (place === null || !name.startsWith(`${place}.`)) return own;
    const before = checkpoint.fileNames.get(stored(`${place}.2.weight`));
    return before?.replace(/\.weight$/, name.slice(place.length));
  };
  return new Map(
    [...state].flatMap(([name, tensor]) => {
      const fileName = nameOf(name);
      return fileName === undefined ? [] : [[fileName, tensor] as const];
    }),
  );
}

/** The place of a polarizer that the file did not have. */
function polarizerOf({checkpoint}: Pick<Source, 'checkpoint'>, state: StateDict): string | null {
  return polarizerPlace(checkpoint.stateDict) === null ? polarizerPlace(state) : null;
}

function storedNames(source: Source, state: StateDict): (name: string) => string {
  const stored = new Map(source.renamed.map(([inFile, inModel]) => [inModel, inFile]));
  const place = polarizerOf(source, state);
  return (name) => {
    const before = place === null ? name : (keyWithoutPolarizer(name, place) ?? name);
    return stored.get(before) ?? before;
  };
}
