import {SauError} from '../base/errors.js';
import {FormatError} from './checkpoint_error.js';
import {describeKey, describeKeys, describeValue, MAX_LISTED} from './describe_value.js';
import {pickledModel} from './foreign_file.js';
import {InertObject} from './pickle_values.js';
import {TensorRef} from './torch_values.js';

/** A state dict in a checkpoint, not read yet. */
export interface FoundStateDict {
  /** Keys that lead to it, such as ['model']; empty for a bare state dict. */
  readonly keyPath: readonly string[];
  /** In the order of the file, by the names of the model, without what wrappers put before them. */
  readonly tensors: ReadonlyMap<string, TensorRef>;
  /** The names in the file, by the names of `tensors`. */
  readonly fileNames: ReadonlyMap<string, string>;
  /** What was chosen or left out. */
  readonly notes: readonly string[];
}

type Tensors = ReadonlyMap<string, TensorRef>;

interface Candidate {
  readonly keyPath: readonly string[];
  readonly tensors: Tensors;
}

/** Keys under which training programs store the weights. They win over other state dicts in the file. */
const USUAL_KEYS: ReadonlySet<string | undefined> = new Set([
  ...['model', 'state_dict', 'model_state_dict', 'net', 'network', 'weights', 'module', 'params'],
]);

/** Keys of weights averaged over the training. They are taken where there are no others. */
const AVERAGED_KEYS: ReadonlySet<string> = new Set([
  ...['ema', 'model_ema', 'state_dict_ema', 'ema_state_dict', 'ema_model', 'params_ema'],
]);

/** What wrappers of a model put before its names: data-parallel training, torch.compile, Lightning. */
const PREFIXES = ['module.', '_orig_mod.', 'model.'] as const;

/** Counters that averaging (torch.optim.swa_utils) and measuring FLOPs (thop) leave among the weights. */
const COUNTERS: ReadonlySet<string | undefined> = new Set([
  ...['n_averaged', 'total_ops', 'total_params'],
]);

/**
 * Finds the one state dict in a checkpoint: the value itself, or a dict up to two keys deep (specification C.3,
 * C.4). Throws ERR_CHECKPOINT if there is none or several, and ERR_UNSAFE_PICKLE for a whole pickled model.
 */
export function findStateDict(value: unknown, path: string): FoundStateDict {
  const {eligible, averaged} = search(value);
  const [first, second] = eligible;
  if (first === undefined) throw nothingFound(value, path);
  if (second !== undefined) throw ambiguous(stateDictsIn(value), path);
  const {keyPath} = first;
  const {weights, counters} = withoutCounters(first.tensors);
  const notes = [
    ...(isAveraged(first)
      ? [`the weights are the averaged ones (${describeKey(keyPath.join('.'))})`]
      : []),
    ...(isAveraged(first) ? [] : averaged).map(
      (other) => `the averaged weights (${describeKey(other.keyPath.join('.'))}) are not used`,
    ),
    ...(counters.length > 0 ? [`${listed(counters)} is left out: it counts and is no weight`] : []),
    ...untracked(weights),
  ];
  const bare = withoutPrefixes(weights, path);
  return {
    keyPath,
    tensors: new Map([...bare].map(([name, {ref}]) => [name, ref])),
    fileNames: new Map([...bare].map(([name, {fileName}]) => [name, fileName])),
    notes,
  };
}

/** The keys of each state dict that a checkpoint may mean, joined by dots: one unless it is ambiguous. */
export function stateDictsIn(value: unknown): readonly string[] {
  const {candidates, eligible} = search(value);
  const meant = eligible.length > 1 ? candidates : eligible;
  return meant.map(({keyPath}) => keyPath.join('.'));
}

/** All state dicts of a checkpoint, those among them of averaged weights, and those that it may mean. */
function search(value: unknown) {
  const candidates = new Search().collect(value, [], 2);
  const averaged = candidates.filter(isAveraged);
  const plain = candidates.filter((candidate) => !isAveraged(candidate));
  const usual = plain.filter(({keyPath}) => USUAL_KEYS.has(keyPath.at(-1)));
  const eligible = [usual, plain, averaged].find((group) => group.length > 0) ?? [];
  return {candidates, averaged, eligible};
}

function isAveraged({keyPath}: Candidate): boolean {
  return keyPath.some((key) => AVERAGED_KEYS.has(key));
}

function nothingFound(value: unknown, path: string): SauError {
  const model = wholeModel(value);
  if (model !== null) return pickledModel(path, model.className);
  const found =
    value instanceof Map ? `the keys ${describeKeys([...value.keys()])}` : describeValue(value);
  return new SauError(
    'ERR_CHECKPOINT',
    `Expected a state dict in ${path} but found ${found}: save model.state_dict(), alone or under the key "model"`,
    {details: {path}},
  );
}

