import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {Ajv2020, type ValidateFunction} from 'ajv/dist/2020.js';
import {expect} from 'vitest';
import {ROOT} from './paths.js';

const ajv = new Ajv2020({strict: true, allErrors: true, allowUnionTypes: true});
const compiled = new Map<string, ValidateFunction>();

/**
 * Holds a document to its published schema, by a validator that is not ours. The schemas allow what later versions
 * add; here nothing is allowed that they do not name.
 */
export function expectSchema(name: string, document: unknown): void {
  const validate = compiled.get(name) ?? ajv.compile(closed(schemaFile(name)) as object);
  compiled.set(name, validate);
  validate(document);
  expect(validate.errors ?? [], name).toEqual([]);
}

function schemaFile(name: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, 'schemas', `${name}.schema.json`), 'utf8'));
}

/** The schema without room for properties that it does not name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, part]) => [key, closed(part)]),
  );
  const names = inner.type === 'object' && !('additionalProperties' in inner);
  return names ? {...inner, additionalProperties: false} : inner;
}
