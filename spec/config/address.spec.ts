import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Address,
  formatAddress,
  isAnyPort,
  overlaps,
  parseAddress,
  sameAddress,
  urlOf,
} from '../../lib/config/address.ts';
import { parseIpv6 } from '../../lib/config/ip.ts';

const read = (text: string): Address => {
  const result = parseAddress(text);
  if (!result.ok) throw new Error(`${text}: ${result.message}`);
  return result.address;
};

const port = fc.integer({ min: 0, max: 65_535 });
const hostName = fc.stringMatching(/^[a-z](?:[a-z0-9-]{0,10}[a-z0-9])?(?:\.[a-z]{2,6}){0,2}$/);
/** Hosts that are likely to meet each other. */
const host = fc.oneof(
  fc.constantFrom('', '0.0.0.0', '[::]', '127.0.0.1', '[::1]', 'localhost', '127.0.0.2'),
  fc.ipV4(),
  fc.ipV6().map((text) => `[${text}]`),
  hostName,
);
const socketPath = fc
  .array(fc.stringMatching(/^[\w.-]{1,8}$/), { minLength: 1, maxLength: 6 })
  .map((parts) => `unix:/${parts.join('/')}`);
const range = fc
  .tuple(fc.integer({ min: 1, max: 55_000 }), fc.integer({ min: 1, max: 9_999 }))
  .map(([first, more]) => `${first}-${first + more}`);
const addressText = fc.oneof(
  fc.tuple(host, port).map(([name, number]) => `${name}:${number}`),
  fc.tuple(host, range).map(([name, ports]) => `${name}:${ports}`),
  socketPath,
);
const address = addressText
  .map((text) => parseAddress(text))
  .filter((result) => result.ok)
  .map((result) => result.address);
/** Few ports, so that equal ones are common. */
const neighbour = fc
  .tuple(host, fc.constantFrom('0', '80', '81', '80-81', '80-82', '79-82'))
  .map(([name, number]) => parseAddress(`${name}:${number}`))
  .filter((result) => result.ok)
  .map((result) => result.address);

