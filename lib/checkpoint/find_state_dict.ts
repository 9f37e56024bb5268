import {SauError} from '../base/errors.js';
import {describeValue} from './pickle_values.js';
import {TensorRef} from './torch_values.js';

/** A state dict in a checkpoint, not read yet. */
interface FoundStateDict {
  /** Keys that lead to it, such as ['model']; empty for a bare state dict. */
  readonly keyPath: readonly string[];
  /** In the order of the file, without a leading `module.`. */
  readonly tensors: ReadonlyMap<string, TensorRef>;
}

/** Keys under which training programs store the weights. They win over other state dicts in the file. */
const USUAL_KEYS: ReadonlySet<string | undefined> = new Set([
  'model',
  'state_dict',
  'model_state_dict',
  'net',
  'network',
  'weights',
]);

/**
 * Finds the one state dict in a checkpoint: the value itself, or a dict up to two keys deep. A leading `module.` of
 * data-parallel training is removed (specification C.3, C.4). Throws ERR_CHECKPOINT if there is none or several.
 */
export function findStateDict(value: unknown, path: string): FoundStateDict {
  const candidates = collect(value, [], 2);
  const usual = candidates.filter(({keyPath}) => USUAL_KEYS.has(keyPath.at(-1)));
  const [first, second] = usual.length > 0 ? usual : candidates;
  if (first === undefined) {
    const found =
      value instanceof Map
        ? `the keys ${[...value.keys()].slice(0, 20).join(', ')}`
        : describeValue(value);
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected a state dict in ${path} but found ${found}: save model.state_dict(), alone or under the key "model"`,
      {details: {path}},
    );
  }
  if (second !== undefined) {
    const names = candidates.map(({keyPath}) => keyPath.join('.'));
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected one state dict in ${path} but found ${names.length} (${names.join(', ')}): save the one you mean alone`,
      {details: {path, candidates: names}},
    );
  }
  return {keyPath: first.keyPath, tensors: withoutModulePrefix(first.tensors, path)};
}

function collect(value: unknown, keyPath: readonly string[], depth: number): FoundStateDict[] {
  if (!(value instanceof Map)) return [];
  const tensors = asTensors(value);
  if (tensors !== null) return [{keyPath, tensors}];
  if (depth === 0) return [];
  return [...value].flatMap(([key, child]) =>
    typeof key === 'string' ? collect(child, [...keyPath, key], depth - 1) : [],
  );
}

/** The map as a state dict: it has at least one entry and maps names to tensors only. */
function asTensors(map: ReadonlyMap<unknown, unknown>): Map<string, TensorRef> | null {
  const tensors = new Map<string, TensorRef>();
  for (const [name, tensor] of map) {
    if (typeof name !== 'string' || !(tensor instanceof TensorRef)) return null;
    tensors.set(name, tensor);
  }
  return tensors.size > 0 ? tensors : null;
}

function withoutModulePrefix(
  tensors: ReadonlyMap<string, TensorRef>,
  path: string,
): Map<string, TensorRef> {
  const stripped = new Map<string, TensorRef>();
  for (const [name, tensor] of tensors) {
    const bare = name.replace(/^module\./, '');
    if (stripped.has(bare)) {
      throw new SauError(
        'ERR_CHECKPOINT',
        `Expected each weight once in ${path} but found both ${bare} and module.${bare}: keep one of them`,
        {details: {path, name: bare}},
      );
    }
    stripped.set(bare, tensor);
  }
  return stripped;
}
