import {type OptionTable, tableOf} from '../options/option.js';
import {defenseFiles, type TableName} from '../records/layout.js';
import {ANP} from './anp.js';
import {BNP} from './bnp.js';
import {CLP} from './clp.js';
import type {DefenseEntry} from './entry.js';
import {EP} from './ep.js';
import {FP} from './fp.js';
import {FT} from './ft.js';
import {FTSAM} from './ftsam.js';
import {IBAU} from './ibau.js';
import {NAD} from './nad.js';
import {NC} from './nc.js';
import {NPD} from './npd.js';
import {RNP} from './rnp.js';
import {SAU} from './sau.js';

/** Every defense by its name, which is also the name of its folder beside a checkpoint. */
export const DEFENSES = {
  sau: SAU,
  ft: FT,
  fp: FP,
  nad: NAD,
  nc: NC,
  anp: ANP,
  ep: EP,
  ibau: IBAU,
  ftsam: FTSAM,
  clp: CLP,
  bnp: BNP,
  rnp: RNP,
  npd: NPD,
} as const;

/** The name of a defense; docs/options.md lists their options. */
export type DefenseName = keyof typeof DEFENSES;
export const DEFENSE_NAMES = Object.keys(DEFENSES) as readonly DefenseName[];
/** What `defend` does where nothing else is asked for. */
export const DEFAULT_DEFENSE = 'sau';

/** The entry of a defense, as those see it who know no method. */
export function defenseOf(name: DefenseName): DefenseEntry {
  return DEFENSES[name];
}

/** Every file that a defense writes; of a method that is not known those of all. */
export function filesOf(method: string): readonly string[] {
  const entry = DEFENSE_NAMES.includes(method as DefenseName)
    ? defenseOf(method as DefenseName)
    : undefined;
  const tables = Object.keys(entry?.tables ?? {}) as TableName[];
  return defenseFiles(method, tables, entry?.pictures);
}

/** The options of a defense alone. */
export function defenseTable(name: DefenseName): OptionTable {
  return tableOf(defenseOf(name).options);
}
