import {inspect} from 'node:util';
import {SauError} from '../base/errors.js';
import {elementCount} from '../checkpoint/tensor.js';
import type {NativeCore} from '../native/contract.js';
import type {NativeModel} from '../native/model_contract.js';
import {named} from '../options/named.js';
import type {Checkpoint} from '../records/read_checkpoint.js';
import {isModelName, MODEL_NAMES} from './names.js';

type Core = Pick<NativeCore, 'describeModel'>;
type Weights = Pick<Checkpoint, 'path' | 'stateDict'>;

/** Elements of a tensor (256 MiB) above which the file must show that it has such a tensor. */
const FREE_ELEMENTS = 2 ** 26;

/**
 * The model whose weights these are, by their names and shapes: the one that shares most of them, and at least half
 * of its own. Throws ERR_CONFIG where there is none.
 */
export function modelOfWeights(core: Core, {stateDict}: Weights): string {
  const names = MODEL_NAMES.flatMap((name) => [name, ...ofStemWidth(core, name, stateDict)]);
  const shares = names.map((name) => ({name, share: sharedPart(core, name, stateDict)}));
  const best = shares.reduce((a, b) => (b.share > a.share ? b : a));
  if (best.share >= 0.5) return best.name;
  throw new SauError(
    'ERR_CONFIG',
    `Expected ${named('model')} but received nothing, and the checkpoint names no model and its weights are not those of a ` +
      `${MODEL_NAMES.join(' or ')} (first: ${[...stateDict.keys()].slice(0, 3).join(', ')}).`,
    {
      remedy: `Give ${named('model')} if they are and have other names; no other architecture is known.`,
    },
  );
}

/** Outputs of the model's head as these weights have it; null where they lack it. */
export function classesOfHead(core: Core, model: string, {stateDict}: Weights): number | null {
  return stateDict.get(core.describeModel(model, 1).head.weight)?.shape[0] ?? null;
}

/** Throws ERR_CONFIG for a model that is not known. */
export function checkModelName(model: string, {path}: Pick<Weights, 'path'>): void {
  if (isModelName(model)) return;
  const known = MODEL_NAMES.join(' or ');
  throw new SauError(
    'ERR_CONFIG',
    `Expected a model such as ${MODEL_NAMES[0]} or ${MODEL_NAMES[0]}_w16 for ${path} but received ${inspect(model)}.`,
    {
      remedy: `Give ${named('model')} if the weights are those of a ${known}; no other architecture is known.`,
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

/** The architecture with as many base channels as the first convolution of these weights has, where it is another number. */
function ofStemWidth(core: Core, name: string, state: Weights['stateDict']): string[] {
  const stem = core.describeModel(name, 1).layers.find(({shape}) => shape.length === 4);
  const width = stem === undefined ? undefined : state.get(stem.key)?.shape[0];
  const wider = `${name}_w${width}`;
  return width !== stem?.shape[0] && isModelName(wider) ? [wider] : [];
}

/** Share of a model's weights that a state dict has under their names and in their shapes, whatever the classes. */
function sharedPart(core: Core, name: string, state: Weights['stateDict']): number {
  const {layers, head}: NativeModel = core.describeModel(name, 1);
  const body = layers.filter(({key}) => key !== head.weight && key !== head.bias);
  const shared = body.filter(({key, shape}) => String(state.get(key)?.shape) === String(shape));
  return shared.length / body.length;
}
