import fc from 'fast-check';
import { Hono } from 'hono';
import { getPath } from 'hono/utils/url';
import { describe, expect, test } from 'vitest';
import { canonicalTarget, isHost, WHOLE_SERVER } from '../../../lib/server/http/target.ts';
import { get } from '../../listener/wire.ts';
import { serve } from '../serving.ts';

/** Tells what router and handler were given. */
const echo = (): Hono =>
  new Hono().all('*', (c) => {
    const { pathname, search, host } = new URL(c.req.url);
    return c.json({ router: c.req.path, pathname, search, host });
  });

/** The path as the router spells it; as the handler reads it when that differs. */
type Seen = string | { readonly router: string; readonly pathname: string };

/** Raw targets of `GET`, with the path that was seen, or the status of the refusal. */
const STRICT: Readonly<Record<string, Seen | 400>> = {
  // As they are.
  '/': '/',
  '/a/b': '/a/b',
  '/a/': '/a/',
  '/users/7?x=/../%2f%00//': '/users/7',
  '/.well-known/acme': '/.well-known/acme',
  '/a/...': '/a/...',
  '/a..b/c.': '/a..b/c.',
  "/~!$&'()*+,;=:@-_.": "/~!$&'()*+,;=:@-_.",
  // Spelled anew.
  '/%61dmin': '/admin',
  '/%41%2d%7E%5f%2E': '/A-~_.',
  '/%40scope/%3A%3b%2C%2b%3d%26%24%21%27%28%29%2a': "/@scope/:;,+=&$!'()*",
  '/caf%c3%a9': { router: '/café', pathname: '/caf%C3%A9' },
  '/a%20b%7c%5e': { router: '/a b|^', pathname: '/a%20b%7C%5E' },
  '/a|b^c[d]{e}`"<>': { router: '/a|b^c[d]{e}`"<>', pathname: '/a%7Cb%5Ec%5Bd%5D%7Be%7D%60%22%3C%3E' },
  '/what%3f%23': '/what%3F%23',
  '/100%25': '/100%25',
  '/%2561': '/%2561',
  // Dot segments, plain, escaped, mixed, and escaped twice or more.
  '/..': 400,
  '/.': 400,
  '/a/../b': 400,
  '/a/./b': 400,
  '/a/..': 400,
  '/a/..?q': 400,
  '/%2e%2e/a': 400,
  '/.%2E/a': 400,
  '/a/%2e': 400,
  '/a/%2e./b': 400,
  '/%252e%252e/a': 400,
  '/%25252e/a': 400,
  '/a/%25%32%65/b': 400,
  // Slashes of other spellings, and segments that are none.
  '//': 400,
  '//evil.example/a': 400,
  '/a//b': 400,
  '/a//': 400,
  '/a%2fb': 400,
  '/a%2Fb': 400,
  '/a%252fb': 400,
  '/a\\b': 400,
  '/\\evil.example': 400,
  '/a%5cb': 400,
  '/..%5c..%5cetc': 400,
  '/a%255Cb': 400,
  // Control characters, plain or escaped once or twice.
  '/%00': 400,
  '/a%00.png': 400,
  '/a%0d%0aSet-Cookie:x': 400,
  '/a%7f': 400,
  '/a%2500': 400,
  '/a\x01': 400,
  '/a\x7f': 400,
  // Escapes that are none, and bytes that are no UTF-8.
  '/%': 400,
  '/%2': 400,
  '/%zz': 400,
  '/a%c0%ae%c0%ae/b': 400,
  '/%ff': 400,
  '/%ed%a0%80': 400,
  // What is no part of a URL.
  '/caf\xe9': 400,
  '/a#b': 400,
  '/?a#b': 400,
  // Other forms.
  '*': 400,
  a: 400,
  'test:80': 400,
  '?a': 400,
  'http://test/a/b?c': '/a/b',
  'HTTP://TEST:80/a': '/a',
  'http://test': '/',
  'http://test?a=1': '/',
  'https://test/a': '/a',
  'http://other/a': 400,
  'http://test:81/a': 400,
  'http://test@other/a': 400,
  'http://other@test/a': 400,
  'http://test\\@other/a': 400,
  'http://test//a': 400,
  'http://test/../a': 400,
  'http:///a': 400,
  'http:/test/a': 400,
  'ftp://test/a': 400,
  'file:///etc/passwd': 400,
};

