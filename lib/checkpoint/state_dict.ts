import {SauError} from '../base/errors.js';
import type {NativeLayout, NativeTensor, NativeTensors} from '../native/data_contract.js';
import {convertible, convertTensor, type StateDict, type TensorData} from './tensor.js';

export interface MatchedStateDict {
  /** In the order, with the names and the dtypes of the layout. */
  readonly tensors: NativeTensors;
  /** [name in the file, name in the model] of weights that were matched by position. */
  readonly renamed: readonly (readonly [string, string])[];
}

type Slot = NativeLayout[number];

/** How many names a message lists; `details` has all. */
const LISTED = 5;

/**
 * Fits the weights of a file to a model (specification C.3, "Weight names"): by name in any order, or by position
 * if the counts are equal and every shape agrees. Floating-point weights become the layout's float32 and integer
 * counters its int64. Throws ERR_CHECKPOINT, which names missing and extra weights and those of a wrong shape.
 */
export async function matchStateDict(
  state: StateDict,
  layout: NativeLayout,
): Promise<MatchedStateDict> {
  const pairs = pairByName(state, layout) ?? pairByPosition(state, layout);
  if (pairs === null) throw mismatch(state, layout);
  const tensors: NativeTensor[] = [];
  const renamed: [string, string][] = [];
  for (const {slot, name, tensor} of pairs) {
    const data = await convertTensor(tensor, slot.dtype);
    tensors.push({name: slot.name, dtype: slot.dtype, shape: [...slot.shape], data});
    if (name !== slot.name) renamed.push([name, slot.name]);
  }
  return {tensors, renamed};
}

interface Pair {
  readonly slot: Slot;
  readonly name: string;
  readonly tensor: TensorData;
}

function pairByName(state: StateDict, layout: NativeLayout): Pair[] | null {
  if (state.size !== layout.length) return null;
  const pairs: Pair[] = [];
  for (const slot of layout) {
    const tensor = state.get(slot.name);
    if (tensor === undefined || !fits(tensor, slot)) return null;
    pairs.push({slot, name: slot.name, tensor});
  }
  return pairs;
}

function pairByPosition(state: StateDict, layout: NativeLayout): Pair[] | null {
  if (state.size !== layout.length || layout.every(({name}) => state.has(name))) return null;
  const stored = [...state];
  const pairs: Pair[] = [];
  for (const [i, slot] of layout.entries()) {
    const [name, tensor] = stored[i] ?? [];
    if (name === undefined || tensor === undefined || !fits(tensor, slot)) return null;
    pairs.push({slot, name, tensor});
  }
  return pairs;
}

function fits(tensor: TensorData, slot: Slot): boolean {
  return (
    tensor.shape.length === slot.shape.length &&
    tensor.shape.every((size, i) => size === slot.shape[i]) &&
    convertible(tensor.dtype, slot.dtype)
  );
}

function mismatch(state: StateDict, layout: NativeLayout): SauError {
  const expected = new Set(layout.map(({name}) => name));
  const missing = layout.map(({name}) => name).filter((name) => !state.has(name));
  const extra = [...state.keys()].filter((name) => !expected.has(name));
  const misshapen = layout.flatMap((slot) => {
    const tensor = state.get(slot.name);
    return tensor === undefined || fits(tensor, slot)
      ? []
      : [`${slot.name} (expected ${typeOf(slot)}, received ${typeOf(tensor)})`];
  });
  const problems = [
    listed('missing', missing),
    listed('unknown', extra),
    listed('of another shape', misshapen),
  ].filter((text) => text !== '');
  return new SauError(
    'ERR_CHECKPOINT',
    `Expected the ${layout.length} weights of the model but received ${state.size} that do not fit: ${problems.join('; ')}. Check the model's name and its number of classes`,
    {details: {missing, extra, misshapen}},
  );
}

function typeOf({dtype, shape}: {dtype: string; shape: readonly number[]}): string {
  return `${dtype} [${shape.join(', ')}]`;
}

function listed(kind: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return `${names.length} ${kind}: ${names.slice(0, LISTED).join(', ')}${more}`;
}

/**
 * Number of rows of the last weight matrix, which belongs to the classifier in every known model; null without one.
 */
export function inferNumClasses(shapes: Iterable<readonly number[]>): number | null {
  const rows = [...shapes].findLast((shape) => shape.length === 2)?.[0];
  return rows !== undefined && rows >= 2 ? rows : null;
}
