import type {NativeArgument} from '../native/program_contract.js';
import type {Json} from './json.js';
import {ProgramFault} from './program_error.js';
import {dtypeOf} from './tensors.js';

/** Names of values that are defined; throws for any other. */
export type Known = (name: string, place: string) => string;

/** The schema's numbers of memory formats, by c10's names. */
const MEMORY_FORMATS: Readonly<Record<number, string>> = {
  1: 'contiguous',
  2: 'channelsLast',
  3: 'channelsLast3d',
  4: 'preserve',
};

type ReadArgument = (value: Json, known: Known) => NativeArgument;

const value: ReadArgument = (json, known) => ({
  kind: 'value',
  name: known(json.text(), json.place),
});
const int: ReadArgument = (json) => ({kind: 'int', value: json.integer()});
const float: ReadArgument = (json) => ({kind: 'float', value: json.number()});
const bool: ReadArgument = (json) => ({kind: 'bool', value: json.truth()});
const string: ReadArgument = (json) => ({kind: 'string', value: json.text()});
const none: ReadArgument = () => ({kind: 'none'});

const tensor: ReadArgument = (json, known) => value(json.get('name'), known);
/** An object with one field, such as `{"as_name": "x"}` in a place for sizes. */
const tagged =
  (kinds: Readonly<Record<string, ReadArgument>>): ReadArgument =>
  (json, known) => {
    const [kind, inner] = json.only();
    const read = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (read === undefined) throw unknownKind(kind, json.place);
    return read(inner, known);
  };
const listOf =
  (read: ReadArgument): ReadArgument =>
  (json, known) => ({kind: 'list', items: json.items().map((item) => read(item, known))});

const symInt = tagged({as_name: value, as_int: int});
const symFloat = tagged({as_name: value, as_float: float});
const symBool = tagged({as_name: value, as_bool: bool});

/** Every kind of argument that is known, by the name of its field (docs/programs.md). */
const KINDS: Readonly<Record<string, ReadArgument>> = {
  as_none: none,
  as_tensor: tensor,
  as_tensors: listOf(tensor),
  as_optional_tensors: listOf(tagged({as_tensor: tensor, as_none: none})),
  as_int: int,
  as_ints: listOf(int),
  as_float: float,
  as_floats: listOf(float),
  as_bool: bool,
  as_bools: listOf(bool),
  as_string: string,
  as_sym_int: symInt,
  as_sym_ints: listOf(symInt),
  as_sym_float: symFloat,
  as_sym_floats: listOf(symFloat),
  as_sym_bool: symBool,
  as_sym_bools: listOf(symBool),
  as_scalar_type: (json) => ({kind: 'dtype', value: dtypeOf(json)}),
  as_memory_format: (json) => ({kind: 'memoryFormat', value: memoryFormat(json)}),
  as_layout: (json) => {
    if (json.size() !== 7) throw new ProgramFault(`it has a sparse layout at ${json.place}`);
    return {kind: 'layout'};
  },
  as_device: () => ({kind: 'device'}),
};

/** An argument of a node. Its values must be known. */
export const readArgument: ReadArgument = tagged(KINDS);

function memoryFormat(code: Json): string {
  const format = MEMORY_FORMATS[code.size()];
  if (format !== undefined) return format;
  throw new ProgramFault(`it has an unknown memory format at ${code.place}`);
}

function unknownKind(kind: string, place: string): ProgramFault {
  return new ProgramFault(
    `it has an argument of the kind ${JSON.stringify(kind)} at ${place}, which is not supported`,
    'Objects, graphs and nested lists are not supported: leave them out of the model before exporting it.',
  );
}
