import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FetchFunction } from '../../../lib/config/server-config.ts';
import { dial, type Received, responsesIn } from '../../listener/wire.ts';
import { drainOf, eventually, serve } from '../serving.ts';

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const stream = (...steps: readonly (string | number | 'fail')[]): ReadableStream<Uint8Array> => {
  const left = [...steps];
  return new ReadableStream({
    pull: async (controller) => {
      for (let step = left.shift(); ; step = left.shift()) {
        if (typeof step === 'number') await wait(step);
        else if (step === 'fail') return controller.error(new Error('secret'));
        else if (step === undefined) return controller.close();
        else return controller.enqueue(bytes(step));
      }
    },
  });
};

/** What handlers do, by the path that asks for it. All that is marked `!` may cost the connection. */
const deeds: Readonly<Record<string, FetchFunction>> = {
  now: () => new Response('now'),
  late: () => wait(3).then(() => new Response('late')),
  reads: async (request) => new Response(await request.text()),
  'reads-late': async (request) => {
    await wait(2);
    return new Response(await request.text());
  },
  stream: () => new Response(stream('a', 'b', 2, 'c')),
  big: () => new Response('x'.repeat(200_000)),
  'big-stream': () => new Response(stream('x'.repeat(100_000), 'y'.repeat(100_000))),
  empty: () => new Response(null, { status: 204 }),
  throws: () => {
    throw new Error('secret');
  },
  rejects: () => wait(1).then(() => Promise.reject(new Error('secret'))),
  nothing: () => wait(1).then(() => undefined as unknown as Response),
  'fails-early!': () => new Response(stream('fail')),
  'fails-late!': () => new Response(stream('a', 2, 'fail')),
  'bad-header!': () => new Response('x', { headers: { 'x-bad': 'a\nb' } }),
  'bad-header-late!': async () => new Response('x', { headers: { 'x-bad': 'a\nb' } }),
  'bad-status!': () => new Response('x', { status: 1_001 }),
  'twice!': (_, { outgoing }) => {
    (outgoing as ServerResponse).end('first');
    return new Response('second');
  },
  'hangs!': () => new Promise(() => {}),
  'closes!': () => new Response('bye', { headers: { connection: 'close' } }),
};

const names = Object.keys(deeds);

const app: FetchFunction = (request, env) => {
  const deed = deeds[decodeURIComponent(new URL(request.url).pathname.slice(1))];
  return deed === undefined ? new Response('none', { status: 404 }) : deed(request, env);
};

const body = fc.constantFrom('none', 'announced', 'chunked', 'too large', 'expects');

const encode = (name: string, kind: string): string => {
  const start = (method: string): string => `${method} /${encodeURIComponent(name)} HTTP/1.1\r\nHost: test\r\n`;
  if (kind === 'announced') return `${start('POST')}Content-Length: 5\r\n\r\nhello`;
  if (kind === 'chunked') return `${start('POST')}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`;
  if (kind === 'too large')
    return `${start('POST')}Transfer-Encoding: chunked\r\n\r\n40\r\n${'x'.repeat(64)}\r\n0\r\n\r\n`;
  if (kind === 'expects') return `${start('POST')}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi`;
  return `${start('GET')}\r\n`;
};

const visit = fc.record({
  requests: fc.array(fc.record({ name: fc.constantFrom(...names), kind: body }), { minLength: 1, maxLength: 5 }),
  /** Where the bytes are cut into separate writes, as shares of the whole. */
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
  end: fc.constantFrom('stays', 'stays', 'resets', 'ends its side', 'stops reading'),
  endsAfterMs: fc.integer({ min: 0, max: 8 }),
});

const escaped: unknown[] = [];
const noticed = (error: unknown): void => {
  escaped.push(error);
};
const { error: consoleError, info: consoleInfo } = console;
beforeAll(() => {
  process.on('unhandledRejection', noticed).on('uncaughtException', noticed);
  console.error = () => {};
  console.info = () => {};
});
afterAll(() => {
  process.off('unhandledRejection', noticed).off('uncaughtException', noticed);
  console.error = consoleError;
  console.info = consoleInfo;
});

const answersIn = (text: string): readonly Received[] => responsesIn(text).filter(({ status }) => status !== 100);

const STATUSES = new Set([100, 200, 204, 400, 408, 413, 500, 503]);

test('whatever handlers and clients do to each other, answers are whole and in order, and nothing is left', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(visit, { minLength: 1, maxLength: 6 }),
      fc.constantFrom('none', 'none', 'drain', 'drain and return'),
      async (visits, event) => {
        const limits = { handlerTimeoutMs: 60, maxBodyBytes: 32, headersTimeoutMs: 2_000, requestTimeoutMs: 2_000 };
        const serving = await serve({ app, limits });
        const each = visits.map(async ({ requests, cuts, end, endsAfterMs }) => {
          const wire = dial(serving.address);
          if (end === 'stops reading') wire.socket.pause();
          const whole = requests.map(({ name, kind }) => encode(name, kind)).join('');
          const marks = [0, ...cuts.map((cut) => Math.floor(cut * whole.length)).sort((a, b) => a - b), whole.length];
          for (const [index, mark] of marks.slice(1).entries()) {
            if (wire.socket.writable) wire.write(whole.slice(marks[index], mark));
            await wait(1);
          }
          await wait(endsAfterMs);
          if (end === 'resets') wire.socket.resetAndDestroy();
          if (end === 'ends its side') wire.socket.end();
          if (end === 'stays') {
            const isAnswered = (text: string): boolean => answersIn(text).length >= requests.length;
            await Promise.race([wire.closed, wire.until(isAnswered).catch(() => undefined), wait(5_000)]);
          }
          wire.socket.destroy();
          await wire.closed;
          const answers = answersIn(wire.text());
          expect(wire.text()).not.toContain('secret');
          expect(answers.every(({ status }) => STATUSES.has(status))).toBe(true);
          expect(answers.length).toBeLessThanOrEqual(requests.length);
          const harmless = requests.every(({ name, kind }) => !name.endsWith('!') && kind !== 'too large');
          if (end === 'stays' && event === 'none' && harmless) {
            expect(answers.length).toBe(requests.length);
          }
        });
        if (event !== 'none') {
          await wait(3);
          const drain = drainOf(serving.server, 400);
          if (event === 'drain and return') serving.assign({ app, limits });
          await drain.over;
        }
        await Promise.all(each);
        await eventually(() => serving.server.connections === 0);
        expect(serving.server.inFlight).toBe(0);
        serving.close();
        serving.server.destroy();
        expect(escaped).toEqual([]);
      },
    ),
    { numRuns: 50, endOnFailure: true },
  );
});
