import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {namesIn} from '../support/folders.js';
import {expectSchema} from '../support/json_schemas.js';
import {IS_BUILT, PROGRAM} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {
  BASIC,
  fileServer,
  finished,
  LIBRARY,
  NAME,
  saidBy,
  setupFrom,
  sha256,
  useSetupWorld,
  VERSION,
  ZIP,
} from '../support/setup_world.js';

/** Whether this user may mount a small disk in a namespace of its own. */
const MAY_MOUNT =
  spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describe.skipIf(!IS_BUILT)('setup from an address', () => {
  const world = useSetupWorld();

  it('installs the zip, and takes up a cut connection where it broke', async () => {
    const server = fileServer(ZIP, {cutAfter: 70_000});
    const {stdout, stderr} = await world.sau([
      ...setupFrom(await world.serve(server.handle)),
      '--json',
    ]);
    expectSchema('setup', JSON.parse(stdout));
    expect(JSON.parse(stdout)).toMatchObject({
      action: 'installed',
      libtorch: {version: VERSION, cuda: null, source: 'cache'},
    });
    expect(server.ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
    expect(server.conditions).toEqual([undefined, '"one"']);
    expect(stderr).toMatch(/trying again from byte [1-9]/);
    expect(stderr).not.toContain('at work'); // nobody else is
    expect(readFileSync(world.library()).equals(LIBRARY)).toBe(true);
    expect(namesIn(world.cache)).toEqual([NAME]);
  });

  it('starts again where the server gives no ranges', async () => {
    const server = fileServer(ZIP, {cutAfter: 70_000, ranges: false});
    await world.sau(setupFrom(await world.serve(server.handle)));
    expect(server.ranges).toHaveLength(2);
    expect(readFileSync(world.library()).equals(LIBRARY)).toBe(true);
  });

  it('fetches a file anew whose pieces do not fit together', async () => {
    const server = fileServer(ZIP);
    const old = fileServer(Buffer.alloc(ZIP.length, 'x'), {cutAfter: 70_000});
    // The file is replaced after the cut, on a server that heeds no If-Range.
    const address = await world.serve((request, response) =>
      (old.ranges.length === 0 ? old : server).handle(request, response),
    );
    const {stderr} = await world.sau(setupFrom(address));
    expect(stderr).toContain('note: what was resumed does not fit: starting again');
    expect(server.ranges).toEqual([expect.stringMatching(/^bytes=[1-9]/), undefined]);
    expect(readFileSync(world.library()).equals(LIBRARY)).toBe(true);
  });

  it('refuses a wrong checksum and leaves nothing', async () => {
    const address = await world.serve(fileServer(ZIP).handle);
    const {status, stderr} = await world.sau(setupFrom(address, Buffer.from('other')));
    expect(status).toBe(1);
    expect(stderr).toContain(`Expected sha256 ${sha256(Buffer.from('other'))}`);
    expect(stderr).toContain(`received ${sha256(ZIP)}`);
    expect(stderr).toContain('(ERR_CHECKSUM)');
    expect(namesIn(world.cache)).toEqual([]);
  });

  it('uses nothing from the network without a checksum, which a link may carry', async () => {
    const address = `${await world.serve(fileServer(ZIP).handle)}/libtorch.zip`;
    const without = await world.sau(['setup', '--yes', '--from', address]);
    expect(without.status).toBe(2);
    expect(without.stderr).toMatch(/Expected --sha256 for http:.*#sha256=/);
    expect(namesIn(world.cache)).toEqual([]);
    await world.sau(['setup', '--yes', '--from', `${address}#sha256=${sha256(ZIP)}`]);
    expect(existsSync(world.library())).toBe(true);
  });

  it('says what the server answered, without the password of the address', async () => {
    const address = await world.serve((_, response) => response.writeHead(404).end());
    const {status, stderr} = await world.sau(setupFrom(address.replace('//', '//me:secret@')));
    expect(status).toBe(1);
    expect(stderr).toMatch(/libtorch.zip but the server answered 404/);
    expect(stderr).toContain('(ERR_DOWNLOAD)');
    expect(stderr).not.toContain('secret');
    expect(namesIn(world.cache)).toEqual([]);
  });

  it('sends user and password to their own host alone, and follows a redirect', async () => {
    const seen: (string | undefined)[] = [];
    const file = fileServer(ZIP);
    const target = await world.serve((request, response) => {
      seen.push(request.headers.authorization);
      file.handle(request, response);
    });
    const first = await world.serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, {location: `${target}/elsewhere`}).end();
    });
    await world.sau(setupFrom(first.replace('//', '//me:secret@')));
    expect(seen).toEqual([BASIC, undefined]);
    expect(existsSync(world.library())).toBe(true);
  });

  it('stops in the middle when it is aborted, installs nothing, and goes on from there', async () => {
    const server = fileServer(ZIP, {cutAfter: 70_000, stall: true});
    const address = await world.serve(server.handle);
    const child = world.start(setupFrom(address));
    await saidBy(child, /kB of 2\d\d kB/);
    child.kill('SIGINT');
    const {status} = await finished(child);
    expect(status).toBe(130);
    expect(namesIn(world.cache)).toEqual(['downloads']);
    await world.sau(setupFrom(address));
    expect(server.ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
    expect(existsSync(world.library())).toBe(true);
    expect(namesIn(world.cache)).toEqual([NAME]);
  });

  it('takes over from a process that was killed: lock, temporary folder and partial file', async () => {
    const server = fileServer(ZIP, {cutAfter: 70_000, stall: true});
    const address = await world.serve(server.handle);
    const child = world.start(setupFrom(address));
    await saidBy(child, /kB of 2\d\d kB/);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(namesIn(world.cache)).toEqual([
      expect.stringMatching(/^\.setup-/),
      'downloads',
      'setup.lock',
    ]);
    await world.sau(setupFrom(address));
    expect(server.ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
    expect(namesIn(world.cache)).toEqual([NAME]);
  });

  it('fetches once for two processes at once: the second uses what the first has made', async () => {
    let release = (): void => undefined;
    const server = fileServer(ZIP);
    const address = await world.serve((request, response) => {
      release = () => server.handle(request, response);
    });
    const first = world.start([...setupFrom(address), '--json']);
    const firstEnd = finished(first);
    await saidBy(first, /fetching/);
    const second = world.start([...setupFrom(address), '--json']);
    const secondEnd = finished(second);
    await saidBy(second, new RegExp(`note: process ${first.pid} is at work`));
    release();
    const ends = await Promise.all([firstEnd, secondEnd]);
    expect(ends.map(({stdout}) => JSON.parse(stdout).action)).toEqual(['installed', 'present']);
    expect(server.ranges).toEqual([undefined]);
    expect(namesIn(world.cache)).toEqual([NAME]);
  });

  describe.skipIf(!MAY_MOUNT)('on a full disk (a small one in a namespace of its own)', () => {
    /** Runs setup with its cache on a disk of `kib`; gives its words and what is left on the disk. */
    async function onSmallDisk(kib: number, args: readonly string[]) {
      const script =
        'mkdir -p "$SAU_NATIVE_CACHE" && mount -t tmpfs -o size=$0k tmpfs "$SAU_NATIVE_CACHE" || exit 99; ' +
        '"$@"; echo "status $?"; find "$SAU_NATIVE_CACHE" -mindepth 1';
      const env = {...process.env, SAU_NATIVE_CACHE: world.cache};
      const all = ['-rm', 'sh', '-c', script, String(kib), process.execPath, PROGRAM, ...args];
      return finished(spawn('unshare', all, {env, cwd: world.folder}));
    }

    it('sees before the download that it will not fit', async () => {
      const server = fileServer(ZIP);
      const address = await world.serve(server.handle);
      const {stdout, stderr} = await onSmallDisk(100, setupFrom(address));
      expect(stderr).toMatch(/Expected 20\d kB of free space in .* for the download/);
      expect(stderr).toContain('(ERR_OUTPUT)');
      expect(stdout).toBe('status 1\n');
    });

    it('leaves nothing when it fills up during a download of unknown length', async () => {
      const address = await world.serve(fileServer(ZIP, {length: false}).handle);
      const {stdout, stderr} = await onSmallDisk(100, setupFrom(address));
      expect(stderr).toMatch(/the disk is full.*\n.*\(ERR_OUTPUT\)/);
      expect(stdout).toBe('status 1\n');
    });

    it('sees before unpacking that it will not fit, and keeps the download for the next try', async () => {
      const address = await world.serve(fileServer(ZIP).handle);
      const {stdout, stderr} = await onSmallDisk(300, setupFrom(address));
      expect(stderr).toMatch(/of free space in .* for the unpacked archive/);
      expect(stdout).toMatch(/^status 1\n.*\/downloads\n(.*\/downloads\/.*\n)+$/);
    });
  });
});

describe.skipIf(!IS_BUILT)('setup() in a program', () => {
  const world = useSetupWorld();

  it('rejects with the reason of the signal, in the middle of a download', async () => {
    const server = fileServer(ZIP, {cutAfter: 70_000, stall: true});
    const address = await world.serve(server.handle);
    const controller = new AbortController();
    const reason = new Error('enough');
    process.env.SAU_NATIVE_CACHE = world.cache;
    try {
      const {setup} = builtPackage();
      const promise = setup(
        {from: `${address}/libtorch.zip`, sha256: sha256(ZIP)},
        {
          signal: controller.signal,
          onProgress: (p) => p.kind === 'bytes' && p.done > 0 && controller.abort(reason),
        },
      );
      await expect(promise).rejects.toBe(reason);
      expect(namesIn(world.cache)).toEqual(['downloads']);
    } finally {
      delete process.env.SAU_NATIVE_CACHE;
    }
  });

  it('rejects at once with a signal that is aborted already, and makes no folder', async () => {
    writeFileSync(join(world.folder, 'libtorch.zip'), ZIP);
    process.env.SAU_NATIVE_CACHE = world.cache;
    try {
      const promise = builtPackage().setup(
        {from: join(world.folder, 'libtorch.zip')},
        {signal: AbortSignal.abort()},
      );
      await expect(promise).rejects.toMatchObject({name: 'AbortError'});
      expect(existsSync(world.cache)).toBe(false);
    } finally {
      delete process.env.SAU_NATIVE_CACHE;
    }
  });
});
