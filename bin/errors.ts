import {messageOf, SauError, type SauErrorCode} from '../lib/base/errors.js';
import {printableLines} from '../lib/base/printable.js';
import {DEFENSE_NAMES, defenseTable} from '../lib/defenses/defenses.js';
import {ATTACK_TABLE} from '../lib/options/attacks/attacks.js';
import {ATTACK} from '../lib/options/commands/attack.js';
import {
  DEMO,
  EVALUATE,
  FETCH,
  INSPECT_DATASET,
  REPORT,
  SETUP,
} from '../lib/options/commands/commands.js';
import {COMPARE} from '../lib/options/commands/compare.js';
import {DEFEND} from '../lib/options/commands/defend.js';
import {SCAN} from '../lib/options/commands/scan.js';
import {SWEEP, SWEEP_REPORT, SWEEP_STEP} from '../lib/options/commands/sweep.js';
import type {Spelling} from '../lib/options/named.js';
import {flagName} from './flags.js';
import {jsonOf} from './output.js';
import {painted} from './terminal.js';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  libtorch: 3,
  device: 4,
  /** A step of a sweep cannot begin, as one before it is not done. */
  blocked: 5,
  /** A scan called the model suspicious. */
  suspicious: 10,
  /** The work is done, but the result does not keep a limit such as `--fail-above-asr`. */
  gate: 11,
  /** By Ctrl-C; SIGTERM and SIGHUP have codes of their own, see stop_signals.ts. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_CODE: Readonly<Partial<Record<SauErrorCode, ExitCode>>> = {
  ERR_CONFIG: EXIT.usage,
  ERR_LIBTORCH_NOT_FOUND: EXIT.libtorch,
  ERR_LIBTORCH_VERSION: EXIT.libtorch,
  ERR_DEVICE: EXIT.device,
  ERR_ABORTED: EXIT.interrupted,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof SauError)) return EXIT.failed;
  return error.details.blockedBy === undefined
    ? (BY_CODE[error.code] ?? EXIT.failed)
    : EXIT.blocked;
}

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
  const groups = [
    DEFEND,
    COMPARE,
    ATTACK,
    EVALUATE,
    SCAN,
    DEMO,
    FETCH,
    INSPECT_DATASET,
    REPORT,
    SETUP,
    SWEEP,
    SWEEP_REPORT,
    SWEEP_STEP,
  ].flatMap((all) => Object.values(all));
  const methods = DEFENSE_NAMES.map(defenseTable);
  const kinds = Object.values(ATTACK_TABLE).map(({options}) => options);
  return new Set([...groups, ...methods, ...kinds].flatMap((table) => Object.keys(table)));
}

/** Prints an error: as JSON on stdout if the user asked for JSON, else as text on stderr. */
export function printError(error: unknown, json: boolean): void {
  const {code, details} = error instanceof SauError ? error : {code: 'ERR_UNEXPECTED', details: {}};
  const message = messageOf(error);
  if (json) {
    process.stdout.write(jsonOf('error', {error: {code, message, details}}));
    return;
  }
  const isBug = !(error instanceof SauError) && error instanceof Error;
  const name = painted('error', 'sau-native:', process.stderr);
  process.stderr.write(
    `${name} ${isBug ? printableLines(error.stack ?? message) : message}\n  (${code})\n`,
  );
}
