import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeAll } from '../../attack/judge.ts';
import { malformed } from '../../attack/malformed.ts';
import { get, post } from '../../listener/wire.ts';
import { clock, drainOf, eventually, type Serving, serve } from '../serving.ts';

/** Takes a body in, whatever it is, and says which path was asked for. */
const recording =
  (asked: string[]) =>
  async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    await request.text();
    return new Response(pathname);
  };

const MARK = get('/mark', 'Connection: close');

describe('what cannot be read', () => {
  test('is a corpus worth its name', () => {
    expect(malformed.length).toBeGreaterThanOrEqual(200);
  });

  test('ends the connection with a 4xx or is one plain request, and the next one is never read as another', async () => {
    const asked: string[] = [];
    const { address } = await serve({
      app: recording(asked),
      limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 },
    });
    const port = address.kind === 'tcp' ? address.port : 0;
    const judgements = await judgeAll(malformed, { host: '127.0.0.1', port });
    const faults = judgements.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
    expect(faults).toEqual([]);
    expect(asked.filter((path) => path !== '/case' && path !== '/mark')).toEqual([]);
  });

  test('however a good request is spoilt, the server goes on', async () => {
    const asked: string[] = [];
    const { dial, server } = await serve({
      app: recording(asked),
      limits: { headersTimeoutMs: 100, requestTimeoutMs: 200 },
    });
    const good = Buffer.from(post('/case', 'hello', 'X-Some: thing'), 'latin1');
    const spoilt = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(spoilt, { minLength: 20, maxLength: 20 }), async (batch) => {
        await Promise.all(
          batch.map(async (changes) => {
            const bytes = Buffer.from(good);
            for (const [at, byte] of changes) bytes[at] = byte;
            const wire = dial();
            wire.socket.write(bytes);
            wire.socket.end();
            await wire.closed;
          }),
        );
      }),
      { numRuns: 15 },
    );
    const wire = dial();
    wire.write(MARK);
    expect(await wire.responses()).toMatchObject([{ status: 200, body: '/mark' }]);
    await eventually(() => server.connections === 0);
    expect(server.inFlight).toBe(0);
  });
});

/** How much later than its limit a timeout may strike: the interval in which Node looks, and a busy machine. */
const LATE_MS = 1_000;

const timed = async (serving: Serving, bytes: string): Promise<{ readonly status: number; readonly ms: number }> => {
  const wire = serving.dial();
  await new Promise((resolve) => wire.socket.once('connect', resolve));
  const startedAt = performance.now();
  wire.write(bytes);
  const [answer] = await wire.responses();
  const ms = performance.now() - startedAt;
  await wire.closed;
  return { status: answer?.status ?? 0, ms };
};

const hello = (): Response => new Response('hello');
const reading = async (request: Request): Promise<Response> => new Response(await request.text());

describe('who takes too long', () => {
  const limits = { headersTimeoutMs: 300, requestTimeoutMs: 600 };
  const slow: Readonly<Record<string, readonly [bytes: string, afterMs: number]>> = {
    'with the first byte': ['', 300],
    'with the head': ['GET / HTTP/1.1\r\nHost: te', 300],
    'with the end of the head': ['GET / HTTP/1.1\r\nHost: test\r\n', 300],
    'with the body': ['POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhal', 600],
    'with the next chunk': ['POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhal\r\n', 600],
  };
  test.each(Object.entries(slow))('%s gets a 408, in time', async (_, [bytes, afterMs]) => {
    const serving = await serve({ app: reading, limits });
    const { status, ms } = await timed(serving, bytes);
    expect(status).toBe(408);
    expect(ms).toBeGreaterThan(afterMs - 20);
    expect(ms).toBeLessThan(afterMs + LATE_MS);
    expect(serving.log.loud()).toEqual([]);
    await eventually(() => serving.server.connections === 0);
    expect(serving.server.inFlight).toBe(0);
  });

  test('with byte after byte gets no more time for it', async () => {
    const serving = await serve({ app: hello, limits });
    const wire = serving.dial();
    wire.write('GET / HTTP/1.1\r\nHost: test\r\nX: ');
    const dripping = setInterval(() => wire.socket.writable && wire.write('x'), 20);
    const startedAt = performance.now();
    const [answer] = await wire.responses();
    clearInterval(dripping);
    expect(answer?.status).toBe(408);
    expect(performance.now() - startedAt).toBeLessThan(300 + LATE_MS);
  });

  test('with the head of a further request gets a 408 after the answer to the first', async () => {
    const app = (): Promise<Response> => clock(1_200).then(hello);
    const { dial } = await serve({ app, limits });
    const wire = dial();
    wire.write(`${get('/')}GET / HT`);
    expect(await wire.responses(2)).toMatchObject([{ status: 200, body: 'hello' }, { status: 408 }]);
  });

  test('is cut in a drain as well, long before its end', async () => {
    const { dial, server } = await serve({ app: reading, limits });
    const wires = Object.values(slow).map(([bytes]) => {
      const wire = dial();
      wire.write(bytes);
      return wire;
    });
    await eventually(() => server.connections === wires.length);
    const drain = drainOf(server, 10_000);
    const { ms } = await drain.over;
    // The 408, and half a second to read it.
    expect(ms).toBeLessThan(600 + LATE_MS + 600);
    await Promise.all(wires.map((wire) => wire.closed));
  });

  test('has no end when there is no limit', async () => {
    const { dial } = await serve({ app: reading, limits: { headersTimeoutMs: 0, requestTimeoutMs: 0 } });
    const wire = dial();
    wire.write('GET / HTTP/1.1\r\nHost: test\r\n');
    await clock(1_300);
    expect(wire.text()).toBe('');
    wire.write('\r\n');
    expect(await wire.responses()).toMatchObject([{ status: 200 }]);
  });
});

describe('a head that is too large gets a 431 and reaches no handler', () => {
  const limits = { maxHeaderBytes: 2_048 };
  const cases: Readonly<Record<string, string>> = {
    'by one long header': get('/', `X: ${'y'.repeat(3_000)}`),
    'by a long path': get(`/${'p'.repeat(3_000)}`),
    'by many headers': get('/', ...Array.from({ length: 60 }, (_, n) => `X-${n}: ${'y'.repeat(50)}`)),
    'by more than a hundred lines': get('/', ...Array.from({ length: 100 }, (_, n) => `X${n}: y`)),
  };
  test.each(Object.entries(cases))('%s', async (_, bytes) => {
    const asked: string[] = [];
    const { dial } = await serve({ app: recording(asked), limits });
    const wire = dial();
    wire.write(bytes);
    expect(await wire.responses()).toMatchObject([{ status: 431 }]);
    expect(await wire.closed).toBe('ended');
    expect(asked).toEqual([]);
  });

  test('a head of a hundred lines, and one just small enough, do', async () => {
    const { dial } = await serve({ app: hello, limits });
    const wire = dial();
    wire.write(get('/', ...Array.from({ length: 99 }, (_, n) => `X${n}: y`)));
    wire.write(get('/', `X: ${'y'.repeat(1_900)}`));
    expect(await wire.responses(2)).toMatchObject([{ status: 200 }, { status: 200 }]);
  });

  test('a client that goes on sending still gets to read why it was refused', async () => {
    const { dial } = await serve({ app: hello, limits });
    const wire = dial();
    wire.write('GET / HTTP/1.1\r\nHost: test\r\n');
    for (let n = 0; n < 200; n += 1) wire.write(`X${n}: ${'y'.repeat(1_000)}\r\n`);
    expect(await wire.responses()).toMatchObject([{ status: 431 }]);
  });
});
