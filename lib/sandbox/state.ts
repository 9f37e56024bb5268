import {rmdirSync} from 'node:fs';

// What the program knows of its sandbox from the start. It loads nothing.

export const SANDBOX_MODES = ['auto', 'on', 'off'] as const;

/** auto: confined as far as the system can; on: confined wholly or not at all; off: not confined. */
export type SandboxMode = (typeof SANDBOX_MODES)[number];

/** Tells the confined process what it is. The process number is that of before, so that no other process believes it. */
export const STATE = 'SAU_NATIVE_SANDBOXED';

export interface State {
  readonly pid: number;
  /** Folders that were made for the run, which go with it if they are empty. */
  readonly made: readonly string[];
}

let isConfined = false;

/** Whether this process is in the sandbox. */
export function inSandbox(): boolean {
  return isConfined;
}

/**
 * At the start of the program: takes over what the process that it has replaced left. Where it ends, folders that stayed
 * empty are removed.
 */
export function takeOver(env: NodeJS.ProcessEnv = process.env): void {
  const {[STATE]: text} = env;
  delete env[STATE]; // it says nothing of processes that this one starts
  if (text === undefined) return;
  const state = JSON.parse(text) as State;
  if (state.pid !== process.pid) return;
  isConfined = true;
  process.on('exit', () => removeEmpty(state.made));
}

/** Removes folders that nothing was put into. */
export function removeEmpty(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch {
      // It is not empty, or gone.
    }
  }
}