/** What `lenient` makes of them, where that differs. */
const LENIENT: Readonly<Record<string, Seen | 400>> = {
  '/@scope%2fname': '/@scope%2Fname',
  '/a//b': '/a//b',
  '/a//': '/a//',
  '/a%5cb': { router: '/a\\b', pathname: '/a%5Cb' },
  '/a%252fb': '/a%252fb',
  // Still refused.
  '//evil.example/a': 400,
  '/a\\b': 400,
  '/a%2f..%2fb': 400,
  '/..%5cb': 400,
  '/%2e%2e%2fa': 400,
  '/%252e%252e/a': 400,
  '/a%00': 400,
  '/%ff': 400,
};

const ask = async (bytes: string, paths: 'strict' | 'lenient' = 'strict') => {
  let asked = 0;
  const app = echo();
  const { dial, log } = await serve({
    paths,
    app: (request, env) => {
      asked += 1;
      return app.fetch(request, env);
    },
  });
  const wire = dial();
  wire.socket.write(bytes, 'latin1');
  const [answer] = await wire.responses();
  const body = Buffer.from(answer?.body ?? '', 'latin1').toString();
  return { status: answer?.status, body, head: answer?.head ?? '', asked, log };
};

const expectSeen = async (target: string, seen: Seen | 400, paths: 'strict' | 'lenient'): Promise<void> => {
  const { status, body, asked, log } = await ask(get(target), paths);
  if (seen === 400) {
    expect({ status, asked }).toEqual({ status: 400, asked: 0 });
    expect(log.loud()).toEqual([]);
    return;
  }
  expect(status).toBe(200);
  const expected = typeof seen === 'string' ? { router: seen, pathname: seen } : seen;
  expect(JSON.parse(body)).toMatchObject({ ...expected, host: 'test' });
};

describe('a target', () => {
  test.each(Object.entries(STRICT))('%j comes to %j', (target, seen) => expectSeen(target, seen, 'strict'));
  test.each(Object.entries(LENIENT))('%j comes to %j where paths are lenient', (target, seen) =>
    expectSeen(target, seen, 'lenient'),
  );

  test('keeps its query as it was written', async () => {
    const { body } = await ask(get('/a%62?x=%2f%zz&y=//..\\'));
    expect(JSON.parse(body)).toMatchObject({ pathname: '/ab', search: '?x=%2f%zz&y=//..\\' });
  });

  test('of the whole server is answered by the server, for OPTIONS only', async () => {
    const { status, asked, head } = await ask('OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n');
    expect({ status, asked }).toEqual({ status: 204, asked: 0 });
    expect(head).not.toMatch(/connection: close/i);
  });

  test('of CONNECT leads nowhere', async () => {
    expect(await ask('CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n')).toMatchObject({ status: 501, asked: 0 });
  });

  test('that is refused takes an upgrade with it', async () => {
    let taken = 0;
    const { dial } = await serve({
      app: echo(),
      upgrade: (_, socket) => {
        taken += 1;
        socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
      },
    });
    const asking = (target: string): string => get(target, 'Connection: Upgrade', 'Upgrade: x');
    const refused = dial();
    refused.write(asking('/a/%2e%2e/b'));
    expect(await refused.responses()).toMatchObject([{ status: 400 }]);
    expect(taken).toBe(0);
    const accepted = dial();
    accepted.write(asking('/a'));
    await accepted.closed;
    expect(taken).toBe(1);
  });
});

