import {readFile} from 'node:fs/promises';

/**
 * The largest resident memory of this process so far in bytes, as Linux counts it; null where it does not tell.
 * getrusage is no substitute: there a process inherits the peak of the one that started it.
 */
export async function peakMemory(): Promise<number | null> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? null : 1024 * Number(kibibytes);
}
