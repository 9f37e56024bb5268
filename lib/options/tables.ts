import {DEFENSE_NAMES, type DefenseName, defenseTable} from '../defenses/defenses.js';
import {ATTACK_KINDS, ATTACK_TABLE, type AttackKind} from './attacks/attacks.js';
import {ATTACK} from './commands/attack.js';
import {DEFEND} from './commands/defend.js';
import {type OptionTable, tableOf} from './option.js';

/** All options of an attack: those that every attack has, and its own. */
export function optionsOfAttack(kind: AttackKind): OptionTable {
  return {...tableOf(ATTACK), ...ATTACK_TABLE[kind].options};
}

/** All options of a defense: those that every defense has, and its own. */
export function optionsOfDefense(method: DefenseName): OptionTable {
  return {...tableOf(DEFEND), ...defenseTable(method)};
}

/** All options of a run that is there; those that each has where a later version made it by a method of its own. */
export function optionsOfRun(kind: 'attack' | 'defend', method: string): OptionTable {
  if (kind === 'attack') {
    const attack = ATTACK_KINDS.find((name) => name === method);
    return attack === undefined ? tableOf(ATTACK) : optionsOfAttack(attack);
  }
  const defense = DEFENSE_NAMES.find((name) => name === method);
  return defense === undefined ? tableOf(DEFEND) : optionsOfDefense(defense);
}
