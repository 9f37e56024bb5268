import type {Command} from 'commander';
import {optionError, shown, type UserOptions} from '../lib/options/parse.js';
import type {Needs} from '../lib/sandbox/needs.js';
import {inSandbox, SANDBOX_MODES, type SandboxMode} from '../lib/sandbox/state.js';
import {addFlags, flag} from './flags.js';

/** Adds `--sandbox`, which is no option of the library: there the process is the user's. */
export function addSandboxFlag(command: Command): void {
  addFlags(command, 'Safety:', [
    flag(
      'sandbox',
      '<mode>',
      'work without network, and with the files alone that the options name (SECURITY.md): auto as far as the system can, ' +
        'on or not at all, off (default: SAU_NATIVE_SANDBOX, else auto)',
    ),
  ]);
}

/**
 * Goes on in a sandbox, from the start of the program, with what a command needs and no more. Throws ERR_CONFIG for
 * a mode that there is not, and as enterSandbox does.
 */
export async function sandboxed(
  {sandbox, config, yaml_path}: UserOptions,
  needs: () => Needs | Promise<Needs>,
): Promise<void> {
  const {SAU_NATIVE_SANDBOX: usual} = process.env;
  const mode =
    sandbox === undefined && usual
      ? modeOf('', usual, ' for SAU_NATIVE_SANDBOX')
      : modeOf('sandbox', sandbox ?? 'auto');
  if (mode === 'off' || inSandbox()) return;
  const {enterSandbox} = await import('../lib/sandbox/enter.js');
  const files = [config, yaml_path].filter((path) => typeof path === 'string');
  await enterSandbox(mode, async () => {
    const found = await needs();
    return {...found, reads: [...found.reads, ...files]};
  });
}

function modeOf(option: string, value: unknown, where = ''): SandboxMode {
  const mode = SANDBOX_MODES.find((one) => one === value);
  if (mode !== undefined) return mode;
  throw optionError(option, `one of ${SANDBOX_MODES.join(', ')}${where}`, shown(value));
}
