import type {NativeArgument} from '../native/program_contract.js';
import {readArgument} from './arguments.js';
import type {Json} from './json.js';
import {OPERATORS, SKIPPED, SYMBOLIC} from './operators.js';
import type {ProgramNode} from './program.js';
import {exportAgain, ProgramFault} from './program_error.js';

const MAX_NODES = 20_000;
const MAX_ARGUMENTS = 64;

/** Names of values: each is defined once, and before it is used. */
export class ValueNames {
  readonly #names = new Set<string>();

  define(name: string, place: string): string {
    if (this.#names.has(name)) throw new ProgramFault(`it defines ${name} twice, at ${place}`);
    this.#names.add(name);
    return name;
  }

  readonly known = (name: string, place: string): string => {
    if (this.#names.has(name)) return name;
    throw new ProgramFault(`it uses ${name} before it is defined, at ${place}`);
  };
}

/** Nodes in order of execution; their outputs become known. Throws for an operator that is not allowed. */
export function readNodes(nodes: Json, names: ValueNames): ProgramNode[] {
  const items = nodes.items();
  if (items.length > MAX_NODES) throw new ProgramFault(`it has more than ${MAX_NODES} nodes`);
  return items.flatMap((node) => {
    const target = node.get('target').text();
    return SKIPPED.has(target) ? [] : [readNode(node, target, names)];
  });
}

function readNode(node: Json, target: string, names: ValueNames): ProgramNode {
  const name = {...operatorOf(target, node), arguments: argumentsOf(node, names)};
  checkMode(name, node);
  return {...name, ...outputsOf(node, names)};
}

/** `torch.ops.aten.add.Tensor` -> aten::add, Tensor; arithmetic on sizes is in a namespace of its own. */
function operatorOf(target: string, node: Json): {operator: string; overload: string} {
  const symbolic = Object.hasOwn(SYMBOLIC, target) ? SYMBOLIC[target] : undefined;
  if (symbolic !== undefined) return {operator: `sym::${symbolic}`, overload: ''};
  if (target.startsWith('torch.ops.higher_order.')) throw higherOrder(target, node);
  const [, operator = '', overload = ''] = /^torch\.ops\.aten\.(\w+)\.(\w+)$/.exec(target) ?? [];
  const short = overload === 'default' ? operator : `${operator}.${overload}`;
  if (OPERATORS.has(short)) {
    return {operator: `aten::${operator}`, overload: overload === 'default' ? '' : overload};
  }
  throw new ProgramFault(
    `its node ${labelOf(node)} calls ${JSON.stringify(target)}, which is not among the operators that are allowed`,
    'Replace it in the model, or ask for it in an issue of sau-native: docs/programs.md has the list.',
  );
}

function higherOrder(target: string, node: Json): ProgramFault {
  const what = target.includes('set_grad_enabled')
    ? 'torch.no_grad() or torch.enable_grad()'
    : target.includes('autocast')
      ? 'autocast'
      : 'a branch or a loop that depends on values';
  return new ProgramFault(
    `its node ${labelOf(node)} calls ${JSON.stringify(target)}, which runs a graph of its own`,
    `Take ${what} out of the model's forward before exporting it.`,
  );
}

/** The name of a node, for messages: that of its first output, because older archives have no other. */
function labelOf(node: Json): string {
  const [output] = node.get('outputs').items();
  const [, value] = output?.only() ?? [];
  const name = value?.value;
  if (typeof name === 'object' && name !== null && 'name' in name) return String(name.name);
  return node.place;
}

function argumentsOf(node: Json, names: ValueNames): Map<string, NativeArgument> {
  const inputs = node.get('inputs').items();
  if (inputs.length > MAX_ARGUMENTS) {
    throw new ProgramFault(`its node ${labelOf(node)} has more than ${MAX_ARGUMENTS} arguments`);
  }
  const read = new Map<string, NativeArgument>();
  for (const input of inputs) {
    const name = input.get('name').text();
    if (read.has(name)) {
      throw new ProgramFault(`its node ${labelOf(node)} has two arguments ${JSON.stringify(name)}`);
    }
    read.set(name, readArgument(input.get('arg'), names.known));
  }
  return read;
}

/** Where training mode is written down in a node. */
const TRAINING_FLAGS: Readonly<Record<string, string>> = {
  'aten::batch_norm': 'training',
  'aten::instance_norm': '',
  'aten::dropout': 'train',
  'aten::dropout_': 'train',
  'aten::feature_dropout': 'train',
  'aten::feature_dropout_': 'train',
};

function checkMode(
  {operator, arguments: given}: Pick<ProgramNode, 'operator' | 'arguments'>,
  node: Json,
): void {
  const flag = given.get(TRAINING_FLAGS[operator] ?? '');
  if (flag?.kind !== 'bool' || !flag.value) return;
  throw exportAgain(
    `its node ${labelOf(node)} is in training mode`,
    'Call eval() before exporting the model',
  );
}

function outputsOf(
  node: Json,
  names: ValueNames,
): {outputs: readonly string[]; givesList: boolean} {
  const outputs = node.get('outputs').items();
  const define = (name: Json): string => names.define(name.text(), name.place);
  const [first] = outputs;
  if (first !== undefined && outputs.length === 1) {
    const [kind, value] = first.only();
    if (kind === 'as_tensors') {
      const items = value.items().map((item) => define(item.get('name')));
      return {outputs: items, givesList: true};
    }
  }
  return {outputs: outputs.map((output) => define(outputName(output))), givesList: false};
}

function outputName(output: Json): Json {
  const [kind, value] = output.only();
  if (kind === 'as_tensor') return value.get('name');
  if (kind === 'as_sym_int' || kind === 'as_sym_float' || kind === 'as_sym_bool') {
    return value.get('as_name');
  }
  throw new ProgramFault(`it has an output of the kind ${JSON.stringify(kind)} at ${output.place}`);
}
