import {printable, shortened} from '../base/printable.js';
import {InertObject, PickleGlobal, PyTuple} from './pickle_values.js';

// How values of a pickle are named in messages. A few bytes can stand for a list of any size that holds itself, so
// that nothing of a container is named but its length.

const MAX_TEXT = 80;
/** So many keys are listed. */
export const MAX_LISTED = 20;

/** A short name of an unpickled value, for messages. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (value instanceof PyTuple) return `a tuple of ${value.items.length}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Map) return `a dict of ${value.size}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof PickleGlobal) return shortened(value.name, MAX_TEXT);
  if (value instanceof InertObject) return `a ${shortened(value.className, MAX_TEXT)}`;
  if (typeof value === 'string') return printable(JSON.stringify(value.slice(0, MAX_TEXT)));
  if (typeof value === 'object') return `a ${value.constructor.name}`;
  return shortened(String(value), MAX_TEXT);
}

/** A key of a dict, for messages: text stands as it is, but short. */
export function describeKey(key: unknown): string {
  return typeof key === 'string' ? shortened(key, MAX_TEXT) : describeValue(key);
}

/** The first keys, and how many more there are, for messages. */
export function describeKeys(keys: readonly unknown[]): string {
  const shown = keys.slice(0, MAX_LISTED).map(describeKey).join(', ');
  return keys.length > MAX_LISTED ? `${shown} and ${keys.length - MAX_LISTED} more` : shown;
}
