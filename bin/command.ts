import type {Command} from 'commander';
import {mergeLayers} from '../lib/options/layers.js';
import type {Spelling} from '../lib/options/named.js';
import {fromOfficial, type OfficialName} from '../lib/options/official.js';
import type {UserOptions} from '../lib/options/parse.js';
import {type ExitCode, inUsersWords} from './errors.js';
import {addFlags, type FlagGroups, flagName, pick} from './flags.js';

/** Holds the exit code of a finished command. */
export type Finish = (code: ExitCode) => void;

export function addFlagGroups(command: Command, groups: FlagGroups): void {
  for (const [heading, flags] of Object.entries(groups)) {
    addFlags(command, `${heading}:`, flags);
  }
}

/** The function that runs a command. It receives the options as text, then the positional argument. */
export function runs(
  command: Command,
  finish: Finish,
  handler: (values: UserOptions, argument: string) => Promise<ExitCode>,
): void {
  command.action(async () => {
    finish(await inUsersWords(() => handler(command.opts(), command.args[0] ?? '')));
  });
}

interface LayeredOptions {
  readonly options: UserOptions;
  /** How the user wrote an option, for error messages. */
  readonly spell: Spelling;
  readonly notes: readonly string[];
}

/**
 * Options of a command line: our flags over the official tool's flags over the YAML of `--config`.
 * @param namesFor The official names, which may depend on an option such as `method`
 */
export async function layeredOptions(
  values: UserOptions,
  own: readonly string[],
  namesFor: (given: UserOptions) => readonly OfficialName[],
): Promise<LayeredOptions> {
  const file = await optionFile(values.config ?? values.yaml_path);
  const names = namesFor({...file?.values, ...values});
  const typed = {options: pick(values, own), spelled: {}, notes: []};
  const ours = new Set(own);
  const officialFlags = Object.keys(values).filter((name) => !ours.has(name) && !OURS.has(name));
  const official = fromOfficial(pick(values, officialFlags), names, [], values.dataset);
  const aliases = {
    ...official,
    spelled: Object.fromEntries(
      Object.entries(official.spelled).map(([option, name]) => [option, `--${name}`]),
    ),
    notes: official.notes.map((note) => `--${note}`),
  };
  if (file === null) return mergeLayers([aliases, typed], flagName);
  const {layerOfYaml} = await import('../lib/options/official_yaml.js');
  return mergeLayers([layerOfYaml(file, names, own, values.dataset), aliases, typed], flagName);
}

/** Flags of the command line alone. */
const OURS: ReadonlySet<string> = new Set(['config', 'yaml_path', 'json', 'quiet', 'sandbox']);

async function optionFile(path: unknown) {
  if (typeof path !== 'string') return null;
  const {readOptionFile} = await import('../lib/options/official_yaml.js');
  return readOptionFile(path);
}
