import {SauError} from '../base/errors.js';
import {named} from '../options/named.js';

/** The variables that set proxies, as curl, pip and npm read them. */
const NAMES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'] as const;

/** A proxy variable that may be shown: without user name and password. */
export interface ProxyVariable {
  /** The name as it is set, such as HTTPS_PROXY. */
  readonly name: string;
  /** An address, or for NO_PROXY a list of hosts. */
  readonly value: string;
}

/** The proxy variables that are set, for people to read. */
export function proxyVariables(env: NodeJS.ProcessEnv = process.env): ProxyVariable[] {
  return NAMES.flatMap((name) => [name.toLowerCase(), name]).flatMap((name) => {
    const value = env[name];
    return value ? [{name, value: withoutCredentials(value)}] : [];
  });
}

/**
 * The proxy for an address, or null for none: HTTPS_PROXY or HTTP_PROXY by its scheme, else npm's setting if npm or
 * npx runs this, else ALL_PROXY. NO_PROXY is `*` or a list of hosts, each of which includes its subdomains. Node
 * 20's own fetch reads none of these. Throws ERR_CONFIG for a proxy of another kind, such as SOCKS.
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv = process.env): string | null {
  if (isExempt(url, either(env, 'NO_PROXY') ?? env.npm_config_noproxy ?? '')) return null;
  const scheme = url.protocol === 'https:' ? 'HTTPS' : 'HTTP';
  const npm = scheme === 'HTTPS' ? env.npm_config_https_proxy : undefined;
  const value =
    either(env, `${scheme}_PROXY`) ?? (npm || env.npm_config_proxy || either(env, 'ALL_PROXY'));
  if (!value || value === 'null' || value === 'false') return null; // npm's words for none
  const proxy = value.includes('://') ? value : `http://${value}`;
  if (/^https?:\/\/[^/]/.test(proxy) && URL.canParse(proxy)) return proxy;
  throw new SauError(
    'ERR_CONFIG',
    `Expected an http:// or https:// proxy in the environment but received ${withoutCredentials(value)}. ` +
      `Set HTTPS_PROXY to such a one, or fetch the file by other means and pass it with ${named('from')}.`,
  );
}

/** `http://user:secret@proxy:8080` -> `http://***@proxy:8080`. */
export function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/]*@/i, '$1***@');
}

function either(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name.toLowerCase()] || env[name] || undefined;
}

function isExempt({hostname, port, protocol}: URL, list: string): boolean {
  const actualPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '*') return true;
      const [, host = '', entryPort] = /^\*?\.?(.+?)(?::(\d+))?$/.exec(entry) ?? [];
      if (host === '' || (entryPort !== undefined && entryPort !== actualPort)) return false;
      return hostname === host || hostname.endsWith(`.${host}`);
    });
}
