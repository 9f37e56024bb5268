import {Agent as HttpAgent, request as httpRequest, type IncomingMessage} from 'node:http';
import {Agent as HttpsAgent, request as httpsRequest, type RequestOptions} from 'node:https';
import type {Socket} from 'node:net';
import {connect as connectTls} from 'node:tls';
import {packageVersion} from '../native/versions.js';
import {proxyFor, withoutCredentials} from './proxy.js';

const MOST_REDIRECTS = 10;
/** A connection without a byte for this long is closed. */
const SILENCE_MS = 60_000;

/** An answer that another try would not change. */
export class FinalAnswer extends Error {}

/**
 * Sends a GET request, through the proxy of the environment if there is one, and follows redirects. The user and
 * password of an address are sent to its host alone. The caller must read the answer to its end or destroy it.
 */
export async function ask(
  address: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let url = new URL(address);
  let authorization = authorizationOf(url, 'authorization');
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const answer = await get(url, {...headers, ...authorization}, signal);
    const {location} = answer.headers;
    const status = answer.statusCode ?? 0;
    if (status < 300 || status > 399 || location === undefined) return answer;
    answer.destroy();
    const next = new URL(location, url);
    if (!/^https?:$/.test(next.protocol))
      throw new FinalAnswer(`it was redirected to ${next.protocol}`);
    if (next.origin !== url.origin) authorization = authorizationOf(next, 'authorization');
    url = next;
  }
  throw new FinalAnswer(`there were more than ${MOST_REDIRECTS} redirects`);
}

/** Without user and password. */
export function shownUrl(address: string): string {
  return withoutCredentials(address);
}

async function get(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const options = {
    headers: {
      host: url.host,
      'user-agent': `sau-native/${packageVersion()}`,
      'accept-encoding': 'identity', // ranges must refer to the file and not to a compressed form
      ...headers,
    },
    signal,
  };
  const target = `${url.pathname}${url.search}`;
  const place = {protocol: url.protocol, hostname: hostOf(url), port: url.port, path: target};
  const proxy = proxyFor(url);
  if (proxy === null) return send({...options, ...place});
  const through = new URL(proxy);
  const credentials = authorizationOf(through, 'proxy-authorization');
  const proxyPlace = {
    protocol: through.protocol,
    hostname: hostOf(through),
    port: through.port,
  };
  if (url.protocol === 'http:') {
    const path = `${url.origin}${target}`;
    return send({
      ...options,
      ...proxyPlace,
      path,
      headers: {...options.headers, ...credentials},
    });
  }
  const authority = `${url.hostname}:${url.port || 443}`;
  const socket = await tunnel(proxyPlace, authority, credentials, signal);
  const secure = connectTls({socket, servername: hostOf(url)});
  return send({...options, ...place, createConnection: () => secure});
}

/** A connection to a host through a proxy, which cannot read the traffic. */
function tunnel(
  proxy: RequestOptions,
  authority: string,
  credentials: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Socket> {
  const headers = {host: authority, ...credentials};
  return new Promise((resolve, reject) => {
    const asking = start({...proxy, method: 'CONNECT', path: authority, headers, signal});
    asking.on('connect', (answer, socket) => {
      if (answer.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new FinalAnswer(`the proxy answered ${answer.statusCode}`));
    });
    asking.on('error', reject);
    asking.end();
  });
}

function send(options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asking = start(options);
    asking.on('response', resolve);
    asking.on('error', reject);
    asking.end();
  });
}

function start(options: RequestOptions) {
  const isSecure = options.protocol === 'https:';
  const own = options.createConnection !== undefined;
  const agent = isSecure ? new HttpsAgent() : new HttpAgent(); // does not keep connections alive
  const asking = (isSecure ? httpsRequest : httpRequest)(own ? options : {...options, agent});
  asking.setTimeout(SILENCE_MS, () => {
    asking.destroy(new Error(`nothing came for ${SILENCE_MS / 1000} s`));
  });
  return asking;
}

/** Node expects IPv6 addresses without the brackets of a URL. */
function hostOf({hostname}: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function authorizationOf(
  {username, password}: URL,
  header: 'authorization' | 'proxy-authorization',
): Record<string, string> {
  if (username === '') return {};
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {[header]: `Basic ${Buffer.from(text).toString('base64')}`};
}
