import {spawnSync} from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {constants, tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll} from 'vitest';
import {ROOT} from '../support/paths.js';

/** Calls of the C library, in the order of preload.c. */
export const KINDS = [
  'look',
  'read',
  'open',
  'write',
  'close',
  'sync',
  'rename',
  'unlink',
  'mkdir',
  'rmdir',
  'truncate',
  'reserve',
  'map',
  'link',
  'touch',
  'copy',
] as const;

export type Kind = (typeof KINDS)[number];

/** An error of the system, a signal, a write of half the bytes, or the folder renamed by somebody else. */
export type Action =
  | {readonly errno: keyof typeof constants.errno}
  | {readonly signal: NodeJS.Signals}
  | 'short'
  | 'takeAway';

export interface Fault {
  /** The number of the call, from 1; 0: none, so that the calls are counted alone. */
  readonly at: number;
  readonly action: Action;
  /** The kinds that count. */
  readonly counted: readonly Kind[];
  /** The kinds that go on failing after that call. */
  readonly failsAfter?: readonly Kind[];
}

/** A call that was counted. */
export interface Call {
  readonly kind: Kind;
  readonly path: string;
}

const HEADER_BYTES = 1024;
const FOLDER_AT = 48;
const PATH_BYTES = 252;
const RECORD_BYTES = 4 + PATH_BYTES;
const MOST_RECORDS = 8192;

/** Why no call can be made to fail here; null where it can. */
export const NO_FAULTS =
  process.platform !== 'linux'
    ? 'it is not Linux'
    : spawnSync('cc', ['--version']).status === 0
      ? null
      : 'there is no C compiler';

/** The library that makes calls fail, and the file by which it is told so. */
export class Faults {
  readonly #library: string;
  readonly #file: string;

  private constructor(
    /** Without links: the calls beneath it are those that count. */
    readonly folder: string,
    library: string,
    file: string,
  ) {
    this.#library = library;
    this.#file = file;
  }

  /** Compiles the library into a folder. */
  static make(folder: string): Faults {
    const library = join(folder, 'preload.so');
    const source = join(ROOT, 'test/faults/preload.c');
    const flags = ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror'];
    const {status, stderr} = spawnSync('cc', [...flags, '-o', library, source, '-ldl'], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`preload.c does not compile:\n${stderr}`);
    const file = join(folder, 'control');
    writeFileSync(file, Buffer.alloc(HEADER_BYTES + RECORD_BYTES * MOST_RECORDS));
    return new Faults(realpathSync(folder), library, file);
  }

  /** The environment of a process whose calls may fail. */
  get env(): NodeJS.ProcessEnv {
    return {...process.env, LD_PRELOAD: this.#library, SAU_FAULTS: this.#file};
  }

  /** From now on a call beneath a folder fails. */
  arm(folder: string, {at, action, counted, failsAfter = []}: Fault): void {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(1, 0);
    header.writeUInt32LE(at, 8);
    header.writeInt32LE(numberOf(action), 12);
    header.writeUInt32LE(bitsOf(counted), 16);
    header.writeUInt32LE(bitsOf(failsAfter), 20);
    header.write(folder, FOLDER_AT);
    this.#write(header);
  }

  /** From now on every look at the wall clock is wrong by so many seconds, in turns by as many less. */
  swingClock(seconds: number): void {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeBigInt64LE(BigInt(seconds), 32);
    header.writeUInt32LE(1, 40);
    this.#write(header);
  }

  /** No call fails any more. Gives the calls that were counted, and whether one was the chosen one. */
  disarm(): {readonly calls: readonly Call[]; readonly fired: boolean} {
    const bytes = readFileSync(this.#file);
    this.#write(Buffer.alloc(HEADER_BYTES));
    const count = Math.min(bytes.readUInt32LE(4), MOST_RECORDS);
    const calls = Array.from({length: count}, (_, i): Call => {
      const at = HEADER_BYTES + i * RECORD_BYTES;
      const path = bytes.subarray(at + 4, at + RECORD_BYTES);
      return {
        kind: KINDS[bytes.readUInt32LE(at)] ?? 'look',
        path: path.toString('utf8', 0, path.indexOf(0)),
      };
    });
    return {calls, fired: bytes.readUInt32LE(24) > 0};
  }

  #write(header: Buffer): void {
    const file = openSync(this.#file, 'r+');
    writeSync(file, header, 0, header.length, 0);
    closeSync(file);
  }
}

function bitsOf(kinds: readonly Kind[]): number {
  return kinds.reduce((bits, kind) => bits | (1 << KINDS.indexOf(kind)), 0);
}

function numberOf(action: Action): number {
  if (action === 'short') return 10001;
  if (action === 'takeAway') return 10002;
  if ('errno' in action) return constants.errno[action.errno];
  return -constants.signals[action.signal];
}

/** A folder of its own for the tests of a file, with the library in it. */
export function useFaults(): {readonly faults: Faults} {
  // In memory, where there is a place: the runs are many, and each waits for the disk.
  const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(place, 'sau-faults-'));
  let faults: Faults | undefined;
  beforeAll(() => {
    if (NO_FAULTS === null) faults = Faults.make(folder);
  });
  afterAll(() => rmSync(folder, {recursive: true, force: true}));
  return {
    get faults() {
      if (faults === undefined) throw new Error('There are no faults yet');
      return faults;
    },
  };
}
