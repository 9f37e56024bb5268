import {localPath} from '../base/path_exists.js';
import type {StateDict, TensorData} from '../checkpoint/tensor.js';
import type {NativeArgument} from '../native/program_contract.js';
import {ProgramArchive} from './archive.js';
import {type Json, readJson} from './json.js';
import {readNodes, ValueNames} from './nodes.js';
import type {Program, ProgramNode, ProgramWeight} from './program.js';
import {exportAgain, ProgramFault, refusedProgram} from './program_error.js';
import {checkValue, type Inputs, readInputs, readOutput} from './signature.js';
import {readTensorConfig, type StoredTensor, TensorReader} from './tensors.js';

const MODEL = 'models/model.json';
const MAX_MODEL_BYTES = 64 << 20;
/** The schema's major number. Others may mean other things. */
const SCHEMA_MAJOR = 8;
const MAX_KEY_LENGTH = 1000;

/**
 * Reads an image classifier that torch.export.save has written, as data: its graph, weights and constants. Runs
 * nothing and reads no pickle. Throws ERR_CHECKPOINT for a file that cannot be opened, and ERR_PROGRAM for a damaged
 * one and for a program that is not allowed, with the node (docs/programs.md).
 * @example
 * ```ts
 * const program = await readProgram('model.pt2');
 * console.log(program.torchVersion, program.nodes.length, program.numClasses);
 * ```
 */
export async function readProgram(file: string | URL): Promise<Program> {
  const path = localPath(file);
  const archive = await ProgramArchive.open(path);
  try {
    return await readFrom(archive, path);
  } catch (error) {
    throw refusedProgram(path, error);
  } finally {
    await archive.close();
  }
}

async function readFrom(archive: ProgramArchive, path: string): Promise<Program> {
  const json = readJson(await archive.read(MODEL, MAX_MODEL_BYTES), MODEL);
  const schemaVersion = schemaOf(json);
  const module = json.get('graph_module');
  const names = new ValueNames();
  const inputs = readInputs(module, names);
  const nodes = readNodes(module.get('graph').get('nodes'), names);
  const {output, numClasses} = readOutput(module, names);
  const tensors = new TensorReader(archive);
  const stored = await readTensorConfig(archive, 'weights');
  const weights = readWeights(stored, module, inputs, usedValues(nodes));
  const stateDict = await readStateDict(stored, weights, tensors);
  return {
    ...{path, schemaVersion, torchVersion: json.find('torch_version')?.text() ?? 'unknown'},
    ...{weights, stateDict, constants: await readConstants(archive, module, inputs, tensors)},
    ...{nodes, input: inputs.input, height: inputs.height, width: inputs.width},
    ...{output, numClasses},
  };
}

function schemaOf(json: Json): string {
  const version = json.get('schema_version');
  const major = version.get('major').size();
  const schema = `${major}.${version.get('minor').size()}`;
  if (major > SCHEMA_MAJOR) {
    throw new ProgramFault(
      `it has schema ${schema}, and this version reads schema ${SCHEMA_MAJOR}`,
      'Update sau-native, or export it again with torch 2.13.',
    );
  }
  if (major < SCHEMA_MAJOR) {
    throw exportAgain(
      `it has schema ${schema}, which an old torch wrote`,
      'Export it again with torch 2.9 or newer',
    );
  }
  return schema;
}

function readWeights(
  stored: ReadonlyMap<string, StoredTensor>,
  module: Json,
  inputs: Inputs,
  used: ReadonlySet<string>,
): ProgramWeight[] {
  const weights: ProgramWeight[] = [];
  for (const [value, {key, kind}] of inputs.weights) {
    const {shape, dtype, entry} = required(stored, key, module, value);
    checkKey(key);
    weights.push({key, value, kind, shape, dtype, entry, tiedTo: null});
  }
  const keys = new Set(weights.map(({key}) => key));
  if (keys.size < weights.length) throw new ProgramFault('it has two weights of one name');
  return inStateDictOrder(withTies(weights, stored, used));
}

