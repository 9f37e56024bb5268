import type {Command} from 'commander';
import {DEFAULT_DEFENSE, DEFENSE_NAMES, defenseOf, defenseTable} from '../lib/defenses/defenses.js';
import type {AttackEntry} from '../lib/options/attacks/attack_entry.js';
import {ATTACK_TABLE, type AttackKind} from '../lib/options/attacks/attacks.js';
import {ATTACK, RECIPES} from '../lib/options/commands/attack.js';
import {COMPARE} from '../lib/options/commands/compare.js';
import {DEFEND} from '../lib/options/commands/defend.js';
import {choicesText, defaultText, placeholder, valueText} from '../lib/options/describe.js';
import {spelled} from '../lib/options/named.js';
import type {OfficialName} from '../lib/options/official.js';
import type {Option, OptionGroups, OptionTable} from '../lib/options/option.js';
import type {UserOptions} from '../lib/options/parse.js';

/** One option of a command line, named after the option of the library that it sets. */
export interface Flag {
  /** camelCase, as in the tables of lib/options; the flag is the same in kebab-case. */
  readonly key: string;
  /** Such as `<n>`; '' for a switch; `[on|off]` for a switch that can also be turned off. */
  readonly argument: string;
  readonly help: string;
}

export function flag(key: string, argument: string, help: string): Flag {
  return {key, argument, help};
}

/** `stepSize` -> `--step-size`. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Adds flags under a heading of the help. Flags that are not set stay absent, because defaults belong to the
 * library.
 */
export function addFlags(command: Command, heading: string, flags: readonly Flag[]): void {
  for (const {key, argument, help} of flags) {
    const option = command.createOption(`${flagName(key)} ${argument}`.trim(), help);
    command.addOption(option.helpGroup(heading));
  }
}

/** Adds the file of options that `layeredOptions` reads. */
export function addConfigFlag(command: Command): void {
  addFlags(command, 'Run:', [
    flag('config', '<file>', "YAML file with these options or the official tool's"),
  ]);
}

/** Adds `--json` and `--quiet`. */
export function addOutputFlags(command: Command): void {
  addFlags(command, 'Output:', [
    flag('json', '', 'print the result as JSON on stdout, and nothing else there'),
    flag('quiet', '', 'no progress and no notes on stderr'),
  ]);
}

/** Accepts the official tool's flags where ours have other names. The help does not show them. */
export function addOfficialFlags(command: Command, names: readonly OfficialName[]): void {
  const own = new Set<string | undefined>(command.options.map(({long}) => long));
  for (const {official, arity} of names) {
    const flag = `--${official}`;
    if (!own.has(flag)) {
      own.add(flag);
      command.addOption(
        command.createOption(arity === 'flag' ? flag : `${flag} <value>`).hideHelp(),
      );
    }
  }
  if (own.has('--config')) {
    command.addOption(command.createOption('--yaml_path <file>').hideHelp());
  }
}

/** Examples at the end of a command's help. */
export function addExamples(command: Command, examples: readonly string[]): void {
  const lines = examples.map((line) => `  $ ${line}`).join('\n');
  command.addHelpText('after', `\nExamples:\n${lines}`);
}

/** The values of `keys` that were given. */
export function pick(values: UserOptions, keys: Iterable<string>): UserOptions {
  return Object.fromEntries(
    [...keys].flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])),
  );
}

// The flags of a command, made from the tables of its options.

/** By heading of the help. */
export type FlagGroups = Readonly<Record<string, readonly Flag[]>>;

/** How a command tells the default of an option, where not as the table has it. */
type DefaultOf = (name: string, option: Option) => string;

/** The flags of all groups. */
export function flagGroups(
  groups: OptionGroups,
  defaultOf: DefaultOf = (_, option) => defaultText(option),
): FlagGroups {
  return Object.fromEntries(
    Object.entries(groups).map(([heading, table]) => [heading, flagsOf(table, defaultOf)]),
  );
}

function flagsOf(table: OptionTable, defaultOf: DefaultOf): readonly Flag[] {
  return Object.entries(table).map(([name, option]) => flagOf(name, option, defaultOf));
}

