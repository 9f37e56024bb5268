import {type Command, Option} from 'commander';
import type {OfficialName} from '../lib/options/official.js';
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
    const option = new Option(`${flagName(key)} ${argument}`.trim(), help);
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
      command.addOption(new Option(arity === 'flag' ? flag : `${flag} <value>`).hideHelp());
    }
  }
  if (own.has('--config')) {
    command.addOption(new Option('--yaml_path <file>').hideHelp());
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
