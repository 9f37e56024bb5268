import {mergeLayers} from '../lib/config/layers.js';
import {fromOfficial, type OfficialName} from '../lib/config/official_names.js';
import type {Spelling, UserOptions} from '../lib/config/parse.js';
import {flagName, pick} from './flags.js';

export interface LayeredOptions {
  readonly options: UserOptions;
  /** How the user wrote an option, for error messages. */
  readonly spell: Spelling;
  readonly notes: readonly string[];
}

/** Options of a command line: our flags over the official tool's flags over the YAML of `--config`. */
export async function layeredOptions(
  values: UserOptions,
  own: readonly string[],
  names: readonly OfficialName[],
): Promise<LayeredOptions> {
  const typed = {options: pick(values, own), spelled: {}, notes: []};
  const ours = new Set(own);
  const officialFlags = names.map(({official}) => official).filter((name) => !ours.has(name));
  const official = fromOfficial(pick(values, officialFlags), names, [], values.dataset);
  const aliases = {
    ...official,
    spelled: Object.fromEntries(
      Object.entries(official.spelled).map(([option, name]) => [option, `--${name}`]),
    ),
    notes: official.notes.map((note) => `--${note}`),
  };
  const path = values.config ?? values.yaml_path;
  if (typeof path !== 'string') {
    return mergeLayers([aliases, typed], flagName);
  }
  const {readOfficialYaml} = await import('../lib/config/official_yaml.js');
  const yaml = await readOfficialYaml(path, names, own, values.dataset);
  return mergeLayers([yaml, aliases, typed], flagName);
}
