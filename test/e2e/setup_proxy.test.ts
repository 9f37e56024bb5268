import {execFileSync, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync} from 'node:fs';
import {createServer as createSecureServer} from 'node:https';
import {type AddressInfo, connect} from 'node:net';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {IS_BUILT} from '../support/paths.js';
import {BASIC, fileServer, setupFrom, useSetupWorld, ZIP} from '../support/setup_world.js';

const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0;
const CERTIFICATE = [
  ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'],
  ...['-subj', '/CN=libtorch.invalid', '-addext', 'subjectAltName=DNS:libtorch.invalid'],
];

describe.skipIf(!IS_BUILT)('setup behind a proxy', () => {
  const world = useSetupWorld();

  it('goes through the proxy of the environment, with its user and password', async () => {
    const file = fileServer(ZIP);
    const asked: string[] = [];
    const proxy = await world.serve((request, response) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
      file.handle(request, response);
    });
    // Nobody but the proxy knows this host.
    const env = {HTTP_PROXY: proxy.replace('//', '//me:secret@')};
    const {stderr} = await world.sau(setupFrom('http://libtorch.invalid:81'), env);
    expect(asked).toEqual([`http://libtorch.invalid:81/libtorch.zip ${BASIC}`]);
    expect(stderr).not.toContain('secret');
    expect(existsSync(world.library())).toBe(true);
  });

  it.skipIf(!HAS_OPENSSL)('goes through a proxy to https, which sees the host alone', async () => {
    const [key, cert] = [join(world.folder, 'key.pem'), join(world.folder, 'cert.pem')];
    execFileSync('openssl', [...CERTIFICATE, '-keyout', key, '-out', cert], {stdio: 'ignore'});
    const options = {key: readFileSync(key), cert: readFileSync(cert)};
    const origin = createSecureServer(options, fileServer(ZIP, {cutAfter: 70_000}).handle);
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
    const {port} = origin.address() as AddressInfo;
    const asked: string[] = [];
    const proxy = await world.serve(
      () => undefined,
      (request, socket, head) => {
        asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
        const upstream = connect(port, '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          upstream.write(head);
          upstream.pipe(socket).pipe(upstream);
        });
        upstream.on('error', () => socket.destroy());
        socket.on('error', () => upstream.destroy());
      },
    );
    const env = {HTTPS_PROXY: proxy.replace('//', '//me:secret@'), NODE_EXTRA_CA_CERTS: cert};
    await world.sau(setupFrom('https://libtorch.invalid'), env);
    origin.close();
    expect(asked).toEqual(Array(2).fill(`libtorch.invalid:443 ${BASIC}`));
    expect(existsSync(world.library())).toBe(true);
  });

  it('says so where the proxy refuses', async () => {
    const proxy = await world.serve(
      () => undefined,
      (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'),
    );
    const {status, stderr} = await world.sau(setupFrom('https://libtorch.invalid'), {
      https_proxy: proxy,
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/the proxy answered 407.*\(HTTPS_PROXY\)/s);
    expect(stderr).toContain('(ERR_DOWNLOAD)');
  });

  it('goes past the proxy where NO_PROXY says so', async () => {
    const address = await world.serve(fileServer(ZIP).handle);
    const env = {http_proxy: 'http://127.0.0.1:9', no_proxy: 'example.com, 127.0.0.1'};
    await world.sau(setupFrom(address), env);
    expect(existsSync(world.library())).toBe(true);
  });
});
