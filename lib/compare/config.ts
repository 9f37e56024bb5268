import {SauError} from '../base/errors.js';
import {DEFENSE_NAMES, type DefenseName, defenseTable} from '../defenses/defenses.js';
import {COMPARE} from '../options/commands/compare.js';
import {DEFEND} from '../options/commands/defend.js';
import {entriesOf, locate, parseDefendConfig, withProgram} from '../options/config.js';
import {COMPARE_DEFAULTS} from '../options/defaults.js';
import type {CompareOptions} from '../options/documented.js';
import {named} from '../options/named.js';
import {nearestName} from '../options/nearest.js';
import {type ConfigOf, type TableOf, tableOf} from '../options/option.js';
import {
  type Foreign,
  optionError,
  parseOptions,
  shown,
  type UserOptions,
} from '../options/parse.js';
import {schemaOf} from '../options/schema.js';
import type {DefendConfig} from '../options/types.js';

/** One run of a comparison, with the options of `defend` except for its folder. */
export interface PlannedRun {
  readonly method: DefenseName;
  readonly seed: number;
  readonly options: DefendConfig;
}

/** A checked comparison. */
export interface CompareConfig {
  /** What all runs have alike. */
  readonly shared: ConfigOf<TableOf<typeof COMPARE>>;
  /** In the order in which they are done: all methods of a seed, then those of the next. */
  readonly runs: readonly PlannedRun[];
}

/** The name in `set` for what is meant for every method that has the option. */
export const EVERY = 'every';

/** Options of single methods by method, as they are given. */
type Settings = Readonly<Record<string, UserOptions>>;

/** Options of `compare` -> the checked options of all its runs. Throws ERR_CONFIG. */
export function parseCompareConfig(options: CompareOptions): CompareConfig {
  const {set, ...given} = entriesOf(options);
  const shared = parseOptions(
    {
      schema: schemaOf(tableOf(COMPARE)),
      defaults: COMPARE_DEFAULTS,
      aliases: ['resultFile', 'set'],
      foreign: ofMethods,
    },
    locate(withProgram(given), 'ckpt', 'resultFile', COMPARE_DEFAULTS.recordRoot),
  ) as CompareConfig['shared'];
  const methods = shared.methods ?? DEFENSE_NAMES;
  const settings = settingsOf(set, methods);
  const runs = [...new Set(shared.seeds)].flatMap((seed) =>
    methods.map((method) => plannedRun(shared, settings, method, seed)),
  );
  return {shared, runs};
}

/** What to say of an option that only methods have. */
function ofMethods(name: string): Foreign | null {
  const owner = DEFENSE_NAMES.find((method) => name in defenseTable(method));
  if (owner === undefined) return null;
  return {
    expected: 'an option that every method has',
    hint: `. Give it for one method as set: {${owner}: {${name}}}, or for all that have it as set: {${EVERY}: {${name}}}`,
  };
}

function settingsOf(set: unknown, methods: readonly DefenseName[]): Settings {
  if (set === undefined) return {};
  const settings = mapOf('set', set);
  for (const [name, value] of Object.entries(settings)) {
    const values = mapOf(`set.${name}`, value);
    if (name === EVERY) requireOwners(values, methods);
    else requireOwn(name, values);
  }
  return settings as Settings;
}

function mapOf(name: string, value: unknown): UserOptions {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return {...value};
  throw optionError('', `a map of names to values for ${name}`, shown(value));
}

function requireOwners(values: UserOptions, methods: readonly DefenseName[]): void {
  for (const name of Object.keys(values)) {
    if (methods.some((method) => name in defenseTable(method))) continue;
    throw unknownOption(`an option of one of ${methods.join(', ')}`, name, '', [
      ...new Set(methods.flatMap((method) => Object.keys(defenseTable(method)))),
    ]);
  }
}

function requireOwn(name: string, values: UserOptions): void {
  const method = DEFENSE_NAMES.find((one) => one === name);
  if (method === undefined) {
    throw unknownOption(`${EVERY} or the name of a method in set`, name, '', DEFENSE_NAMES);
  }
  const own = Object.keys(defenseTable(method));
  for (const option of Object.keys(values)) {
    if (own.includes(option)) continue;
    throw unknownOption(`an option of ${method} alone`, option, `${method}.`, own);
  }
}

function unknownOption(
  expected: string,
  name: string,
  owner: string,
  known: readonly string[],
): SauError {
  const near = nearestName(name, known);
  const advice = near === null ? '' : `The nearest is ${owner}${near}`;
  return optionError('', expected, `${owner}${name}`, advice);
}

function plannedRun(
  shared: CompareConfig['shared'],
  settings: Settings,
  method: DefenseName,
  seed: number,
): PlannedRun {
  const table = defenseTable(method);
  const all: UserOptions = {...shared};
  const common = Object.keys(tableOf(DEFEND)).filter((name) => name in all);
  const own = settings[method] ?? {};
  const every = Object.entries(settings[EVERY] ?? {}).filter(([name]) => name in table);
  const given = {
    ...Object.fromEntries(common.map((name) => [name, all[name]])),
    ...Object.fromEntries(every),
    ...own,
    ...{method, seed, out: null, force: true, report: false},
  };
  try {
    return {method, seed, options: parseDefendConfig(given)};
  } catch (error) {
    throw error instanceof SauError ? ofMethod(error, method, own) : error;
  }
}

/** The error with its options named as the comparison has them, and with the method. */
function ofMethod(error: SauError, method: DefenseName, own: UserOptions): SauError {
  const table = defenseTable(method);
  const spell = (name: string) => {
    if (name in own) return `${method}.${name}`;
    return name in table ? `${named(name)} of ${method}` : named(name);
  };
  const {cause, code, details} = error;
  return new SauError(code, error.messageIn(spell), {cause, details: {method, ...details}});
}
