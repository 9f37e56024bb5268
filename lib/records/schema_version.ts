/**
 * The version of the form of every JSON document that this package prints or writes, in its `schemaVersion`; schemas/ has the
 * forms. What is added to a form leaves it as it is: a document whose names go or mean something else has the next one.
 */
export const SCHEMA_VERSION = 1;

/** A document as it is written now: folders of earlier versions have the number under the name `schema`. */
export function withSchemaVersion(document: unknown): unknown {
  if (!isMap(document) || !('schema' in document) || 'schemaVersion' in document) return document;
  const {schema, ...rest} = document;
  return {schemaVersion: schema, ...rest};
}

/** The version of a document's form; null where it has none. */
export function schemaVersionOf(document: unknown): number | null {
  const version = isMap(document) ? document.schemaVersion : null;
  return typeof version === 'number' ? version : null;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
