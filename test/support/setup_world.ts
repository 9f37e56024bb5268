import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import type {Duplex} from 'node:stream';
import {afterEach, beforeEach} from 'vitest';
import {ADDON, IS_BUILT, PROGRAM} from './paths.js';
import type {Finished} from './program.js';
import {makeZip, type ZipEntry} from './raw_zip.js';

/** The LibTorch that the addon here was built for. */
export const VERSION = IS_BUILT
  ? JSON.parse(readFileSync(join(ADDON, 'sau_build.json'), 'utf8')).libtorch
  : '';

export const HAS_PIP = spawnSync('python3', ['-I', '-m', 'pip', '--version']).status === 0;

/** Bytes of the fake library: enough to be cut in the middle. */
export const LIBRARY = Buffer.alloc(200_000, 'not really LibTorch. ');

/** The entries of a LibTorch as the official zip has them: everything but the code. */
export function libTorchEntries(version = VERSION, variant = 'cpu'): ZipEntry[] {
  return [
    {name: 'libtorch/', mode: 0o040755},
    {name: 'libtorch/build-version', data: `${version}+${variant}\n`},
    {name: 'libtorch/lib/libtorch_cpu.so', data: LIBRARY, mode: 0o100755},
    {name: 'libtorch/lib/libtorch.so.1', data: 'libtorch_cpu.so', mode: 0o120777},
    ...(variant === 'cpu' ? [] : [{name: 'libtorch/lib/libtorch_cuda.so', data: 'CUDA'}]),
  ];
}

export function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A LibTorch as `setup` fetches it, and the name that it has in the cache. */
export const ZIP = IS_BUILT ? makeZip(libTorchEntries()) : Buffer.alloc(0);
export const NAME = `libtorch-${VERSION}-cpu`;

/** The command that fetches `data` from an address. */
export function setupFrom(address: string, data = ZIP): string[] {
  return ['setup', '--yes', '--from', `${address}/libtorch.zip`, '--sha256', sha256(data)];
}

/** What a server is told of the user `me` with the password `secret`. */
export const BASIC = `Basic ${Buffer.from('me:secret').toString('base64')}`;

export interface SetupWorld {
  /** Removed after each test. */
  readonly folder: string;
  readonly cache: string;
  /** Where the fetched library then is. */
  library(): string;
  /** Writes a file and gives its path. */
  file(name: string, data: string | Buffer): string;
  /** Runs the program with this cache. */
  sau(
    args: readonly string[],
    env?: Readonly<Record<string, string | undefined>>,
  ): Promise<Finished>;
  /** Starts it, or another copy of the program. */
  start(
    args: readonly string[],
    env?: Readonly<Record<string, string | undefined>>,
    program?: string,
  ): ChildProcess;
  /** Serves over HTTP on a port of this machine; gives the address. */
  serve(
    handler: (request: IncomingMessage, response: ServerResponse) => void,
    onConnect?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
  ): Promise<string>;
}

export function useSetupWorld(): SetupWorld {
  const closing: (() => void)[] = [];
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sau-setup-'));
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
    rmSync(folder, {recursive: true});
  });
  const world: SetupWorld = {
    get folder() {
      return folder;
    },
    get cache() {
      return join(folder, 'cache');
    },
    library() {
      return join(world.cache, NAME, 'torch', 'lib', 'libtorch_cpu.so');
    },
    file(name, data) {
      const path = join(folder, name);
      mkdirSync(resolve(path, '..'), {recursive: true});
      writeFileSync(path, data);
      return path;
    },
    start(args, env = {}, program = PROGRAM) {
      const none = Object.fromEntries(
        ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'LIBTORCH', 'SAU_NATIVE_LIBTORCH']
          .flatMap((name) => [name, name.toLowerCase()])
          .map((name) => [name, undefined]),
      );
      const child = spawn(process.execPath, [program, ...args], {
        cwd: folder,
        env: {...process.env, ...none, SAU_NATIVE_CACHE: world.cache, ...env},
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      closing.push(() => child.kill('SIGKILL'));
      return child;
    },
    async sau(args, env) {
      return finished(world.start(args, env));
    },
    async serve(handler, onConnect) {
      const server = createServer(handler);
      if (onConnect !== undefined) server.on('connect', onConnect);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      closing.push(() => {
        server.closeAllConnections();
        server.close();
      });
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
  };
  return world;
}

/** Waits for the end of a process. */
export async function finished(child: ChildProcess): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const [status] = await once(child, 'close');
  return {status, stdout, stderr};
}

/** Waits until a process has said something on stderr. */
export async function saidBy(child: ChildProcess, what: RegExp): Promise<void> {
  let text = '';
  for (;;) {
    const [chunk] = await Promise.race([
      once(child.stderr ?? child, 'data'),
      once(child, 'close').then(() => [null]),
    ]);
    text += chunk ?? '';
    if (what.test(text)) return;
    if (chunk === null) throw new Error(`it ended without ${what}: ${text}`);
  }
}

/** A server of one file, which notes the Range of each request. */
export interface FileServer {
  readonly ranges: (string | undefined)[];
  /** If-Range of each request. */
  readonly conditions: (string | undefined)[];
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
}

/**
 * @param cutAfter Bytes after which the first answer breaks off; `stall` leaves it hanging instead
 */
export function fileServer(
  data: Buffer,
  {
    cutAfter = Number.POSITIVE_INFINITY,
    stall = false,
    ranges: hasRanges = true,
    length = true,
  } = {},
): FileServer {
  const ranges: (string | undefined)[] = [];
  const conditions: (string | undefined)[] = [];
  return {
    ranges,
    conditions,
    handle: (request, response) => {
      const {range} = request.headers;
      ranges.push(range);
      conditions.push(request.headers['if-range']?.toString());
      const start = hasRanges ? Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0) : 0;
      const rest = data.subarray(start);
      const end = `${start}-${data.length - 1}/${data.length}`;
      response.writeHead(start > 0 ? 206 : 200, {
        ...(length ? {'content-length': rest.length} : {}),
        ...(start > 0 ? {'content-range': `bytes ${end}`} : {}),
        etag: '"one"',
      });
      if (ranges.length > 1 || cutAfter >= rest.length) {
        response.end(rest);
      } else {
        response.write(rest.subarray(0, cutAfter), () => stall || response.destroy());
      }
    },
  };
}
