import type {FailedGate} from '../lib/run/gates.js';
import type {PurificationVerdict} from '../lib/run/verdict.js';
import {EXIT, type ExitCode} from './errors.js';
import {flagName} from './flags.js';
import {percent} from './output.js';
import {type Output, painted, type Style} from './terminal.js';

/** The sentences of a verdict, the first of them in a color that suits it. */
export function verdictLine({state, words}: PurificationVerdict, stream: Output): string {
  const [, first = words, rest = ''] = /^(.*?[.:])(\s.*)?$/s.exec(words) ?? [];
  return `${painted(STYLES[state], first, stream)}${rest}`;
}

const STYLES = {
  gone: 'good',
  weakened: 'note',
  active: 'error',
  'never-worked': 'note',
  unknown: 'note',
} as const satisfies Record<PurificationVerdict['state'], Style>;

/** A line for each limit that is not kept: what was measured, and the flag that sets the limit. */
export function gateLines(failed: readonly FailedGate[], stream: Output): string[] {
  return failed.map(({gate, limit, measured}) => {
    const name = painted('error', 'failed:', stream);
    const figure = measured === null ? 'not measured' : percent(measured);
    return `${name} ${FIGURES[gate]} ${figure}, with ${flagName(gate)} ${percent(limit)}`;
  });
}

const FIGURES: Readonly<Record<FailedGate['gate'], string>> = {
  failAboveAsr: 'ASR',
  failBelowAcc: 'ACC',
  maxAccDrop: 'loss of ACC',
};

/** The exit code of a result: an interruption counts before a limit that is not kept. */
export function exitCodeOfResult(interrupted: boolean, failed: readonly FailedGate[]): ExitCode {
  if (interrupted) return EXIT.interrupted;
  return failed.length > 0 ? EXIT.gate : EXIT.done;
}
