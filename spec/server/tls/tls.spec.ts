import { X509Certificate } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { TlsConfig } from '../../../lib/config/tls-config.ts';
import { get } from '../../listener/wire.ts';
import { eventually, type Served, type Serving, serve } from '../serving.ts';
import { certificate } from './certificates.ts';
import { dialTls, type TlsWire } from './tls-wire.ts';

const printOf = (pem: string): string => new X509Certificate(pem).fingerprint256;

const hello: Served = { app: (request) => new Response(`hello from ${new URL(request.url).protocol}`) };

const encrypted = async (tls: Partial<TlsConfig> = {}, more: Partial<Served> = {}): Promise<Serving> => {
  const pair = await certificate();
  return serve({ ...hello, ...more, tls: { ...pair, ...tls } });
};

const ask = async (wire: TlsWire): Promise<string> => {
  wire.write(get('/'));
  const [answer] = await wire.responses();
  return `${answer?.status} ${answer?.body}`;
};

/** The status of a first request, or that there was no answer. */
const outcome = (serving: Serving, options: ConnectionOptions = {}): Promise<string> =>
  ask(dialTls(serving.address, options)).then(
    (answer) => answer.slice(0, 3),
    () => 'no answer',
  );

test('requests over TLS are answered as any others, and know that they are', async () => {
  const pair = await certificate();
  const { address, server, log } = await serve({ ...hello, tls: pair });
  const wire = dialTls(address);
  expect(await wire.agreed).toBe(printOf(pair.cert));
  expect(await ask(wire)).toBe('200 hello from https:');
  wire.write(get('/again'));
  expect(await wire.responses(2)).toHaveLength(2);
  expect(wire.socket.alpnProtocol).toBe('http/1.1');
  expect(server.connections).toBe(1);
  wire.socket.end();
  await eventually(() => server.connections === 0);
  expect(log.loud()).toEqual([]);
});

test('HTTP/2 is only chosen where it is offered', async () => {
  const offer = { ALPNProtocols: ['h2', 'http/1.1'] };
  const without = dialTls((await encrypted()).address, offer);
  await without.agreed;
  expect(without.socket.alpnProtocol).toBe('http/1.1');
  const both = await encrypted({}, { http2: true });
  const chosen = dialTls(both.address, offer);
  await chosen.agreed;
  expect(chosen.socket.alpnProtocol).toBe('h2');
  const old = dialTls(both.address);
  expect(await ask(old)).toBe('200 hello from https:');
});

describe('names', () => {
  const setting = async (tls: Partial<TlsConfig> = {}) => {
    const [first, exact, star] = await Promise.all([
      certificate({ names: ['first.example'] }),
      certificate({ names: ['a.example'] }),
      certificate({ names: ['unused.example'] }),
    ]);
    const serving = await serve({
      ...hello,
      tls: { ...first, certificates: [exact, { ...star, names: ['*.example'] }], ...tls },
    });
    const shown = (servername: string): Promise<string> =>
      dialTls(serving.address, { servername }).agreed.then(
        (print) =>
          new Map([first, exact, star].map(({ cert }, index) => [printOf(cert), index])).get(print)?.toString() ?? '?',
        () => 'refused',
      );
    return { serving, shown };
  };

  test('choose the certificate', async () => {
    const { shown } = await setting();
    expect(await shown('first.example')).toBe('0');
    expect(await shown('a.example')).toBe('1');
    expect(await shown('A.EXAMPLE')).toBe('1');
    expect(await shown('b.example')).toBe('2');
  });

  test('that nobody has get the default certificate, unless the config refuses them', async () => {
    const { shown } = await setting();
    expect(await shown('x.y.example')).toBe('0');
    expect(await shown('')).toBe('0');
    const strict = await setting({ unknownName: 'refuse' });
    expect(await strict.shown('x.y.example')).toBe('refused');
    expect(await strict.shown('first.example')).toBe('0');
    expect(await outcome(strict.serving, { servername: '' })).toBe('no answer');
    expect(await outcome(strict.serving, { servername: 'b.example' })).toBe('200');
  });

  test.each(['\u0000', 'a\u0000.example', `${'a'.repeat(255)}.example`, '*', '..', 'constructor', '__proto__', '名前'])(
    'of any shape do no harm: %j',
    async (servername) => {
      const { serving, shown } = await setting();
      const result = await shown(servername).catch(() => 'refused');
      expect(['0', 'refused']).toContain(result);
      expect(await shown('a.example')).toBe('1');
      expect(serving.log.loud()).toEqual([]);
    },
  );
});

