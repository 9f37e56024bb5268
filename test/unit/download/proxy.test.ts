import {describe, expect, it} from 'vitest';
import {SauError} from '../../../lib/base/errors.js';
import {proxyFor, proxyVariables, withoutCredentials} from '../../../lib/download/proxy.js';

const HTTPS = new URL('https://download.pytorch.org/libtorch.zip');
const HTTP = new URL('http://mirror.example.com:8080/libtorch.zip');

describe('the proxy of an address', () => {
  it.each<[string, URL, Record<string, string>, string | null]>([
    ['none', HTTPS, {}, null],
    [
      'by the scheme of the address',
      HTTPS,
      {HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:2'},
      'http://p:1',
    ],
    ['not that of the other scheme', HTTPS, {HTTP_PROXY: 'http://q:2'}, null],
    [
      'in lower case before upper case',
      HTTP,
      {http_proxy: 'http://p:1', HTTP_PROXY: 'http://q:2'},
      'http://p:1',
    ],
    ['of npm, where npx runs this', HTTPS, {npm_config_https_proxy: 'http://p:1'}, 'http://p:1'],
    ['none where npm says null', HTTPS, {npm_config_https_proxy: 'null'}, null],
    ['ALL_PROXY where there is no other', HTTP, {ALL_PROXY: 'http://p:1'}, 'http://p:1'],
    ['without a scheme, which is http', HTTPS, {HTTPS_PROXY: 'proxy:3128'}, 'http://proxy:3128'],
    [
      'none for a host of NO_PROXY',
      HTTPS,
      {HTTPS_PROXY: 'http://p:1', NO_PROXY: 'a, download.pytorch.org'},
      null,
    ],
    [
      'none for what is below a host of NO_PROXY',
      HTTPS,
      {HTTPS_PROXY: 'http://p:1', NO_PROXY: '.pytorch.org'},
      null,
    ],
    [
      'for a host that only ends alike',
      HTTPS,
      {HTTPS_PROXY: 'http://p:1', NO_PROXY: 'torch.org'},
      'http://p:1',
    ],
    [
      'none for a host with its port',
      HTTP,
      {HTTP_PROXY: 'http://p:1', NO_PROXY: 'example.com:8080'},
      null,
    ],
    [
      'for a host with another port',
      HTTP,
      {HTTP_PROXY: 'http://p:1', NO_PROXY: 'example.com:80'},
      'http://p:1',
    ],
    ['none for all', HTTP, {HTTP_PROXY: 'http://p:1', NO_PROXY: '*'}, null],
  ])('is %s', (_, url, env, proxy) => {
    expect(proxyFor(url, env)).toBe(proxy);
  });

  it('of another kind is refused, without its password', () => {
    const work = () => proxyFor(HTTPS, {HTTPS_PROXY: 'socks5://me:secret@p:1'});
    expect(work).toThrow(SauError);
    expect(work).toThrow(/http:\/\/ or https:\/\/ proxy .* received socks5:\/\/\*\*\*@p:1/);
  });
});

it('the variables are shown without user names and passwords', () => {
  const env = {https_proxy: 'http://me:se@cret@p:1', NO_PROXY: 'a,b', HTTP_PROXY: 'me:secret@p'};
  expect(proxyVariables(env)).toEqual([
    {name: 'https_proxy', value: 'http://***@p:1'},
    {name: 'HTTP_PROXY', value: '***@p'},
    {name: 'NO_PROXY', value: 'a,b'},
  ]);
  expect(withoutCredentials('https://host/a@b.zip')).toBe('https://host/a@b.zip');
});
