import {inspect} from 'node:util';
import {SauError} from '../base/errors.js';
import {elementCount} from '../checkpoint/tensor.js';
import type {NativeCore} from '../native/contract.js';
import type {NativeModel} from '../native/model_contract.js';
import {named} from '../options/named.js';
import type {Checkpoint} from '../records/read_checkpoint.js';
import {commonKey} from './keys.js';
import {isModelName, MODEL_FORMS, MODEL_NAMES} from './names.js';
import {polarizedName, polarizerPlace} from './polarized.js';

type Core = Pick<NativeCore, 'describeModel'>;
type Weights = Pick<Checkpoint, 'path' | 'stateDict'>;

const UNKNOWN_REMEDY = `An architecture that is not known can be brought as a program of torch.export, as ${named('program')}.`;

/** Elements of a tensor (256 MiB) above which the file must show that it has such a tensor. */
const FREE_ELEMENTS = 2 ** 26;

/**
 * The model whose weights these are, by their names and shapes: the one that has most of them in common, and at least
 * half of what the two have together. Throws ERR_CONFIG where there is none.
 */
export function modelOfWeights(core: Core, {stateDict}: Weights): string {
  const state = commonShapes([...stateDict].map(([key, {shape}]) => [key, shape]));
  const models = MODEL_NAMES.flatMap((name) => {
    const model = core.describeModel(name, 1);
    return [model, ...ofStemWidth(core, model, state)];
  });
  const shares = models.map((model) => ({name: model.name, share: sharedPart(model, state)}));
  const best = shares.reduce((a, b) => (b.share > a.share ? b : a));
  if (best.share >= 0.5) {
    return polarizerPlace(stateDict) === null ? best.name : polarizedName(best.name);
  }
  throw new SauError(
    'ERR_CONFIG',
    `Expected ${named('model')} but received nothing, and the checkpoint names no model and its weights are those of no known ` +
      `architecture (first: ${[...stateDict.keys()].slice(0, 3).join(', ')}).`,
    {remedy: `Give ${named('model')} if they are and have other names. ${UNKNOWN_REMEDY}`},
  );
}

/** Outputs of the model's head as these weights have it; null where they lack it. */
export function classesOfHead(core: Core, model: string, {stateDict}: Weights): number | null {
  const {weight} = core.describeModel(model, 1).head;
  return (stateDict.get(weight) ?? stateDict.get(commonKey(weight)))?.shape[0] ?? null;
}

/** Throws ERR_CONFIG for a model that is not known. */
export function checkModelName(model: string, {path}: Pick<Weights, 'path'>): void {
  if (isModelName(model)) return;
  throw new SauError(
    'ERR_CONFIG',
    `Expected ${MODEL_FORMS} for ${path} but received ${inspect(model)}.`,
    {
      remedy: `Give ${named('model')} if the weights are those of a model by another name. ${UNKNOWN_REMEDY}`,
      details: {path, model},
    },
  );
}

/**
 * Throws ERR_CHECKPOINT where the model is far larger than the weights are: a damaged or hostile file must not make
 * the machine run out of memory.
 */
export function checkModelSize(
  core: Core,
  model: string,
  numClasses: number,
  {path, stateDict}: Weights,
): void {
  const needed = largestOf(core.describeModel(model, numClasses).layers);
  const largest = largestOf(stateDict.values());
  if (needed <= Math.max(largest, FREE_ELEMENTS)) return;
  throw new SauError(
    'ERR_CHECKPOINT',
    `Expected the weights of a ${model} with ${numClasses} classes in ${path}, of which one tensor has ${needed} ` +
      `elements, but the largest there has ${largest}.`,
    {
      remedy: `Check ${named('model')} and ${named('numClasses')}, or copy or download the file again.`,
      details: {path, model, numClasses, needed, largest},
    },
  );
}

function largestOf(tensors: Iterable<{readonly shape: readonly number[]}>): number {
  return Math.max(0, ...Array.from(tensors, ({shape}) => elementCount(shape)));
}

/** Shapes by the keys that all forms of a checkpoint have in common. */
type Shapes = ReadonlyMap<string, string>;

function commonShapes(entries: Iterable<readonly [string, readonly number[]]>): Shapes {
  return new Map([...entries].map(([key, shape]) => [commonKey(key), String(shape)]));
}

/**
 * The architecture with as many base channels as the first convolution of these weights implies, where it is another
 * number than its own.
 */
function ofStemWidth(core: Core, {name, layers, width}: NativeModel, state: Shapes): NativeModel[] {
  const stem = layers.find(({shape}) => shape.length === 4);
  const found = Number(state.get(commonKey(stem?.key ?? ''))?.split(',')[0]);
  const own = stem?.shape[0] ?? 1;
  const other = `${name}_w${(found * width) / own}`;
  if (found === own || !isModelName(other)) return [];
  try {
    return [core.describeModel(other, 1)];
  } catch {
    return []; // the architecture does not exist in this width
  }
}

/**
 * What a model's weights and a state dict have in common, as a share of what they have together, whatever the
 * classes.
 */
function sharedPart({layers, head}: NativeModel, state: Shapes): number {
  const isBody = (key: string) => key !== commonKey(head.weight) && key !== commonKey(head.bias);
  const body = commonShapes(layers.map(({key, shape}) => [key, shape]));
  const own = [...body].filter(([key]) => isBody(key));
  const stored = [...state.keys()].filter(isBody).length;
  const shared = own.filter(([key, shape]) => state.get(key) === shape).length;
  return shared / (own.length + stored - shared);
}
