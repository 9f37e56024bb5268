// What is written out from the types of bin/outputs.ts: a JSON Schema for each document that the commands print or write.
// `npm run schemas` writes them to schemas/; generated.test.ts holds them equal to the types. It reads the
// declarations that the build makes, which takes a fraction of the time that the sources take.
import {join} from 'node:path';
import ts from 'typescript';
import {DIST} from './paths.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

const DECLARATIONS = join(DIST, 'bin/outputs.d.ts');

/** The schema of each document, by its name. */
export function outputSchemas(): ReadonlyMap<string, JsonSchema> {
  const program = ts.createProgram([DECLARATIONS], {
    ...{target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.Node20, strict: true},
    ...{skipLibCheck: true, exactOptionalPropertyTypes: true, types: ['node']},
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(DECLARATIONS);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  const outputs = module === undefined ? [] : checker.getExportsOfModule(module);
  const all = outputs.find(({name}) => name === 'Outputs');
  if (all === undefined) throw new Error(`expected a type Outputs in ${DECLARATIONS}`);
  const documents = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(all));
  return new Map(
    documents.map((document) => [document.name, documentSchema(checker, document)] as const),
  );
}

function documentSchema(checker: ts.TypeChecker, document: ts.Symbol): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...propertySchema(checker, document),
  };
}

function propertySchema(checker: ts.TypeChecker, property: ts.Symbol): JsonSchema {
  const comment = ts.displayPartsToString(property.getDocumentationComment(checker));
  const description = comment.replaceAll(/\{@link (\S+?)\}/g, '`$1`').replaceAll(/\s+/g, ' ');
  const schema = schemaOf(checker, checker.getTypeOfSymbol(property), property.name);
  return description === '' ? schema : {description, ...schema};
}

/** The schema of a type; `name` is where it stands, for the message where it can be no JSON. */
function schemaOf(checker: ts.TypeChecker, type: ts.Type, name: string): JsonSchema {
  if (type.isUnion()) return unionSchema(checker, type, name);
  if (type.flags & ts.TypeFlags.Unknown) return {};
  if (type.flags & ts.TypeFlags.Null) return {type: 'null'};
  if (type.isStringLiteral() || type.isNumberLiteral()) return {const: type.value};
  if (type.flags & ts.TypeFlags.BooleanLiteral) {
    return {const: checker.typeToString(type) === 'true'};
  }
  if (type.flags & ts.TypeFlags.StringLike) return {type: 'string'};
  if (type.flags & ts.TypeFlags.NumberLike) return {type: 'number'};
  if (checker.isTupleType(type)) {
    const items = checker.getTypeArguments(type as ts.TypeReference);
    const prefixItems = items.map((item) => schemaOf(checker, item, name));
    return {type: 'array', prefixItems, items: false, minItems: items.length};
  }
  if (checker.isArrayType(type)) {
    const [item] = checker.getTypeArguments(type as ts.TypeReference);
    return item === undefined
      ? {type: 'array'}
      : {type: 'array', items: schemaOf(checker, item, name)};
  }
  if (type.getCallSignatures().length > 0 || !isObject(type)) {
    throw new Error(`expected JSON for ${name} but its type is ${checker.typeToString(type)}`);
  }
  return objectSchema(checker, type, name);
}

function isObject(type: ts.Type): boolean {
  return (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0;
}

function unionSchema(checker: ts.TypeChecker, type: ts.UnionType, name: string): JsonSchema {
  const members = type.types.filter(({flags}) => (flags & ts.TypeFlags.Undefined) === 0);
  const isBoolean = (member: ts.Type) => (member.flags & ts.TypeFlags.BooleanLiteral) !== 0;
  const schemas = [
    ...(members.some(isBoolean) ? [{type: 'boolean'}] : []),
    ...members
      .filter((member) => !isBoolean(member))
      .map((member) => schemaOf(checker, member, name)),
  ];
  const values = schemas.flatMap((schema) =>
    'const' in schema ? [schema.const] : schema.type === 'null' ? [null] : [],
  );
  if (values.length === schemas.length) return {enum: sorted(values)};
  const types = schemas.flatMap((schema) =>
    Object.keys(schema).join() === 'type' ? [schema.type] : [],
  );
  if (types.length === schemas.length) {
    return types.length === 1 ? {type: types[0]} : {type: sorted(types)};
  }
  return schemas.length === 1 ? (schemas[0] ?? {}) : {anyOf: sorted(schemas)};
}

/** The parts of a union in an order that does not depend on other types. */
function sorted(parts: readonly unknown[]): unknown[] {
  return parts.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b), 'en'));
}

function objectSchema(checker: ts.TypeChecker, type: ts.Type, name: string): JsonSchema {
  const properties = checker.getPropertiesOfType(type);
  const index = checker.getIndexInfosOfType(type)[0];
  const required = properties.filter(({flags}) => (flags & ts.SymbolFlags.Optional) === 0);
  const schemas = properties.map((property) => [property.name, propertySchema(checker, property)]);
  return {
    type: 'object',
    ...(properties.length === 0 ? {} : {properties: Object.fromEntries(schemas)}),
    ...(required.length === 0 ? {} : {required: required.map((property) => property.name)}),
    ...(index === undefined
      ? {}
      : {additionalProperties: schemaOf(checker, index.type, `an entry of ${name}`)}),
  };
}
