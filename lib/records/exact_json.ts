// JSON that gives back every number as it was: it has no infinities, no NaN and no -0 of its own.

const KEY = '$number';

export function exactJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0))
      ? {[KEY]: Object.is(part, -0) ? '-0' : String(part)}
      : part,
  );
}

/** Of {@link exactJson}; undefined for a text that is not JSON. */
export function parseExactJson(text: string): unknown {
  try {
    return JSON.parse(text, (_key, part: unknown) =>
      typeof part === 'object' && part !== null && KEY in part ? Number(part[KEY]) : part,
    );
  } catch {
    return undefined;
  }
}
