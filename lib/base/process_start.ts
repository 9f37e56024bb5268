import {readFile} from 'node:fs/promises';
import {errnoOf} from './errors.js';

/** The start of a process that runs where only Linux would tell when it began. */
export const UNKNOWN_START = 'unknown';

/** When a process started, in the kernel's ticks, or {@link UNKNOWN_START}; null if no process has this number. */
export async function startOf(
  pid: number,
  system: NodeJS.Platform = process.platform,
): Promise<string | null> {
  if (system !== 'linux') return runs(pid) ? UNKNOWN_START : null;
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The program's name, in parentheses, may contain anything, so only the part after it is read.
  const [state = '', ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return /^[ZX]/.test(state) ? null : (fields[18] ?? null);
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0); // sends nothing
  } catch (error) {
    return errnoOf(error) === 'EPERM'; // another user's
  }
}
