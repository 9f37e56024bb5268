import {randomUUID} from 'node:crypto';
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import {hostname} from 'node:os';
import {dirname} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {errnoOf} from './errors.js';
import {startOf, UNKNOWN_START} from './process_start.js';
import {readText} from './read_text.js';

const POLL_MS = 200;
const HEARTBEAT_MS = 5_000;
/** A lock of another machine or container that shows no sign of life for this long is stale. */
const SILENCE_MS = 60_000;
/** A lock without a holder was left by a process that was killed, or had no room, before it wrote its name. */
const NAMELESS_MS = 2_000;

/** Tokens of locks of this process that could not be removed: they are nobody's, although it lives. */
const abandoned = new Set<string>();

/** Who holds a lock. */
interface Holder {
  readonly token: string;
  readonly pid: number;
  /** When that process started, because its number may belong to another process by now. */
  readonly started: string | null;
  /** The machine or container in which the process number is valid. */
  readonly place: string;
}

export interface LockHooks {
  readonly signal: AbortSignal;
  /** Called once, with the process number, if another process holds the lock. */
  readonly onWait: (pid: number | null) => void;
  /** What to throw once the holder is known to live, instead of waiting for it. */
  readonly refuse?: (pid: number | null) => Error;
  /** The folder of the lock has to be there: it is not made. */
  readonly keepsFolder?: boolean;
}

/**
 * Runs `work` while no other process works under this lock file. Waits for its turn. The lock of a dead process is
 * taken over at once, that of another machine or container after a minute of silence.
 */
export async function withLock<T>(
  path: string,
  hooks: LockHooks,
  work: () => Promise<T>,
): Promise<T> {
  const token = await acquire(path, hooks);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined); // the work continues even if this fails
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    abandoned.add(token);
    if ((await holderOf(path))?.token === token) await remove(path);
  }
}

/**
 * Whether a process holds a lock, as far as one look tells: of one on another machine its last sign of life says so, by
 * that machine's clock.
 */
export async function isLocked(path: string): Promise<boolean> {
  const holder = await holderOf(path);
  if (holder?.place === (await placeName())) {
    return !abandoned.has(holder.token) && (await startOf(holder.pid)) === holder.started;
  }
  const sign = await stat(path).catch(() => null);
  const most = holder === null ? NAMELESS_MS : SILENCE_MS;
  return sign !== null && Date.now() - sign.mtimeMs < most;
}

/** A lock that cannot be removed costs no result: the next run sees that it is nobody's. */
async function remove(path: string): Promise<void> {
  await rm(path, {force: true}).catch(() => undefined);
}

async function acquire(
  path: string,
  {signal, onWait, refuse, keepsFolder = false}: LockHooks,
): Promise<string> {
  const mine: Holder = {
    token: randomUUID(),
    pid: process.pid,
    started: await startOf(process.pid),
    place: await placeName(),
  };
  const silence = new Silence();
  for (let waited = false; ; waited = true) {
    signal.throwIfAborted();
    if (await create(path, mine, keepsFolder)) return mine.token;
    const holder = await holderOf(path);
    if (await isStale(path, holder, mine.place, silence)) {
      await takeAway(path, holder);
      continue;
    }
    // A process of this machine lives, and one of another that has shown a sign of life since the first look.
    const lives = holder?.place === mine.place || silence.changes > 1;
    if (refuse !== undefined && lives) throw refuse(holder?.pid ?? null);
    if (!waited) onWait(holder?.pid ?? null);
    await sleep(POLL_MS, undefined, {signal}).catch(() => signal.throwIfAborted());
  }
}

async function create(path: string, holder: Holder, keepsFolder: boolean): Promise<boolean> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'wx');
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    if (errnoOf(error) !== 'ENOENT' || keepsFolder) throw error;
    await mkdir(dirname(path), {recursive: true}); // a new folder, or the last holder removed it
    return create(path, holder, keepsFolder);
  }
  const text = JSON.stringify(holder);
  try {
    await handle.writeFile(text).finally(() => handle.close());
    // One that was slow to write its name may have been taken for dead.
    return (await readText(path)) === text;
  } catch (error) {
    abandoned.add(holder.token);
    await remove(path);
    throw error;
  }
}

/** null if there is no lock or it is still empty. */
async function holderOf(path: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readText(path)) as Holder;
  } catch {
    return null;
  }
}

async function isStale(
  path: string,
  holder: Holder | null,
  place: string,
  silence: Silence,
): Promise<boolean> {
  if (holder !== null && holder.place === place) {
    const isGone = abandoned.has(holder.token) || (await startOf(holder.pid)) !== holder.started;
    if (isGone || holder.started !== UNKNOWN_START) return isGone;
    // The number may be another process's by now, which shows no sign of life.
  }
  const mtimeMs = await stat(path).then(
    (s) => s.mtimeMs,
    () => null,
  );
  const long = holder === null ? NAMELESS_MS : SILENCE_MS;
  return mtimeMs !== null && silence.lasts(`${holder?.token}/${mtimeMs}`, long);
}

/** How long nothing has changed, by our own clock, because the clocks of two machines may differ. */
class Silence {
  #sign = '';
  #since = 0;
  /** How often the sign has changed, the first one included. */
  changes = 0;

  lasts(sign: string, long: number): boolean {
    if (sign !== this.#sign) {
      this.changes += 1;
      this.#sign = sign;
      this.#since = performance.now();
    }
    return performance.now() - this.#since > long;
  }
}

/** Two processes may find one lock stale. A process that has moved a fresh lock puts it back. */
async function takeAway(path: string, stale: Holder | null): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return; // another was faster
    throw error;
  }
  if ((await holderOf(aside))?.token !== stale?.token)
    await link(aside, path).catch(() => undefined);
  await rm(aside, {force: true});
}

/** Identifies this machine and container, within which our process numbers are valid. */
async function placeName(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => hostname());
  return `${boot.trim()} ${await readlink('/proc/self/ns/pid').catch(() => '')}`;
}
