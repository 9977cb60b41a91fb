import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspect, MAX_HEADER_LINES } from '../../../lib/server/http/inspect.ts';
import { get, post } from '../../listener/wire.ts';
import { serve } from '../serving.ts';

const name = fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,12}$/);
const line = fc.tuple(name, fc.string());
const HOSTS = ['Host', 'host', 'HOST', 'hOsT'];

const headOf = (lines: readonly (readonly [string, string])[], length?: number, expect?: string) => ({
  rawHeaders: lines.flat(),
  headers: {
    ...(length !== undefined && { 'content-length': String(length) }),
    ...(expect !== undefined && { expect }),
  },
  httpVersionMinor: 1,
});

const HOST: readonly [string, string] = ['host', 'a'];

describe('a head', () => {
  test('is fine with at most one host, at most a hundred lines, and a body within the limit', () => {
    const lines = fc.array(
      line.filter(([each]) => each.toLowerCase() !== 'host'),
      { maxLength: MAX_HEADER_LINES - 1 },
    );
    fc.assert(
      fc.property(lines, fc.constantFrom(...HOSTS), fc.nat(1_000), fc.nat(1_000), (others, host, length, more) => {
        expect(inspect(headOf([...others, [host, 'a']], length), length + more || 1_000)).toBeUndefined();
      }),
    );
  });

  test('with several hosts is refused, wherever they stand and however they are written', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 40 }),
        fc.constantFrom(...HOSTS),
        fc.constantFrom(...HOSTS),
        fc.nat(),
        (others, a, b, at) => {
          const lines = [...others];
          lines.splice(at % (lines.length + 1), 0, [a, 'x']);
          expect(inspect(headOf([...lines, [b, 'x']]), 0)).toBe(400);
        },
      ),
    );
  });

  test('whose values look like a host has none of them', () => {
    expect(
      inspect(
        headOf([
          ['x', 'host'],
          ['y', 'Host'],
          ['host', 'a'],
        ]),
        0,
      ),
    ).toBeUndefined();
  });

  test('without a host is refused, but for one of HTTP/1.0', () => {
    expect(inspect(headOf([['x-host', 'a']]), 0)).toBe(400);
    expect(inspect({ ...headOf([]), httpVersionMinor: 0 }, 0)).toBeUndefined();
  });

  test('may expect that it is told to go on, and nothing else', () => {
    for (const met of ['100-continue', '100-Continue', 'a, 100-continue; b']) {
      expect(inspect(headOf([HOST], 0, met), 0)).toBeUndefined();
    }
    for (const miracle of ['miracles', '100-continued', '']) expect(inspect(headOf([HOST], 0, miracle), 0)).toBe(417);
    expect(inspect({ ...headOf([HOST], 0, 'miracles'), httpVersionMinor: 0 }, 0)).toBeUndefined();
  });

  test('of more than a hundred lines is refused', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: MAX_HEADER_LINES + 1, maxLength: 200 }), (lines) => {
        expect(inspect(headOf(lines), 0)).toBe(431);
      }),
    );
  });

  test('that announces more than the limit is refused; without a limit nothing is too much', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 1e9 }), (limit, more) => {
        expect(inspect(headOf([HOST], limit + more), limit)).toBe(413);
        expect(inspect(headOf([HOST], limit), limit)).toBeUndefined();
        expect(inspect(headOf([HOST], limit + more), 0)).toBeUndefined();
      }),
    );
  });
});

describe('over the wire', () => {
  const cases: Readonly<Record<string, readonly [bytes: string, status: number]>> = {
    'two hosts are refused': [get('/', 'Host: other'), 400],
    'the same host twice is refused': [get('/', 'Host: test'), 400],
    'no host is refused': ['GET / HTTP/1.1\r\n\r\n', 400],
    'an expectation nobody has heard of is refused': [get('/', 'Expect: miracles'), 417],
    'a body that is announced too large is refused': [post('/', 'x'.repeat(11)), 413],
    'more than a hundred lines are refused': [get('/', ...Array.from({ length: 100 }, () => 'X: y')), 431],
  };
  test.each(Object.entries(cases))('%s, and no handler sees it', async (_, [bytes, status]) => {
    let asked = 0;
    const { dial, log } = await serve({
      app: () => {
        asked += 1;
        return new Response('seen');
      },
      limits: { maxBodyBytes: 10 },
    });
    const wire = dial();
    wire.write(bytes);
    const [answer] = await wire.responses();
    expect(answer?.status).toBe(status);
    expect(answer?.head).toMatch(/\r\nconnection: close\r\n/i);
    expect(await wire.closed).toBe('ended');
    expect(asked).toBe(0);
    expect(log.loud()).toEqual([]);
  });

  test('a HEAD that is refused has no body', async () => {
    const { dial } = await serve({ app: () => new Response('seen') });
    const wire = dial();
    wire.write('HEAD / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
    await wire.closed;
    expect(wire.text()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*\r\n\r\n$/s);
  });
});

describe('an HTTP/1.0 client', () => {
  test('is answered without naming a host, and let go', async () => {
    const { dial } = await serve({ app: (request) => new Response(request.url) });
    const wire = dial();
    wire.write('GET /health HTTP/1.0\r\n\r\n');
    expect(await wire.closed).toBe('ended');
    expect(await wire.responses()).toMatchObject([{ status: 200, body: 'http://localhost/health' }]);
  });

  test('is kept when it asks for that', async () => {
    const { dial } = await serve({ app: () => new Response('kept') });
    const wire = dial();
    for (const count of [1, 2, 3]) {
      wire.write('GET / HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\n\r\n');
      expect(await wire.responses(count)).toHaveLength(count);
    }
  });

  test('is sent a stream until the connection ends', async () => {
    const body = (): ReadableStream =>
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode('to the '));
          setImmediate(() => {
            controller.enqueue(new TextEncoder().encode('end'));
            controller.close();
          });
        },
      });
    const { dial } = await serve({ app: () => new Response(body()) });
    const wire = dial();
    wire.write('GET / HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\n\r\n');
    expect(await wire.closed).toBe('ended');
    expect(await wire.responses()).toMatchObject([{ status: 200, body: 'to the end' }]);
  });

  test('is not told to continue, which it would not understand', async () => {
    const { dial } = await serve({ app: async (request) => new Response(await request.text()) });
    const wire = dial();
    wire.write('POST / HTTP/1.0\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi');
    await wire.closed;
    expect(wire.text()).toMatch(/^HTTP\/1\.1 200/);
    expect(wire.text()).toMatch(/hi$/);
  });
});
