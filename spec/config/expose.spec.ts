import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../lib/config/address.ts';
import { clientUrl, hasStrangeBraces, isExposable } from '../../lib/config/expose.ts';
import { parseCluster } from '../../lib/config/parse.ts';

const urlAt = (listen: string, expose?: string, encrypted = false): string => {
  const result = parseAddress(listen);
  if (!result.ok) throw new Error(result.message);
  return clientUrl(expose, result.address, encrypted);
};

describe('the URL of clients', () => {
  test.each([
    ['127.0.0.1:8080', 'http://localhost:{port}', 'http://localhost:8080'],
    ['127.0.0.1:8080', 'https://{host}:{port}/base?p={port}', 'https://127.0.0.1:8080/base?p=8080'],
    ['[::1]:8080', 'http://{host}:{port}', 'http://[::1]:8080'],
    [':8080', 'http://{host}:{port}', 'http://localhost:8080'],
    ['example.com:80', 'https://api.{host}', 'https://api.example.com'],
    ['127.0.0.1:8080', 'https://example.com', 'https://example.com'],
    ['unix:/run/x.sock', 'https://example.com', 'https://example.com'],
  ])('of %s exposed as %s is %s', (listen, expose, url) => {
    expect(urlAt(listen, expose)).toBe(url);
  });

  test('is that of the address when nothing is exposed', () => {
    expect(urlAt('127.0.0.1:80')).toBe('http://127.0.0.1:80');
    expect(urlAt('127.0.0.1:80', undefined, true)).toBe('https://127.0.0.1:80');
  });

  test('of what may be exposed can always be read, and has no braces left', () => {
    const part = fc.constantFrom('{host}', '{port}', '{', '}', 'a', ':', '/', '8', '{PORT}', '{}');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const expose = `http://${parts.join('')}`;
        if (hasStrangeBraces(expose) || !isExposable(expose)) return;
        const url = urlAt(':8080', expose);
        expect(url).not.toMatch(/[{}]/);
        expect(URL.canParse(url)).toBe(true);
      }),
    );
  });
});

test.each([
  'http://{port}:{host}',
  'ftp://{host}',
  'http://{host}:{port}{port}{port}{port}{port}{port}',
  'http://u@{host}',
  'http://{host}:8{port}',
])('%s is no URL whatever is filled in', (text) => {
  expect(isExposable(text)).toBe(false);
});

test.each(['http://{name}', 'http://{port', 'http://port}', 'http://{{port}}', 'http://{ port }'])(
  '%s has braces that mean nothing',
  (text) => {
    expect(hasStrangeBraces(text)).toBe(true);
  },
);

test.each([
  ['127.0.0.1:0', false],
  ['[::1]:0', false],
  ['localhost:0', true],
  [':0', true],
])('a name that goes on with where it listens is no URL when that is an IP address: %s', (listen, isFine) => {
  const server = { listen, expose: 'http://api.{host}:{port}', app: () => new Response() };
  const paths = parseCluster({ api: server }, new Map()).issues.map(({ path, message }) => [path, message]);
  const refusal = ['expose', expect.stringContaining("for '{host}'")];
  expect(paths).toEqual(isFine ? [] : [refusal]);
});
