import {existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

/** The files of a control group in the two versions of the kernel's interface. */
const VERSIONS = [
  {
    parent: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
    events: 'memory.oom_control',
    unlimited: '-1',
  },
  {
    parent: '/sys/fs/cgroup',
    limit: 'memory.max',
    usage: 'memory.current',
    events: 'memory.events',
    unlimited: 'max',
  },
] as const;

/** A container's memory: processes that together may have so much, of which the kernel kills one that asks for more. */
export class MemoryGroup {
  /** A new group, or null where this process may make none. */
  static make(): MemoryGroup | null {
    const name = `sau_native_test_${process.pid}`;
    for (const version of VERSIONS) {
      const folder = join(version.parent, name);
      try {
        mkdirSync(folder);
      } catch {
        continue;
      }
      if (existsSync(join(folder, version.limit))) return new MemoryGroup(folder, version);
      rmdirSync(folder);
    }
    return null;
  }

  private constructor(
    private readonly folder: string,
    private readonly version: (typeof VERSIONS)[number],
  ) {}

  /** Takes a process in, and those that it starts from now on. */
  add(pid: number): void {
    writeFileSync(join(this.folder, 'cgroup.procs'), `${pid}`);
  }

  /** Lets the group have no more than it has now. False where the kernel says that it has more by now. */
  freeze(): boolean {
    const {limit, usage} = this.version;
    try {
      writeFileSync(join(this.folder, limit), readFileSync(join(this.folder, usage)));
      return true;
    } catch {
      return false;
    }
  }

  /** Lets the group have what the machine has. */
  thaw(): void {
    writeFileSync(join(this.folder, this.version.limit), this.version.unlimited);
  }

  /** How many processes the kernel has killed for want of memory. */
  kills(): number {
    const events = readFileSync(join(this.folder, this.version.events), 'utf8');
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
  }

  remove(): void {
    rmdirSync(this.folder);
  }
}
