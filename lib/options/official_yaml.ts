import {parseDocument} from 'yaml';
import {messageOf, SauError} from '../base/errors.js';
import {readText} from '../base/read_text.js';
import {named} from './named.js';
import {fromOfficial, type OfficialName, type OptionLayer} from './official.js';
import type {UserOptions} from './parse.js';

/**
 * The options of a YAML (or JSON) file, with the official tool's names, or ours (`own`), as a layer
 * (specification B1.9).
 */
export function layerOfYaml(
  {path, values}: OptionFile,
  names: readonly OfficialName[],
  own: readonly string[],
  dataset?: unknown,
): OptionLayer {
  const layer = fromOfficial(values, names, own, dataset);
  return {
    options: layer.options,
    spelled: Object.fromEntries(
      Object.entries(layer.spelled).map(([option, name]) => [option, `${name} in ${path}`]),
    ),
    notes: layer.notes.map((note) => `${path}: ${note}`),
  };
}

/** A file of options by name. */
export interface OptionFile {
  readonly path: string;
  readonly values: UserOptions;
}

/** A file of options is shorter, and the parser compares each name with all others. */
const MOST_BYTES = 1 << 16;

/**
 * Reads a file of options. Throws ERR_CONFIG if it is not a map of names to values.
 * @param option What the user gives its path for, as messages have it
 */
export async function readOptionFile(path: string, option = named('config')): Promise<OptionFile> {
  return {path, values: await readMap(path, option)};
}

async function readMap(path: string, option: string): Promise<UserOptions> {
  let content: unknown;
  try {
    content = contentOf(await readText(path, MOST_BYTES));
  } catch (cause) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected a readable YAML file for ${option} but received ${path}: ${messageOf(cause)}. Correct the file, or name another`,
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

/** What is doubtful is refused too: the parser would print the file's text as it is, control characters included. */
function contentOf(text: string): unknown {
  const document = parseDocument(text, {logLevel: 'error'});
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw fault;
  return document.toJS();
}