function flagOf(name: string, option: Option, defaultOf: DefaultOf): Flag {
  const fallback = defaultOf(name, option);
  const facts = [choicesText(option), fallback === '' ? '' : `default: ${fallback}`];
  const known = facts.filter((fact) => fact !== '').join('; ');
  const help = spelled(option.help, flagName);
  return flag(name, placeholder(option), known === '' ? help : `${help} (${known})`);
}

/** `defend`: what all methods have, and under headings of their own what each has alone. */
export function defendFlags(): FlagGroups {
  const {'Model and data': data, ...others} = DEFEND;
  const method = `${DEFENSE_NAMES.map((name) => `${name}: ${defenseOf(name).summary}`).join('; ')} (default: ${DEFAULT_DEFENSE})`;
  return {
    ...flagGroups({'Model and data': data}),
    Defense: [flag('method', '<name>', method), ...sharedFlags()],
    ...Object.assign({}, ...DEFENSE_NAMES.map(ownFlags)),
    ...flagGroups(others),
  };
}

/** `compare`: what all its runs have alike, and the options of the methods. */
export function compareFlags(): FlagGroups {
  const {'Model and data': data, Comparison, ...others} = COMPARE;
  const set = flag(
    'set',
    '<method.option=value>',
    'an option of one method, or without a method of all that have it; may be given many times',
  );
  return {
    ...flagGroups({'Model and data': data, Comparison}),
    'Methods (each has its own defaults)': [set, ...sharedFlags()],
    ...flagGroups(others),
  };
}

function ownersOf(name: string) {
  return DEFENSE_NAMES.filter((method) => name in defenseTable(method));
}

/** Options that more than one method has, with the default of each. */
function sharedFlags(): readonly Flag[] {
  const tables: OptionTable = Object.assign({}, ...DEFENSE_NAMES.map(defenseTable).reverse());
  const shared = Object.entries(tables).filter(([name]) => ownersOf(name).length > 1);
  return shared.map(([name, option]) => flagOf(name, option, sharedDefault));
}

function sharedDefault(name: string): string {
  const texts = ownersOf(name).map((method) => {
    const option = defenseTable(method)[name];
    return [method, option === undefined ? '' : defaultText(option)] as const;
  });
  const [first] = texts;
  if (first === undefined || texts.every(([, text]) => text === first[1])) return first?.[1] ?? '';
  const values = [...new Set(texts.map(([, text]) => text))];
  return values
    .map((value) => {
      const owners = texts.filter(([, text]) => text === value).map(([method]) => method);
      return `${owners.join(', ')}: ${value.replaceAll('; ', ', ')}`;
    })
    .join('; ');
}

function ownFlags(method: (typeof DEFENSE_NAMES)[number]): FlagGroups {
  const groups = Object.entries(defenseOf(method).options).map(([heading, table]) => {
    const own = Object.entries(table).filter(([name]) => ownersOf(name).length === 1);
    return [`${method}: ${heading}`, Object.fromEntries(own)] as const;
  });
  return flagGroups(Object.fromEntries(groups.filter(([, own]) => Object.keys(own).length > 0)));
}

/** `attack <kind>`: its own options first, then those of all attacks with its defaults and the recipe's. */
export function attackFlags(kind: AttackKind): FlagGroups {
  const {options, labelModes, defaults = {}}: AttackEntry = ATTACK_TABLE[kind];
  const {'Data and poison': data, ...others} = ATTACK;
  const labelMode = {...data.labelMode, choices: labelModes, default: labelModes[0] ?? null};
  const fast: Readonly<Record<string, unknown>> = RECIPES.fast;
  const defaultOf: DefaultOf = (name, option) => {
    const own = name in defaults ? valueText(defaults[name]) : defaultText(option);
    return name in fast ? `${own}; fast: ${valueText(fast[name])}` : own;
  };
  const common = {'Data and poison': {...data, labelMode}, ...others};
  return {...flagGroups({'This attack': options}), ...flagGroups(common, defaultOf)};
}

/** The library's option names of a command. */
export function keysOf(groups: FlagGroups): string[] {
  return Object.values(groups).flatMap((flags) => flags.map(({key}) => key));
}
