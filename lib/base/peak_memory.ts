import {readFile} from 'node:fs/promises';

/**
 * The largest resident memory of this process so far in bytes; null where the system does not tell. On Linux getrusage
 * is no substitute: there a process inherits the peak of the one that started it.
 */
export async function peakMemory(
  system: NodeJS.Platform = process.platform,
): Promise<number | null> {
  if (system !== 'linux') return 1024 * process.resourceUsage().maxRSS;
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? null : 1024 * Number(kibibytes);
}
