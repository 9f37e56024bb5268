// What the plain PyTorch of scripts/oracle computed, read from test/fixtures/native.
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
import type {NativeFtOptions} from '../../lib/native/run_contract.js';
import {readCheckpoint} from '../../lib/records/read_checkpoint.js';
import {FIXTURES} from './paths.js';

export const NATIVE_FIXTURES = join(FIXTURES, 'native');

/** The scalars of the oracle. */
export const facts = JSON.parse(readFileSync(join(NATIVE_FIXTURES, 'fixtures.json'), 'utf8'));

/** The scalars of the generators' oracle, scripts/oracle/make_generator_fixtures.py. */
export const generatorFacts = JSON.parse(
  readFileSync(join(NATIVE_FIXTURES, 'generators.json'), 'utf8'),
);

/** The tensors of a fixture file, by name. */
export async function tensorsOf(file: string): Promise<StateDict> {
  return (await readCheckpoint(join(NATIVE_FIXTURES, file))).stateDict;
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

const {full} = facts.training;
/** The oracle's training on batches of all images: its epochs, without augmentation. */
export const ORACLE_EPOCHS = {
  batchSize: 32,
  optimizer: {
    optimizer: 'sgd',
    learningRate: full.learning_rate,
    weightDecay: full.weight_decay,
    momentum: full.momentum,
    nesterov: false,
    adamBeta1: 0.9,
    adamBeta2: 0.999,
  },
  schedule: 'cosine',
  scheduleLength: full.schedule_length,
  warmupShare: 0,
  milestones: [],
  gamma: 1,
  cropPadding: 0,
  flip: false,
} as const satisfies NativeFtOptions;
