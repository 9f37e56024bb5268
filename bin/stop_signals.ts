import {constants} from 'node:os';
import {EXIT, type ExitCode} from './errors.js';

/** What asks a command to stop: Ctrl-C, a batch system, and a terminal that was closed. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type StopSignal = (typeof STOP_SIGNALS)[number];

let first: StopSignal = 'SIGINT';

/** Remembers what has stopped this process, for its exit code. */
export function noteSignal(signal: StopSignal): void {
  first = signal;
}

/** The exit code of a process, where that of an interruption says which signal it was. */
export function exitCodeHere(code: ExitCode): number {
  return code === EXIT.interrupted ? codeOfSignal(first) : code;
}

/** As shells have it. */
export function codeOfSignal(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}
