import {SauError} from '../lib/base/errors.js';
import {DEFENSE_NAMES, defenseOf, defenseTable} from '../lib/defenses/defenses.js';
import {fromOfficial, type OfficialName, officialNames} from '../lib/options/official.js';
import type {UserOptions} from '../lib/options/parse.js';

// The options of single methods, as the command line and a file of options have them -> `set` of the library.

/** Every name that any method has for an option of its own. */
export const METHOD_OPTIONS: ReadonlySet<string> = new Set(
  DEFENSE_NAMES.flatMap((method) => Object.keys(defenseTable(method))),
);

/** The official names of the options of one method. */
export function officialNamesOfMethod(
  method: (typeof DEFENSE_NAMES)[number],
): readonly OfficialName[] {
  return officialNames(defenseTable(method), defenseOf(method).ignored);
}

/** Options, with those of the methods where the library has them. */
export interface WithSettings {
  readonly options: UserOptions;
  readonly notes: readonly string[];
}

/**
 * Moves the options of methods into `set`: those beside the others to all methods that have them, those of a section
 * with a method's name to that one; `assignments` such as `ft.learning-rate=0.02` come last and win. Throws ERR_CONFIG.
 */
export function withSettings(
  options: UserOptions,
  assignments: readonly string[] = [],
): WithSettings {
  const names = new Set<string>(DEFENSE_NAMES);
  const set: Record<string, unknown> = {};
  const shared: Record<string, unknown> = {};
  const notes: string[] = [];
  const every: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (METHOD_OPTIONS.has(name)) every[name] = value;
    else if (!names.has(name)) shared[name] = value;
  }
  for (const method of DEFENSE_NAMES) {
    const section = options[method];
    if (section === undefined || section === null) continue;
    if (typeof section !== 'object' || Array.isArray(section)) {
      set[method] = section; // the library says what it should be
      continue;
    }
    const own = Object.keys(defenseTable(method));
    const layer = fromOfficial({...section}, officialNamesOfMethod(method), own);
    set[method] = layer.options;
    notes.push(...layer.notes.map((note) => `${method}: ${note}`));
  }
  for (const text of assignments) {
    const {method, option, value} = assignment(text);
    if (method === null) every[option] = value;
    else set[method] = {...(set[method] as UserOptions | undefined), [option]: value};
  }
  if (Object.keys(every).length > 0) set.every = every;
  return {options: Object.keys(set).length === 0 ? shared : {...shared, set}, notes};
}

/** `ft.learning-rate=0.02`, `ft.learningRate=0.02` or `rounds=20`. */
const ASSIGNMENT = /^(?:([\w-]+)\.)?([\w-]+)=(.*)$/s;

function assignment(text: string): {method: string | null; option: string; value: string} {
  const [, method = null, option, value] = ASSIGNMENT.exec(text) ?? [];
  if (option === undefined || value === undefined) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected <method>.<option>=<value> or <option>=<value> for --set but received ${JSON.stringify(text)}`,
    );
  }
  return {method, option: option.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase()), value};
}
