import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'vitest';
import {
  DTYPE_BYTES,
  READ_NUMBER,
  type StateDict,
  type TensorData,
  viewOf,
} from '../../lib/checkpoint/tensor.js';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import type {
  NativeDefendOptions,
  NativeDefendRounds,
  NativePgdOptions,
  NativeSauOptions,
} from '../../lib/native/run_contract.js';
import {readCheckpoint} from '../../lib/records/read_checkpoint.js';
import {createSession, type SessionOptions} from '../../lib/session/open_session.js';
import type {Session} from '../../lib/session/session.js';

export {errorOf} from '../error_of.js';

export const FIXTURES = join(__dirname, '../fixtures/native');

/** The scalars of the oracle. */
export const facts = JSON.parse(readFileSync(join(FIXTURES, 'fixtures.json'), 'utf8'));

/** The tensors of a fixture file, by name. */
export async function tensorsOf(file: string): Promise<StateDict> {
  return (await readCheckpoint(join(FIXTURES, file))).stateDict;
}

export function tensorOf(tensors: StateDict, name: string): TensorData {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`The fixture has no ${name}`);
  return tensor;
}

export function numbersOf({dtype, data}: TensorData): number[] {
  const view = viewOf(data);
  const bytes = DTYPE_BYTES[dtype];
  return Array.from({length: data.length / bytes}, (_, i) => READ_NUMBER[dtype](view, i * bytes));
}

export function floatsOf(tensors: StateDict, name: string): Float32Array {
  return Float32Array.from(numbersOf(tensorOf(tensors, name)));
}

export function integersOf(tensors: StateDict, name: string): Int32Array {
  return Int32Array.from(numbersOf(tensorOf(tensors, name)));
}

/** Images of a fixture file with their labels; `trueLabels` as the labels unless named. */
export function imageSetOf(
  tensors: StateDict,
  images = 'images',
  labels = 'labels',
  trueLabels = labels,
): ImageSet {
  const {data, shape} = tensorOf(tensors, images);
  const [count = 0, , height = 0, width = 0] = shape;
  return {
    images: data,
    labels: integersOf(tensors, labels),
    trueLabels: integersOf(tensors, trueLabels),
    originalIndices: range(count),
    count,
    height,
    width,
  };
}

export function range(count: number): Int32Array {
  return Int32Array.from({length: count}, (_, i) => i);
}

export function tinySession(options: Partial<SessionOptions> = {}): Promise<Session> {
  const {model, num_classes: numClasses, mean, std} = facts;
  return createSession({
    device: 'cpu',
    seed: 0,
    threads: 1,
    model,
    numClasses,
    mean,
    std,
    ...options,
  });
}

/** A tiny session with the oracle's two models, and optionally a set as the clean subset. */
export async function loadedSession(
  cleanSubset?: ImageSet,
  options: Partial<SessionOptions> = {},
): Promise<Session> {
  const session = await tinySession(options);
  await session.loadStateDict(await tensorsOf('tiny_trainee.pt'), 'trainee');
  await session.loadStateDict(await tensorsOf('tiny_reference.pt'), 'reference');
  if (cleanSubset !== undefined) await session.setImages('cleanSubset', cleanSubset);
  return session;
}

export const PGD: NativePgdOptions = {
  norm: 'L_inf',
  normBound: 0.2,
  stepSize: 0.2,
  steps: 2,
  init: 'max',
  beta1: 0.01,
  beta2: 1,
};

/** A defense by `sau`, its own options beside those that all have. */
export type Unlearning = NativeDefendRounds & NativeSauOptions;

export const UNLEARN: Unlearning = {
  rounds: 2,
  batchSize: 4,
  outerSteps: 1,
  evalEvery: 0,
  evalBatchSize: 8,
  pgd: PGD,
  loss: {lambda1: 1, lambda2: 0, lambda3: 1, trainMode: false},
  optimizer: {
    optimizer: 'adam',
    learningRate: 1e-3,
    weightDecay: 0,
    momentum: 0.9,
    nesterov: false,
    adamBeta1: 0.9,
    adamBeta2: 0.999,
  },
  batchOrder: new Int32Array(0),
};

/** As a session takes it. */
export function sau({
  rounds,
  evalEvery,
  evalBatchSize,
  ...options
}: Unlearning): NativeDefendOptions {
  return {method: 'sau', rounds, evalEvery, evalBatchSize, options};
}

type FlatKind = 'parameters' | 'statistics';

/** Parameters or running statistics one after another, as the oracle stores them. */
export function flatten(state: StateDict, kind: FlatKind): Float32Array {
  const parts: number[] = facts.layout[kind].flatMap(({name}: {name: string}) =>
    numbersOf(tensorOf(state, name)),
  );
  return Float32Array.from(parts);
}

/** A state dict with its parameters taken from the oracle's flat vector. */
export function withParameters(state: StateDict, parameters: Float32Array): StateDict {
  const result = new Map(state);
  let offset = 0;
  for (const {name} of facts.layout.parameters as {name: string}[]) {
    const {shape, dtype, data} = tensorOf(state, name);
    const values = parameters.slice(offset, offset + data.length / 4);
    offset += values.length;
    result.set(name, {dtype, shape, data: new Uint8Array(values.buffer)});
  }
  expect(offset).toBe(parameters.length);
  return result;
}

/** The bytes of all tensors by name, for comparisons bit by bit. */
export function bytesOf(state: StateDict): Record<string, string> {
  return Object.fromEntries(
    [...state].map(([name, {data}]) => [name, Buffer.from(data).toString('base64')]),
  );
}

/** |actual - expected| / |expected| in the L2 norm. */
export function relativeL2(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let error = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    const value = expected[i] ?? Number.NaN;
    error += ((actual[i] ?? Number.NaN) - value) ** 2;
    norm += value ** 2;
  }
  return Math.sqrt(error / norm);
}

/** Largest |actual - expected| over all elements. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/** Relative distance of two scalars. */
export function relative(actual: number, expected: number): number {
  return Math.abs(actual - expected) / Math.abs(expected);
}

/** Shows a measured figure beside its bound when SAU_TEST_FIGURES is set. */
export function expectBelow(what: string, figure: number, bound: number): void {
  if (process.env.SAU_TEST_FIGURES) console.log(`${what}: ${figure.toExponential(2)} <= ${bound}`);
  expect(figure, what).toBeLessThanOrEqual(bound);
}
