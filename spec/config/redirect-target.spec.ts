import { describe, expect, test } from 'vitest';
import { parseRedirect } from '../../lib/config/redirect-target.ts';

describe('where clients are sent', () => {
  test.each([
    ['/', '', ['/']],
    ['/a/:b/c', '', ['/a/', { parameter: 'b' }, '/c']],
    ['/a/*', '', ['/a/', { rest: true }]],
    ['/a:80/x', '', ['/a:80/x']],
    ['/?id=:id#:part', '', ['/?id=', { parameter: 'id' }, '#', { parameter: 'part' }]],
    ['https://example.com', 'https://example.com', []],
    ['HTTP://Example.com:8080/:a', 'HTTP://Example.com:8080', ['/', { parameter: 'a' }]],
    ['http://[::1]:80?q=:a', 'http://[::1]:80', ['?q=', { parameter: 'a' }]],
  ])('%s is taken apart', (to, origin, parts) => {
    expect(parseRedirect(to)).toEqual({ origin, parts });
  });

  test.each([
    '',
    'new',
    '*',
    ':id',
    '//example.com',
    '/\\example.com',
    'http:/example.com',
    'http://',
    'http:///a',
    'http://user@example.com',
    'http://user:pw@example.com/',
    'http://:host/',
    'http://*/',
    'http://*.example.com/',
    'http://example.com:port/',
    'http://example.com:id',
    'http://example.com*',
    'http://example.com:99999/',
    'http://a.b@:c/',
    'javascript:alert(1)',
    'ftp://example.com/',
    'data:text/html,x',
    '/a b',
    '/caf\u00e9',
    '/a\r\nset-cookie: x',
    `/${'a'.repeat(2_048)}`,
  ])('%j is refused', (to) => {
    expect(parseRedirect(to)).not.toHaveProperty('parts');
  });
});