/** Values that some node takes. */
function usedValues(nodes: readonly ProgramNode[]): ReadonlySet<string> {
  const used = new Set<string>();
  const add = (argument: NativeArgument): void => {
    if (argument.kind === 'value') used.add(argument.name);
    if (argument.kind === 'list') argument.items.forEach(add);
  };
  for (const node of nodes) for (const argument of node.arguments.values()) add(argument);
  return used;
}

/** Weights that are one tensor belong to the first of them that the graph takes. */
function withTies(
  weights: readonly ProgramWeight[],
  stored: ReadonlyMap<string, StoredTensor>,
  used: ReadonlySet<string>,
): ProgramWeight[] {
  const placeOf = ({key}: ProgramWeight): string => {
    const {entry, dtype, shape, strides, offset} = stored.get(key) ?? {};
    return JSON.stringify([entry, dtype, shape, strides, offset]);
  };
  const owners = new Map<string, ProgramWeight>();
  for (const weight of weights.toSorted((a, b) => +used.has(b.value) - +used.has(a.value))) {
    const place = placeOf(weight);
    if (!owners.has(place)) owners.set(place, weight);
  }
  return weights.map((weight) => {
    const owner = owners.get(placeOf(weight))?.key ?? weight.key;
    return owner === weight.key ? weight : {...weight, tiedTo: owner};
  });
}

async function readStateDict(
  stored: ReadonlyMap<string, StoredTensor>,
  weights: readonly ProgramWeight[],
  tensors: TensorReader,
): Promise<StateDict> {
  const stateDict = new Map<string, TensorData>();
  for (const {key} of weights) {
    const tensor = stored.get(key);
    if (tensor !== undefined) stateDict.set(key, await tensors.read(tensor));
  }
  return stateDict;
}

async function readConstants(
  archive: ProgramArchive,
  module: Json,
  inputs: Inputs,
  tensors: TensorReader,
): Promise<ReadonlyMap<string, TensorData>> {
  const stored = await readTensorConfig(archive, 'constants');
  const constants = new Map<string, TensorData>();
  for (const [value, name] of inputs.constants) {
    constants.set(value, await tensors.read(required(stored, name, module, value)));
  }
  return constants;
}

function required(
  stored: ReadonlyMap<string, StoredTensor>,
  name: string,
  module: Json,
  value: string,
): StoredTensor {
  const tensor = stored.get(name);
  if (tensor === undefined) {
    throw exportAgain(`it lacks the tensor ${JSON.stringify(name)}`);
  }
  checkValue(module, value, tensor);
  return tensor;
}

/** Keys are paths of modules, whose parts cannot be empty. */
function checkKey(key: string): void {
  if (key.length <= MAX_KEY_LENGTH && /^[^.]+(\.[^.]+)*$/.test(key)) return;
  throw new ProgramFault(`it has a weight of the name ${JSON.stringify(key)}, which is no key`);
}

interface Folder {
  readonly own: ProgramWeight[];
  readonly children: Map<string, Folder>;
}

/**
 * The order of a state dict: of each module its parameters, its buffers, then its children in the order of their
 * first weights. The archive has all parameters first.
 */
function inStateDictOrder(weights: readonly ProgramWeight[]): ProgramWeight[] {
  const root: Folder = {own: [], children: new Map()};
  for (const weight of weights) {
    let folder = root;
    for (const name of weight.key.split('.').slice(0, -1)) {
      const child = folder.children.get(name) ?? {own: [], children: new Map()};
      folder.children.set(name, child);
      folder = child;
    }
    folder.own.push(weight);
  }
  return flattened(root);
}

function flattened({own, children}: Folder): ProgramWeight[] {
  const of = (wanted: string): ProgramWeight[] => own.filter(({kind}) => kind === wanted);
  return [...of('parameter'), ...of('buffer'), ...[...children.values()].flatMap(flattened)];
}