describe('reading an address', () => {
  test.each([
    ['127.0.0.1:8080', { kind: 'tcp', host: '127.0.0.1', port: 8080 }],
    [':8080', { kind: 'tcp', host: '', port: 8080 }],
    ['0.0.0.0:80', { kind: 'tcp', host: '0.0.0.0', port: 80 }],
    ['[::1]:8080', { kind: 'tcp', host: '::1', port: 8080 }],
    ['[::]:8080', { kind: 'tcp', host: '::', port: 8080 }],
    ['127.0.0.1:0', { kind: 'tcp', host: '127.0.0.1', port: 0 }],
    ['127.0.0.1:8000-8010', { kind: 'tcp', host: '127.0.0.1', port: 0, range: { first: 8_000, last: 8_010 } }],
    [':1-10000', { kind: 'tcp', host: '', port: 0, range: { first: 1, last: 10_000 } }],
    ['[::1]:65534-65535', { kind: 'tcp', host: '::1', port: 0, range: { first: 65_534, last: 65_535 } }],
    [':65535', { kind: 'tcp', host: '', port: 65_535 }],
    ['localhost:8080', { kind: 'tcp', host: 'localhost', port: 8080 }],
    ['web-1.example.com:443', { kind: 'tcp', host: 'web-1.example.com', port: 443 }],
    ['my_service:80', { kind: 'tcp', host: 'my_service', port: 80 }],
    ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
    ['unix:/run/with space:and colon', { kind: 'unix', path: '/run/with space:and colon' }],
  ] as const)('%s is accepted', (text, expected) => {
    expect(read(text)).toEqual(expected);
    expect(formatAddress(read(text))).toBe(text);
  });

  test.each([
    ['LocalHost:80', 'localhost:80'],
    ['[0:0:0:0:0:0:0:1]:80', '[::1]:80'],
    ['[2001:DB8:0:0:1:0:0:1]:80', '[2001:db8::1:0:0:1]:80'],
    ['[2001:db8:0:1:1:1:1:1]:80', '[2001:db8:0:1:1:1:1:1]:80'],
    ['[64:ff9b::192.0.2.33]:80', '[64:ff9b::c000:221]:80'],
    ['[1:2:3:4:5:6:7::]:80', '[1:2:3:4:5:6:7:0]:80'],
    ['unix:/run//./x.sock', 'unix:/run/x.sock'],
  ])('%s is written %s', (text, canonical) => {
    expect(formatAddress(read(text))).toBe(canonical);
  });

  test.each([
    ['', /write/],
    ['8080', /'127\.0\.0\.1:8080' or ':8080'/],
    ['http://localhost:8080', /leave 'http:\/\/'/],
    ['https://localhost', /leave 'https:\/\/'/],
    ['localhost', /'localhost:8080'/],
    ['127.0.0.1', /'127\.0\.0\.1:8080'/],
    ['[::1]', /'\[::1\]:8080'/],
    ['my host', /'localhost:8080'/],
    ['*:8080', /':8080'/],
    ['::1:8080', /'\[::1\]:8080'/],
    ['fe80::1', /'\[::1\]:8080'/],
    ['[fe80::1%eth0]:80', /'\[::\]:80'/],
    ['[::ffff:127.0.0.1]:8080', /'127\.0\.0\.1:8080'/],
    ['[::ffff:7f00:1]:8080', /'127\.0\.0\.1:8080'/],
    ['/run/x.sock', /'unix:'/],
    ['./x.sock', /'unix:'/],
    ['unix:x.sock', /'unix:\/run\/x\.sock'/],
    ['unix:', /'unix:\/run\/x\.sock'/],
    ['unix:@abstract', /'unix:\/run\/x\.sock'/],
    ['127.0.0.1:8010-8000', /'127\.0\.0\.1:8000-8010'/],
    [':8000-8000', /':8000'/],
    ['[::1]:0-10', /'\[::1\]:0'/],
  ])('%s is refused with what to write instead', (text, hint) => {
    const result = parseAddress(text);
    expect(result).toMatchObject({ ok: false, hint: expect.stringMatching(hint) });
  });

  test.each([
    ...[
      ':70000',
      ':65536',
      ':-1',
      ':1.5',
      ':',
      ':0x1F90',
      ': 80',
      ':80 ',
      ' :80',
      ':NaN',
      ':080',
      ':00',
      ':+80',
      ':1e3',
    ],
    ...['127.1:80', '0177.0.0.1:80', '0x7f.0.0.1:80', '0x7f000001:80', '2130706433:80', '256.0.0.1:80', '1.2.3:80'],
    ...['127.0.0.01:80', '1.2.3.4.5:80', 'host.0x1:80', '[]:80', '[1::2::3]:80', '[12345::]:80', '[::1:80', '::1]:80'],
    ...[
      '[1:2:3:4:5:6:7]:80',
      '[1:2:3:4:5:6:7:8:9]:80',
      '[1.2.3.4::]:80',
      '[127.0.0.1]:80',
      '-a:80',
      'a-:80',
      'a..b:80',
    ],
    ...['a.:80', 'ex ample:80', 'exämple:80', 'a@b:80', 'a/b:80', 'localhost:80/path', `${'a'.repeat(64)}:80`],
    ...[`${'a.'.repeat(127)}a:80`, 'a\n:80', 'a:80\n', '\ufeff:80', ':８０', ':٨٠'],
    ...[':8000-', ':-8010', ':8000-8010-8020', ':8000--8010', ':8000-080', ':8000-65536', ':8000 - 8010', ':1-10001'],
    ...['*:8000-8010', '8000-8010', '127.1:8000-8010', 'http://localhost:8000-8010'],
    ...['unix:/', 'unix:/run/', 'unix:/run/.', 'unix:/run/../x', 'unix:/a\0b', 'unix:/a\nb', 'unix:/\ud800'],
    ...[`unix:/${'x'.repeat(107)}`, `unix:/${'ä'.repeat(54)}`, 'unix://'],
  ])('%j is refused', (text) => {
    const result = parseAddress(text);
    expect(result.ok).toBe(false);
  });

  test('a socket path of 107 bytes is the longest', () => {
    expect(parseAddress(`unix:/${'x'.repeat(106)}`).ok).toBe(true);
  });

  test('a refusal is one short line, whatever the text was', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', minLength: 200 })), (text) => {
        const result = parseAddress(text);
        if (result.ok) return;
        expect(result.received.length).toBeLessThanOrEqual(80);
        expect(`${result.received}${result.message}${result.hint}`).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('the canonical text', () => {
  test('reads back as the same address', () => {
    fc.assert(
      fc.property(address, (value) => {
        expect(parseAddress(formatAddress(value))).toEqual({ ok: true, address: value });
      }),
    );
  });

  test('does not change when it is made again', () => {
    fc.assert(
      fc.property(addressText, (text) => {
        const first = parseAddress(text);
        if (!first.ok) return;
        const once = formatAddress(first.address);
        expect(formatAddress(read(once))).toBe(once);
      }),
    );
  });

  test('of an IPv6 address is the one that URLs use', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const result = parseAddress(`[${text}]:80`);
        const expected = new URL(`http://[${text}]`).hostname;
        if (expected.startsWith('[::ffff:')) return;
        expect(result.ok && formatAddress(result.address)).toBe(`${expected}:80`);
      }),
    );
  });

  test('exists for exactly the IPv6 addresses that Node knows', () => {
    const nearly = fc.array(fc.constantFrom('0', '1', 'ffff', ':', '::', '1.2.3.4', '.', 'g'), { maxLength: 17 });
    fc.assert(
      fc.property(
        fc.oneof(
          nearly.map((parts) => parts.join('')),
          fc.ipV6(),
        ),
        (text) => {
          expect(parseIpv6(text) !== undefined).toBe(isIPv6(text));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('differs from the accepted text by letter case, IPv6 shortening and doubled slashes only', () => {
    const nearly = fc
      .array(
        fc.constantFrom(
          '0',
          '1',
          '80',
          '255',
          '.',
          ':',
          '[',
          ']',
          ' ',
          '-',
          '+',
          'a',
          'A',
          'x',
          '::',
          'unix:/',
          '/',
          '\t',
        ),
        {
          maxLength: 8,
        },
      )
      .map((parts) => parts.join(''));
    const anyNumber = fc.oneof(fc.double(), fc.integer({ min: -10, max: 70_000 }), fc.bigInt()).map((n) => `:${n}`);
    fc.assert(
      fc.property(fc.oneof(nearly, anyNumber, fc.string()), (text) => {
        const result = parseAddress(text);
        if (!result.ok) return;
        const canonical = formatAddress(result.address);
        if (text.startsWith('[')) {
          expect(new URL(`http://${text}`).hostname).toBe(`[${result.address.kind === 'tcp' && result.address.host}]`);
        } else if (text.startsWith('unix:')) {
          expect(canonical).toBe(text.replace(/\/(?:\.?\/)+/g, '/'));
        } else {
          expect(canonical).toBe(text.toLowerCase());
        }
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('overlapping', () => {
  test.each([
    ['127.0.0.1:80', '127.0.0.1:80', true],
    ['127.0.0.1:80', '127.0.0.1:81', false],
    ['127.0.0.1:80', '127.0.0.2:80', false],
    [':80', '127.0.0.1:80', true],
    [':80', '[::1]:80', true],
    [':80', '0.0.0.0:80', true],
    [':80', '[::]:80', true],
    [':80', 'example.com:80', true],
    ['0.0.0.0:80', '127.0.0.1:80', true],
    ['0.0.0.0:80', '[::1]:80', false],
    ['0.0.0.0:80', '[::]:80', true],
    ['0.0.0.0:80', 'example.com:80', true],
    ['[::]:80', '127.0.0.1:80', true],
    ['[::]:80', '[::1]:80', true],
    ['localhost:80', '127.0.0.1:80', true],
    ['localhost:80', '[::1]:80', true],
    ['localhost:80', '127.0.0.2:80', false],
    ['localhost:80', '0.0.0.0:80', true],
    ['localhost:80', ':80', true],
    ['localhost:80', 'example.com:80', false],
    ['LOCALHOST:80', 'localhost:80', true],
    [':0', ':0', false],
    ['127.0.0.1:0', '127.0.0.1:0', false],
    [':0', '127.0.0.1:80', false],
    [':8000-8010', ':8000-8010', false],
    ['127.0.0.1:8000-8010', '127.0.0.1:8005', false],
    ['unix:/run/x', 'unix:/run/x', true],
    ['unix:/run/x', 'unix:/run//x', true],
    ['unix:/run/x', 'unix:/run/y', false],
    ['unix:/run/x', ':80', false],
  ] as const)('%s and %s: %s', (a, b, expected) => {
    expect(overlaps(read(a), read(b))).toBe(expected);
  });

  test('is the same from either side', () => {
    fc.assert(
      fc.property(neighbour, neighbour, (a, b) => {
        expect(overlaps(a, b)).toBe(overlaps(b, a));
      }),
      { numRuns: 2_000 },
    );
  });

  test('holds for an address and itself, except on any free port', () => {
    fc.assert(
      fc.property(address, (value) => {
        expect(overlaps(value, value)).toBe(value.kind === 'unix' || value.port !== 0);
      }),
    );
  });

  test('an address is the same as another exactly when both are written the same', () => {
    fc.assert(
      fc.property(fc.oneof(neighbour, address), fc.oneof(neighbour, address), (a, b) => {
        expect(sameAddress(a, b)).toBe(formatAddress(a) === formatAddress(b));
      }),
    );
  });
});

test('a port is still to be found with port 0 and with a range', () => {
  expect([':0', ':8000-8010', ':8000', 'unix:/run/x'].map((text) => isAnyPort(read(text)))).toEqual([
    ...[true, true, false, false],
  ]);
});

test.each([
  [':8080', 'http://localhost:8080'],
  ['0.0.0.0:8080', 'http://localhost:8080'],
  ['[::]:8080', 'http://localhost:8080'],
  ['127.0.0.1:80', 'http://127.0.0.1:80'],
  ['[::1]:8080', 'http://[::1]:8080'],
  ['example.com:8080', 'http://example.com:8080'],
  ['unix:/run/x.sock', 'unix:/run/x.sock'],
])('clients reach %s as %s', (text, url) => {
  expect(urlOf(read(text))).toBe(url);
  expect(urlOf(read(text), true)).toBe(url.replace(/^http:/, 'https:'));
});
