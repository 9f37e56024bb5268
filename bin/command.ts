import type {Command} from 'commander';
import type {UserOptions} from '../lib/options/parse.js';
import type {ExitCode} from './exit_codes.js';
import {addFlags} from './flags.js';
import type {FlagGroups} from './option_flags.js';
import {inUsersWords} from './spelling.js';

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
