import {readFile} from 'node:fs/promises';
import {parse} from 'yaml';
import {messageOf, SauError} from '../errors.js';
import {fromOfficial, type OfficialName, type OptionLayer} from './official_names.js';
import type {UserOptions} from './parse.js';

/**
 * Reads a YAML (or JSON) file with the official tool's option names, or ours (`own`), into a layer
 * of options (specification B1.9). Throws ERR_CONFIG if the file is not a map of options.
 */
export async function readOfficialYaml(
  path: string,
  names: readonly OfficialName[],
  own: readonly string[],
  dataset?: unknown,
): Promise<OptionLayer> {
  const values = await readMap(path);
  const layer = fromOfficial(values, names, own, dataset);
  return {
    options: layer.options,
    spelled: Object.fromEntries(
      Object.entries(layer.spelled).map(([option, name]) => [option, `${name} in ${path}`]),
    ),
    notes: layer.notes.map((note) => `${path}: ${note}`),
  };
}

async function readMap(path: string): Promise<UserOptions> {
  let content: unknown;
  try {
    content = parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected a readable YAML file for --config but received ${path}: ${messageOf(cause)}. Correct the file, or name another`,
      {cause, details: {path}},
    );
  }
  if (content === null) {
    return {};
  }
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected a map of option names to values in ${path} but received ${Array.isArray(content) ? 'a list' : typeof content}. Write lines such as "n_rounds: 20"`,
      {details: {path}},
    );
  }
  return content as UserOptions;
}
