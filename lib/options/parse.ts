import type {z} from 'zod';
import {SauError} from '../base/errors.js';
import {named, spelled} from './named.js';
import {nearestName} from './nearest.js';

/** Options as a user gave them, before they are checked. */
export type UserOptions = Readonly<Record<string, unknown>>;

/** What is checked, and against what. */
export interface Parsing {
  readonly schema: z.ZodObject;
  readonly defaults: UserOptions;
  /** Names that stand for options of the schema. */
  readonly aliases?: readonly string[];
  /** What to say of a name that is not in the schema, where more is known than that. */
  readonly foreign?: (name: string) => Foreign | null;
}

/** "Expected <expected> but received <name><hint>". */
export interface Foreign {
  readonly expected: string;
  readonly hint: string;
}

/**
 * Checks options over the defaults; the result is whole and deeply frozen. Throws ERR_CONFIG with every bad
 * option in one message and in `details.issues`.
 */
export function parseOptions(
  {schema, defaults, aliases = [], foreign = () => null}: Parsing,
  options: UserOptions,
): unknown {
  const given = {...defaults, ...definedOnly(options)};
  const parsed = schema.safeParse(given);
  if (parsed.success) return deepFreeze(parsed.data);
  const known = [...Object.keys(schema.shape), ...aliases];
  throw configError(parsed.error.issues.flatMap((issue) => describe(issue, given, known, foreign)));
}

interface OptionIssue {
  /** '' where the rule is about several. */
  readonly option: string;
  readonly expected: string;
  readonly received: string;
  readonly hint: string;
}

function describe(
  issue: z.core.$ZodIssue,
  given: UserOptions,
  known: readonly string[],
  foreign: (name: string) => Foreign | null,
): OptionIssue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownOption(key, known, foreign));
  }
  const key = String(issue.path[0]);
  return [{option: key, expected: issue.message, received: shown(given[key]), hint: ''}];
}

function unknownOption(
  key: string,
  known: readonly string[],
  foreign: (name: string) => Foreign | null,
): OptionIssue {
  const received = named(key);
  const elsewhere = foreign(key);
  if (elsewhere !== null) return {option: '', received, ...elsewhere};
  const near = nearestName(key, known);
  const hint = near === null ? '' : `; the nearest is ${named(near)}`;
  return {option: '', expected: 'a known option', received, hint};
}

/** ERR_CONFIG in the grammar "Expected integer > 0 for steps but received 0". */
function configError(issues: readonly OptionIssue[]): SauError {
  const lines = issues.map(({option, expected, received, hint}) => {
    const subject = option === '' ? '' : ` for ${named(option)}`;
    return `Expected ${expected}${subject} but received ${received}${hint}`;
  });
  return new SauError('ERR_CONFIG', lines.join('\n'), {
    details: {
      issues: issues.map(({option, expected, received}) => ({
        option,
        expected: spelled(expected),
        received: spelled(received),
      })),
    },
  });
}

/** A broken rule about one option, or about several (then its name is ''). `received` is printed as it is. */
export function optionError(
  option: string,
  expected: string,
  received: string,
  advice = '',
): SauError {
  return configError([{option, expected, received, hint: advice === '' ? '' : `. ${advice}`}]);
}

/** A value as messages show it. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) {
    return 'nothing';
  }
  if (typeof value === 'string') {
    return value !== '' && Number.isFinite(Number(value)) ? value : JSON.stringify(value);
  }
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return String(value);
  }
  return jsonOf(value) ?? (Array.isArray(value) ? `a list of ${value.length}` : typeof value);
}

/** null for what JSON cannot hold, such as a list that holds itself. */
function jsonOf(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    return null;
  }
}

function definedOnly(options: UserOptions): UserOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