function ambiguous(names: readonly string[], path: string): SauError {
  return new SauError(
    'ERR_CHECKPOINT',
    `Expected one state dict in ${path} but found ${names.length} (${describeKeys(names)}): save the one you mean alone`,
    {details: {path, candidates: names.slice(0, MAX_LISTED)}},
  );
}

/** A pickled model in the place of weights: the value itself, or what a dict has. */
function wholeModel(value: unknown): InertObject | null {
  const values: unknown[] = value instanceof Map ? [...value.values()] : [value];
  return values.find((item): item is InertObject => isModule(item)) ?? null;
}

function isModule(value: unknown): boolean {
  return (
    value instanceof InertObject && value.state instanceof Map && value.state.has('_parameters')
  );
}

/** More state dicts than these are not looked for: a hostile file can have one under a million pairs of keys. */
const MAX_CANDIDATES = 1000;

/** Looks through dicts. Many keys can lead to the same one, which is looked through once. */
class Search {
  readonly #stateDicts = new Map<unknown, Tensors | null>();
  /** By depth. */
  readonly #empty = [new Set<unknown>(), new Set<unknown>(), new Set<unknown>()] as const;
  #found = 0;

  collect(value: unknown, keyPath: readonly string[], depth: 0 | 1 | 2): readonly Candidate[] {
    if (!(value instanceof Map)) return [];
    const tensors = this.#asTensors(value);
    if (tensors !== null) {
      this.#found += 1;
      return [{keyPath, tensors}];
    }
    if (depth === 0 || this.#empty[depth].has(value)) return [];
    const candidates: Candidate[] = [];
    for (const [key, child] of value) {
      if (this.#found >= MAX_CANDIDATES) break;
      if (typeof key !== 'string') continue;
      candidates.push(...this.collect(child, [...keyPath, key], depth === 2 ? 1 : 0));
    }
    if (candidates.length === 0) this.#empty[depth].add(value);
    return candidates;
  }

  #asTensors(map: ReadonlyMap<unknown, unknown>): Tensors | null {
    const known = this.#stateDicts.get(map);
    if (known !== undefined) return known;
    const tensors = asTensors(map);
    this.#stateDicts.set(map, tensors);
    return tensors;
  }
}

const MAX_NAME = 1000;

/** The map as a state dict: it has at least one entry and maps names to tensors only. */
function asTensors(map: ReadonlyMap<unknown, unknown>): Map<string, TensorRef> | null {
  const tensors = new Map<string, TensorRef>();
  for (const [name, tensor] of map) {
    if (typeof name !== 'string' || !(tensor instanceof TensorRef)) return null;
    if (name.length > MAX_NAME) {
      throw new FormatError(
        `its weight ${describeKey(name)} has a name of ${name.length} characters`,
      );
    }
    tensors.set(name, tensor);
  }
  return tensors.size > 0 ? tensors : null;
}

function withoutCounters(tensors: Tensors): {weights: Tensors; counters: readonly string[]} {
  const isCounter = (name: string): boolean => COUNTERS.has(name.split('.').at(-1));
  return {
    weights: new Map([...tensors].filter(([name]) => !isCounter(name))),
    counters: [...tensors.keys()].filter(isCounter),
  };
}

/** A note if norms lack their counter of batches, which PyTorch before 0.4.1 and other programs do not have. */
function untracked(weights: Tensors): string[] {
  const norms = [...weights.keys()].filter(
    (name) =>
      name.endsWith('running_var') &&
      !weights.has(name.replace(/running_var$/, 'num_batches_tracked')),
  );
  if (norms.length === 0) return [];
  const lacking = norms.length === 1 ? '1 batch norm has' : `${norms.length} batch norms have`;
  return [`${lacking} no num_batches_tracked, which starts at 0`];
}

interface Named {
  readonly ref: TensorRef;
  readonly fileName: string;
}

/** Removes prefixes that all names share, in any order, and `module.` wherever it stands. */
function withoutPrefixes(tensors: Tensors, path: string): Map<string, Named> {
  const names = [...tensors.keys()];
  let shared = '';
  for (;;) {
    const next = PREFIXES.find((prefix) => names.every((name) => name.startsWith(shared + prefix)));
    if (next === undefined) break;
    shared += next;
  }
  const bare = new Map<string, Named>();
  for (const [fileName, ref] of tensors) {
    const name = fileName.slice(shared.length).replace(/^module\./, '');
    const other = bare.get(name);
    if (other !== undefined) {
      throw new SauError(
        'ERR_CHECKPOINT',
        `Expected each weight once in ${path} but found both ${describeKey(other.fileName)} and ${describeKey(fileName)}: keep one of them`,
        {details: {path, name}},
      );
    }
    bare.set(name, {ref, fileName});
  }
  return bare;
}

function listed(names: readonly string[]): string {
  const first = describeKey(names[0]);
  return names.length === 1 ? first : `${first} (and ${names.length - 1} like it)`;
}