describe('client certificates', () => {
  const cast = async () => {
    const [ca, stranger] = await Promise.all([
      certificate({ names: ['ca'], signs: true }),
      certificate({ names: ['stranger'], signs: true }),
    ]);
    const [good, bad, old] = await Promise.all([
      certificate({ names: ['good'], by: ca }),
      certificate({ names: ['bad'], by: stranger }),
      certificate({ names: ['old'], by: ca, from: -9, to: -1 }),
    ]);
    return { ca, clients: { none: {}, good, bad, old } };
  };

  test.each<[TlsConfig['clientAuth'], Readonly<Record<string, string>>]>([
    ['require', { none: 'no answer', good: '200', bad: 'no answer', old: 'no answer' }],
    ['request', { none: '200', good: '200', bad: 'no answer', old: 'no answer' }],
  ])('where they are %sd', async (clientAuth, expected) => {
    const { ca, clients } = await cast();
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const serving = await encrypted({ ca: ca.cert, clientAuth: clientAuth ?? 'none', maxVersion });
      const outcomes = await Promise.all(
        Object.entries(clients).map(async ([who, pair]) => [who, await outcome(serving, pair)] as const),
      );
      expect(Object.fromEntries(outcomes), maxVersion).toEqual(expected);
    }
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('that are no good are told to the log, over %s', async (maxVersion) => {
    const { ca, clients } = await cast();
    for (const clientAuth of ['require', 'request'] as const) {
      const serving = await encrypted({ ca: ca.cert, clientAuth, maxVersion });
      const said = (text: string) => serving.log.lines.some(({ message }) => message.endsWith(text));
      await outcome(serving, clients.bad);
      await eventually(() => said('the certificate of the client is not good: UNABLE_TO_VERIFY_LEAF_SIGNATURE'));
      await outcome(serving, clients.old);
      await eventually(() => said('the certificate of the client is not good: CERT_HAS_EXPIRED'));
    }
  });

  test('that nobody asked for are not looked at', async () => {
    const { clients } = await cast();
    expect(await outcome(await encrypted(), clients.bad)).toBe('200');
  });

  test('are known again when a session is taken up, under any name', async () => {
    const { ca, clients } = await cast();
    const other = await certificate({ names: ['other.example'] });
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const serving = await encrypted({ ca: ca.cert, clientAuth: 'require', certificates: [other], maxVersion });
      const options = { ...clients.good, servername: 'other.example' };
      const first = dialTls(serving.address, options);
      const session = new Promise<Buffer>((resolve) => first.socket.once('session', resolve));
      await ask(first);
      const second = dialTls(serving.address, { ...options, session: await session });
      expect(await ask(second)).toMatch(/^200/);
      expect(second.socket.isSessionReused(), maxVersion).toBe(true);
    }
  });
});

describe('who does not come to an agreement', () => {
  test('is told in HTTP when it speaks HTTP, and nobody else hears of it', async () => {
    const { dial, server, log } = await encrypted();
    const wire = dial();
    wire.write(get('/'));
    expect(await wire.closed).toBe('ended');
    expect(wire.text()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*this port speaks HTTPS$/);
    await eventually(() => server.connections === 0);
    expect(log.loud()).toEqual([]);
    expect(log.lines.length).toBe(1);
  });

  test.each<[string, (write: (bytes: Buffer) => void) => void]>([
    ['says nothing', () => {}],
    ['says half of what it wants to say', (write) => write(Buffer.from('1603010200', 'hex'))],
    [
      'says it a byte at a time',
      (write) => {
        const bytes = Buffer.from(`160301020001fc0303${'00'.repeat(600)}`, 'hex');
        for (let at = 0; at < 100; at += 1) setTimeout(() => write(bytes.subarray(at, at + 1)), at * 20).unref();
      },
    ],
  ])('is cut off in time when it %s', async (_, say) => {
    const { dial, server, log } = await encrypted({ handshakeTimeoutMs: 200 });
    const wire = dial();
    const startedAt = performance.now();
    say((bytes) => wire.write(bytes));
    await eventually(() => server.connections === 1);
    await wire.closed;
    const ms = performance.now() - startedAt;
    expect(ms).toBeGreaterThan(150);
    expect(ms).toBeLessThan(1_200);
    await eventually(() => server.connections === 0);
    expect(log.loud()).toEqual([]);
  });

  test.each([
    ['noise', Buffer.from('deadbeef'.repeat(50), 'hex')],
    ['a record that is too long', Buffer.from('160301ffff', 'hex')],
    ['an alert', Buffer.from('15030300020228', 'hex')],
    ['zeroes', Buffer.alloc(300)],
  ])('is let go when it sends %s, and others are served', async (_, bytes) => {
    const serving = await encrypted({ handshakeTimeoutMs: 500 });
    const wire = serving.dial();
    wire.write(bytes);
    await wire.closed;
    expect(await outcome(serving)).toBe('200');
    await eventually(() => serving.server.connections <= 1);
    expect(serving.log.loud()).toEqual([]);
  });

  test('may hang up at any point', async () => {
    const serving = await encrypted();
    const wires = Array.from({ length: 20 }, () => dialTls(serving.address));
    for (const [index, { socket }] of wires.entries()) {
      socket.on('error', () => {});
      setTimeout(() => socket.destroy(), index / 2);
    }
    await Promise.all(wires.map(({ closed }) => closed));
    await eventually(() => serving.server.connections === 0);
    expect(await outcome(serving)).toBe('200');
    expect(serving.log.loud()).toEqual([]);
  });

  test('cannot speak an older version than allowed', async () => {
    const serving = await encrypted({ minVersion: 'TLSv1.3' });
    expect(await outcome(serving, { maxVersion: 'TLSv1.2' })).toBe('no answer');
    expect(await outcome(serving)).toBe('200');
  });

  test('cannot use another cipher suite than allowed', async () => {
    const serving = await encrypted({ ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' });
    expect(await outcome(serving, { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).toBe('no answer');
    expect(await outcome(serving, { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' })).toBe('200');
  });
});