describe('a host', () => {
  const hosts: Readonly<Record<string, boolean>> = {
    test: true,
    'Example.COM': true,
    'a.b-c.example:8080': true,
    'a.example.': true,
    '127.0.0.1': true,
    '127.0.0.1:65535': true,
    '[::1]': true,
    '[::1]:8080': true,
    s3: true,
    a_b: true,
    '': false,
    ' ': false,
    'a b': false,
    'a/b': false,
    'a?b': false,
    'a#b': false,
    'a\\b': false,
    'user@test': false,
    'user:pw@test': false,
    'test:': false,
    'test:x': false,
    'test:65536': false,
    'a,b': false,
    'a%2eb': false,
    '::1': false,
    '[::1': false,
    '[1::2::3]': false,
    '127.1': false,
    '0x7f.0.0.1': false,
    '017.0.0.1': false,
    '1.2.3.4.5': false,
    '256.1.1.1': false,
    'xn--': false,
    'caf\xe9': false,
  };
  test.each(Object.entries(hosts))('%j is one: %j', async (host, accepted) => {
    const { status, asked, body } = await ask(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect({ status, asked }).toEqual(accepted ? { status: 200, asked: 1 } : { status: 400, asked: 0 });
    if (accepted) expect(JSON.parse(body).host).toBe(host.toLowerCase());
  });

  test('that is missing is refused, except from clients that know none', async () => {
    expect(await ask('GET / HTTP/1.1\r\n\r\n')).toMatchObject({ status: 400, asked: 0 });
    expect(await ask('GET /a HTTP/1.0\r\n\r\n')).toMatchObject({ status: 200, asked: 1 });
    expect(await ask('GET /../a HTTP/1.0\r\n\r\n')).toMatchObject({ status: 400, asked: 0 });
    expect(await ask('GET http://test/a HTTP/1.0\r\n\r\n')).toMatchObject({ status: 400, asked: 0 });
  });

  test('that is accepted is read alike as text and as part of a URL', () => {
    const text = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().map((ip) => `[${ip}]`),
      fc.stringMatching(/^[\w.:[\]@%/-]{0,16}$/),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (host) => {
        if (!isHost(host)) return;
        const { hostname, username, pathname } = new URL(`http://${host}/p`);
        expect({ username, pathname }).toEqual({ username: '', pathname: '/p' });
        expect(hostname).toBe(host.toLowerCase().replace(/:\d+$/, ''));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Targets out of the parts that make them hard to read. */
const part = fc.oneof(
  fc.constantFrom(
    '/',
    '.',
    '..',
    '%2e',
    '%2E',
    '%2f',
    '%5C',
    '%25',
    '%',
    '\\',
    '//',
    '%00',
    '%c3%a9',
    '?',
    '#',
    ':',
    '@',
  ),
  fc.constantFrom('a', 'b', 'admin', '%61', '|', '^', '[', '"', ';', '%3b', '%3F', '%23', '%41', '~', '%7e', '%0a'),
  fc.string({ maxLength: 3 }),
);
const target = fc.array(part, { maxLength: 8 }).map((parts) => `/${parts.join('')}`);
const policy = fc.constantFrom('strict' as const, 'lenient' as const);

/** What a client's target is in the end, as URL parsers see it. */
const pathOf = (url: string): string => new URL(url).pathname;

describe('every target that is let through', () => {
  test('is the same path to the router, to the handler and to a URL parser', () => {
    fc.assert(
      fc.property(target, policy, (given, paths) => {
        const canonical = canonicalTarget('GET', given, 'test', paths);
        if (canonical === undefined) return;
        const url = `http://test${canonical}`;
        const [path = ''] = canonical.split('?');
        expect(pathOf(url)).toBe(path);
        // The router decodes all but what separates, and leaves that to whoever asks for a parameter.
        const router = getPath(new Request(url));
        expect(decodeURIComponent(path)).toBe(decodeURIComponent(router));
      }),
      { numRuns: 5_000 },
    );
  });

  test('is not changed by being read again', () => {
    fc.assert(
      fc.property(target, policy, (given, paths) => {
        const once = canonicalTarget('GET', given, 'test', paths);
        if (once !== undefined) expect(canonicalTarget('GET', once, 'test', paths)).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });

  test('has no segment that leads elsewhere, however often it is decoded', () => {
    fc.assert(
      fc.property(target, (given) => {
        const canonical = canonicalTarget('GET', given, 'test', 'strict');
        let [path = ''] = (canonical ?? '/').split('?');
        for (let times = 0; times < 4; times++) {
          const segments = path.slice(1).split(/[/\\]/);
          expect(segments.slice(0, -1)).not.toContain('');
          expect(segments.some((segment) => segment === '.' || segment === '..')).toBe(false);
          expect(path).not.toContain('\0');
          path = path.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test('does not depend on how it was escaped', () => {
    const plain = fc.stringMatching(/^\/[\w~!$&'()*+,;=:@-]{1,12}$/);
    fc.assert(
      fc.property(plain, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (path, escaped) => {
        const spelled = [...path]
          .map((c, at) => (at > 0 && escaped[at - 1] ? `%${c.charCodeAt(0).toString(16)}` : c))
          .join('');
        expect(canonicalTarget('GET', spelled, 'test', 'strict')).toBe(path);
      }),
    );
  });

  test('is the whole server for OPTIONS alone', () => {
    expect(canonicalTarget('OPTIONS', '*', 'test', 'strict')).toBe(WHOLE_SERVER);
    expect(canonicalTarget('GET', '*', 'test', 'strict')).toBeUndefined();
  });
});
