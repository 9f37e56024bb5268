import {SauError} from '../base/errors.js';
import type {NativeLayout, NativeTensor, NativeTensors} from '../native/data_contract.js';
import {
  convertible,
  convertTensor,
  DTYPE_BYTES,
  type StateDict,
  type TensorData,
} from './tensor.js';

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
 * counters its int64. A norm's counter of batches that the file lacks is 0, as in PyTorch. Throws ERR_CHECKPOINT,
 * which names missing and extra weights and those of a wrong shape.
 */
export async function matchStateDict(
  state: StateDict,
  layout: NativeLayout,
): Promise<MatchedStateDict> {
  const pairs = pairsOf(state, layout);
  if (pairs === null) throw mismatch(state, layout);
  const tensors: NativeTensor[] = [];
  const renamed: [string, string][] = [];
  for (const slot of layout) {
    const {name, dtype, shape} = slot;
    const pair = pairs.get(name);
    const data = pair === undefined ? zerosOf(slot) : await convertTensor(pair.tensor, dtype);
    tensors.push({name, dtype, shape: [...shape], data});
    if (pair !== undefined && pair.name !== name) renamed.push([pair.name, name]);
  }
  return {tensors, renamed};
}

/** Why weights do not fit a model, as {@link matchStateDict} says it; null if they do. Converts nothing. */
export function misfitOf(state: TensorShapes, layout: NativeLayout): string | null {
  return pairsOf(state, layout) === null ? problemsOf(state, layout).text : null;
}

/** Types and shapes by name: a state dict, or one whose bytes are not read. */
export type TensorShapes<T extends Shape = Shape> = ReadonlyMap<string, T>;
type Shape = Pick<TensorData, 'dtype' | 'shape'>;

interface Pair<T> {
  /** In the file. */
  readonly name: string;
  readonly tensor: T;
}

/** What each slot gets, by its name; null where the weights do not fit. */
function pairsOf<T extends Shape>(
  state: TensorShapes<T>,
  layout: NativeLayout,
): ReadonlyMap<string, Pair<T>> | null {
  return pairByName(state, layout) ?? pairByPosition(state, layout);
}

function pairByName<T extends Shape>(
  state: TensorShapes<T>,
  layout: NativeLayout,
): ReadonlyMap<string, Pair<T>> | null {
  const slots = layout.filter((slot) => state.has(slot.name) || !isCounter(slot));
  if (state.size !== slots.length) return null;
  const pairs = new Map<string, Pair<T>>();
  for (const slot of slots) {
    const tensor = state.get(slot.name);
    if (tensor === undefined || !fits(tensor, slot)) return null;
    pairs.set(slot.name, {name: slot.name, tensor});
  }
  return pairs;
}

function pairByPosition<T extends Shape>(
  state: TensorShapes<T>,
  layout: NativeLayout,
): ReadonlyMap<string, Pair<T>> | null {
  const stored = [...state];
  const counts = stored.some(([name]) => name.endsWith(COUNTER));
  const slots = layout.filter((slot) => counts || !isCounter(slot));
  if (stored.length !== slots.length || slots.every(({name}) => state.has(name))) return null;
  const pairs = new Map<string, Pair<T>>();
  for (const [i, slot] of slots.entries()) {
    const [name, tensor] = stored[i] ?? [];
    if (name === undefined || tensor === undefined) return null;
    if (!fits(tensor, slot) || !areAlike(name, slot.name)) return null;
    pairs.set(slot.name, {name, tensor});
  }
  return pairs;
}

/** The counter of batches of a norm. */
const COUNTER = 'num_batches_tracked';

function isCounter({name, shape}: Slot): boolean {
  return name.endsWith(COUNTER) && shape.length === 0;
}

function zerosOf({dtype}: Slot): Uint8Array {
  return new Uint8Array(DTYPE_BYTES[dtype]);
}

const PARTS: ReadonlySet<string | undefined> = new Set([
  ...['weight', 'bias', 'running_mean', 'running_var', COUNTER],
]);

/** False for the weight of a layer in the place of a bias, which has the same shape in a norm. */
function areAlike(stored: string, wanted: string): boolean {
  const [a, b] = [stored.split('.').at(-1), wanted.split('.').at(-1)];
  return a === b || !PARTS.has(a) || !PARTS.has(b);
}

function fits(tensor: Shape, slot: Slot): boolean {
  return (
    tensor.shape.length === slot.shape.length &&
    tensor.shape.every((size, i) => size === slot.shape[i]) &&
    convertible(tensor.dtype, slot.dtype)
  );
}

function mismatch(state: TensorShapes, layout: NativeLayout): SauError {
  const {text, ...details} = problemsOf(state, layout);
  return new SauError(
    'ERR_CHECKPOINT',
    `Expected the ${layout.length} weights of the model but received ${state.size} that do not fit: ${text}. Check the model's name and its number of classes`,
    {details},
  );
}

function problemsOf(state: TensorShapes, layout: NativeLayout) {
  const expected = new Set(layout.map(({name}) => name));
  const missing = layout
    .filter((slot) => !isCounter(slot) && !state.has(slot.name))
    .map(({name}) => name);
  const extra = [...state.keys()].filter((name) => !expected.has(name));
  const misshapen = layout.flatMap((slot) => {
    const tensor = state.get(slot.name);
    return tensor === undefined || fits(tensor, slot)
      ? []
      : [`${slot.name} (expected ${typeOf(slot)}, received ${typeOf(tensor)})`];
  });
  const problems = [
    ...listed('missing', missing),
    ...listed('unknown', extra),
    ...listed('of another shape', misshapen),
  ];
  return {missing, extra, misshapen, text: problems.join('; ')};
}

function typeOf({dtype, shape}: {dtype: string; shape: readonly number[]}): string {
  return `${dtype} [${shape.join(', ')}]`;
}

/** "2 missing: a, b", or nothing where there are none. */
export function listed(kind: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return [`${names.length} ${kind}: ${names.slice(0, LISTED).join(', ')}${more}`];
}

/**
 * Number of rows of the last weight matrix, which belongs to the classifier in every known model; null without one.
 */
export function inferNumClasses(shapes: Iterable<readonly number[]>): number | null {
  const rows = [...shapes].findLast((shape) => shape.length === 2)?.[0];
  return rows !== undefined && rows >= 2 ? rows : null;
}
