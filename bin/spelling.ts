import {SauError} from '../lib/base/errors.js';
import {DEFENSE_NAMES, defenseTable} from '../lib/defenses/defenses.js';
import {ATTACK_TABLE} from '../lib/options/attacks/attacks.js';
import {ATTACK} from '../lib/options/commands/attack.js';
import {DEMO, EVALUATE, SETUP} from '../lib/options/commands/commands.js';
import {DEFEND} from '../lib/options/commands/defend.js';
import type {Spelling} from '../lib/options/named.js';
import {flagName} from './flags.js';

/** A word of two parts or more, as option names have and prose has not, outside of paths. */
const COMPOUND = /(?<![\w./\\-])[a-z]+(?:[A-Z][a-z0-9]*)+(?![\w/\\-])/g;

/**
 * Does work whose errors name options as the library does, and lets them name what the user wrote: the flag, or
 * the official name in a file. The native core does not mark the names of options: there the compound ones are
 * known by their form.
 */
export async function inUsersWords<T>(
  work: () => Promise<T>,
  spell: Spelling = flagName,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof SauError ? respelled(error, spell) : error;
  }
}

/** The error with the options in its message spelled in another way. */
export function respelled(error: SauError, spell: Spelling): SauError {
  const names = optionNames();
  const message = error
    .messageIn(spell)
    .replace(COMPOUND, (word) => (names.has(word) ? spell(word) : word));
  const {code, cause, details} = error;
  return new SauError(code, message, {cause, details});
}

function optionNames(): ReadonlySet<string> {
  const groups = [DEFEND, ATTACK, EVALUATE, DEMO, SETUP].flatMap((all) => Object.values(all));
  const methods = DEFENSE_NAMES.map(defenseTable);
  const kinds = Object.values(ATTACK_TABLE).map(({options}) => options);
  return new Set([...groups, ...methods, ...kinds].flatMap((table) => Object.keys(table)));
}
