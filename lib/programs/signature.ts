import type {Json} from './json.js';
import type {ValueNames} from './nodes.js';
import {exportAgain, ProgramFault} from './program_error.js';
import {dtypeOf, type StoredTensor} from './tensors.js';

const MAX_VALUES = 20_000;

/** What the inputs of a graph stand for, by the names of their values. */
export interface Inputs {
  /** Keys of the state dict. */
  readonly weights: ReadonlyMap<
    string,
    {readonly key: string; readonly kind: 'parameter' | 'buffer'}
  >;
  /** Names in the archive's constants. */
  readonly constants: ReadonlyMap<string, string>;
  /** The value of the images. */
  readonly input: string;
  readonly height: number;
  readonly width: number;
}

/** Reads the inputs of the graph: weights, constants and one batch of images. */
export function readInputs(module: Json, names: ValueNames): Inputs {
  const graph = module.get('graph');
  const metas = graph.get('tensor_values');
  const inputs = graph.get('inputs').items();
  const specs = module.get('signature').get('input_specs').items();
  if (
    inputs.length !== specs.length ||
    inputs.length > MAX_VALUES ||
    metas.fields().length > MAX_VALUES
  ) {
    throw new ProgramFault(
      `it has ${inputs.length} inputs, ${specs.length} descriptions of them and ${metas.fields().length} values, ` +
        `of which ${MAX_VALUES} are allowed`,
    );
  }
  const weights = new Map<string, {key: string; kind: 'parameter' | 'buffer'}>();
  const constants = new Map<string, string>();
  const images: string[] = [];
  for (const [i, spec] of specs.entries()) {
    const [kind, body] = spec.only();
    const value = names.define(inputValue(kind, body), spec.place);
    if (inputs[i]?.find('as_tensor')?.get('name').text() !== value) {
      throw new ProgramFault(`its input ${i} is not ${value}, as its signature says`);
    }
    if (kind === 'parameter') {
      weights.set(value, {key: body.get('parameter_name').text(), kind});
    } else if (kind === 'tensor_constant') {
      constants.set(value, body.get('tensor_constant_name').text());
    } else if (kind === 'buffer') {
      const key = body.get('buffer_name').text();
      if (body.get('persistent').truth()) weights.set(value, {key, kind});
      else constants.set(value, key);
    } else images.push(value);
  }
  const [input, other] = images;
  if (input === undefined || other !== undefined) {
    throw new ProgramFault(
      `it takes ${images.length} inputs`,
      'A classifier takes one: the batch of images.',
    );
  }
  return {weights, constants, input, ...imageSize(metas.get(input))};
}

function inputValue(kind: string, body: Json): string {
  const arg = body.get('arg');
  if (kind === 'user_input') {
    const tensor = arg.find('as_tensor');
    if (tensor !== null) return tensor.get('name').text();
    throw new ProgramFault(
      `it has an input that is no tensor, at ${arg.place}`,
      'A classifier takes one: the batch of images.',
    );
  }
  if (kind === 'parameter' || kind === 'buffer' || kind === 'tensor_constant') {
    return arg.get('name').text();
  }
  throw new ProgramFault(
    `it has an input of the kind ${JSON.stringify(kind)} at ${body.place}`,
    'Custom objects, tokens and constants that are no tensors are not supported: leave them out of the model before exporting it.',
  );
}

/** Images [N,3,H,W] of any N. */
function imageSize(meta: Json): {height: number; width: number} {
  const dtype = dtypeOf(meta.get('dtype'));
  const sizes = meta.get('sizes').items();
  const [batch, channels, height, width] = sizes.map(knownSize);
  if (!/float/.test(dtype) || sizes.length !== 4 || channels !== 3) {
    const shape = sizes.map((size) => knownSize(size) ?? 'N').join(', ');
    throw new ProgramFault(
      `it takes ${dtype} [${shape}]`,
      'A classifier takes one batch of images: float [N, 3, height, width].',
    );
  }
  if (batch !== null) {
    throw exportAgain(
      `it takes batches of ${batch} images alone`,
      'Export it with a batch of any size',
      height === width ? (height ?? null) : null,
    );
  }
  if (!height || !width) {
    throw exportAgain(
      'it takes images of any size',
      'Export it with the size that it was trained at',
    );
  }
  return {height, width};
}

/** null for a size that varies. */
function knownSize(size: Json): number | null {
  const [kind, value] = size.only();
  return kind === 'as_int' ? value.size() : null;
}

/** Reads what the graph returns: one value, logits [N, classes]. */
export function readOutput(module: Json, names: ValueNames): {output: string; numClasses: number} {
  const outputs = module.get('graph').get('outputs').items();
  const specs = module.get('signature').get('output_specs').items();
  const tensors = specs.map((spec) => {
    const [kind, body] = spec.only();
    if (kind === 'buffer_mutation') {
      throw exportAgain(
        `it changes its buffer ${body.get('buffer_name').text()}`,
        'Call eval() before exporting the model',
      );
    }
    const tensor = kind === 'user_output' ? body.get('arg').find('as_tensor') : null;
    if (tensor === null) {
      throw new ProgramFault(
        `it gives back something that is no tensor (${kind})`,
        'A classifier gives back its logits alone.',
      );
    }
    return tensor.get('name').text();
  });
  const [output, other] = tensors;
  if (output === undefined || other !== undefined || outputs.length !== 1) {
    throw new ProgramFault(
      `it gives back ${tensors.length} values`,
      'A classifier gives back its logits alone: wrap the model in a module that does before exporting it.',
    );
  }
  names.known(output, 'signature.output_specs');
  const meta = module.get('graph').get('tensor_values').get(output);
  const sizes = meta.get('sizes').items().map(knownSize);
  const [, numClasses] = sizes;
  if (sizes.length !== 2 || numClasses === null || numClasses === undefined || numClasses < 2) {
    throw new ProgramFault(
      `it gives back [${sizes.map((size) => size ?? 'N').join(', ')}]`,
      'A classifier gives back logits [N, classes].',
    );
  }
  return {output, numClasses};
}

/** Throws unless a stored tensor is of the size and type that the graph gives its value. */
export function checkValue(module: Json, value: string, {name, shape, dtype}: StoredTensor): void {
  const meta = module.get('graph').get('tensor_values').get(value);
  const sizes = meta.get('sizes').items().map(knownSize);
  if (dtypeOf(meta.get('dtype')) !== dtype || String(sizes) !== String(shape)) {
    throw new ProgramFault(
      `its ${name} is ${dtype} [${shape.join(', ')}] but its graph takes ${dtypeOf(meta.get('dtype'))} [${sizes.join(', ')}]`,
    );
  }
}
