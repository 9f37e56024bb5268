import type {z} from 'zod';
import {SauError} from '../errors.js';
import {nearestName} from './nearest.js';

/** How the user wrote an option: `--step-size` on the command line, `stepSize` in a script. */
export type Spelling = (option: string) => string;

/** Options as they come from a user, before anything is known about them. */
export type UserOptions = Readonly<Record<string, unknown>>;

/**
 * Checks `options` over `defaults` with `schema`; the result is whole and deeply frozen.
 * Throws ERR_CONFIG with every bad option in one message and in `details.issues`.
 */
export function parseOptions<T>(
  schema: z.ZodType<T>,
  known: Iterable<string>,
  defaults: UserOptions,
  options: UserOptions,
  spell: Spelling,
): T {
  const given = {...defaults, ...definedOnly(options)};
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    throw configError(
      parsed.error.issues.flatMap((issue) => describe(issue, given, [...known], spell)),
    );
  }
  return deepFreeze(parsed.data);
}

interface OptionIssue {
  readonly option: string;
  readonly expected: string;
  readonly received: string;
  readonly hint: string;
}

function describe(
  issue: z.core.$ZodIssue,
  given: UserOptions,
  known: readonly string[],
  spell: Spelling,
): OptionIssue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const near = nearestName(key, known);
      const hint = near === null ? '' : `; the nearest is ${spell(near)}`;
      return {option: '', expected: 'a known option', received: spell(key), hint};
    });
  }
  const key = String(issue.path[0]);
  return [{option: spell(key), expected: issue.message, received: shown(given[key]), hint: ''}];
}

/** ERR_CONFIG in the grammar "Expected integer > 0 for --steps but received 0". */
function configError(issues: readonly OptionIssue[]): SauError {
  const lines = issues.map(({option, expected, received, hint}) => {
    const subject = option === '' ? '' : ` for ${option}`;
    return `Expected ${expected}${subject} but received ${received}${hint}`;
  });
  return new SauError('ERR_CONFIG', lines.join('\n'), {
    details: {
      issues: issues.map(({option, expected, received}) => ({option, expected, received})),
    },
  });
}

/** A broken rule about one option, or about several ('' then); `received` as it is to be printed. */
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
  return JSON.stringify(value) ?? typeof value;
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
