import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { get } from '../../listener/wire.ts';
import { clock, eventually, serve } from '../serving.ts';

/** How much later than a timer of this process something may be that is due at the same time. */
const TOLERANCE_MS = 100;

const never = (): Promise<Response> => new Promise(() => {});

describe('a handler that does not answer', () => {
  test('costs its client a 503 at the deadline, not before and not much later, and the log one line', async () => {
    const { dial, log, server } = await serve({ app: never, limits: { handlerTimeoutMs: 300 } });
    const wire = dial();
    await new Promise((resolve) => wire.socket.once('connect', resolve));
    const startedAt = performance.now();
    wire.write(get('/hangs'));
    const due = clock(300);
    const [answer] = await wire.responses();
    const tookMs = performance.now() - startedAt;
    const control = await due;
    expect(answer).toMatchObject({ status: 503, body: 'Service Unavailable' });
    expect(answer?.head).toMatch(/\r\nconnection: close\r\n/i);
    expect(tookMs).toBeGreaterThan(295);
    expect(tookMs - control).toBeLessThan(TOLERANCE_MS);
    expect(await wire.closed).toBe('ended');
    expect(log.loud()).toMatchObject([{ level: 'warn', details: { method: 'GET', path: '/hangs' } }]);
    await eventually(() => server.connections === 0);
    expect(server.inFlight).toBe(0);
  });

  test('is told by its signal at the deadline', async () => {
    let abortedAt = 0;
    const app = ({ signal }: Request): Promise<Response> => {
      signal.addEventListener('abort', () => {
        abortedAt = performance.now();
      });
      return never();
    };
    const { dial } = await serve({ app, limits: { handlerTimeoutMs: 200 } });
    const wire = dial();
    await new Promise((resolve) => wire.socket.once('connect', resolve));
    const startedAt = performance.now();
    wire.write(get('/'));
    const due = clock(200);
    await wire.responses();
    expect(abortedAt - startedAt).toBeGreaterThan(195);
    expect(abortedAt - startedAt - (await due)).toBeLessThan(TOLERANCE_MS);
  });

  const latecomers: Readonly<Record<string, (late: Promise<unknown>) => Promise<Response>>> = {
    'answers after all': (late) => late.then(() => new Response('too late')),
    'answers with a stream after all': (late) =>
      late.then(() => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(9)) }))),
    'answers with a broken stream after all': (late) =>
      late.then(() => new Response(new ReadableStream({ start: (c) => c.error(new Error('broken')) }))),
    'answers with a bad header after all': (late) =>
      late.then(() => new Response('too late', { headers: { 'x-bad': 'a\nb' } })),
    'throws after all': (late) =>
      late.then(() => {
        throw new Error('too late');
      }),
    'returns nothing after all': (late) => late.then(() => undefined as unknown as Response),
  };
  describe.each(Object.entries(latecomers))('and %s', (_, app) => {
    test.each([
      { when: 'while its client reads the 503', afterMs: 150 },
      { when: 'when its client is gone', afterMs: 700 },
    ])('$when, bothers nobody', async ({ afterMs }) => {
      const lateness = clock(afterMs);
      const { dial, log, server } = await serve({ app: () => app(lateness), limits: { handlerTimeoutMs: 50 } });
      const wire = dial();
      wire.write(get('/'));
      expect(await wire.responses()).toMatchObject([{ status: 503 }]);
      await lateness;
      await wire.closed;
      await eventually(() => server.connections === 0);
      expect(wire.text().match(/HTTP\/1/g)).toHaveLength(1);
      expect(log.loud()).toHaveLength(1);
      expect(server.inFlight).toBe(0);
    });
  });

  test('is not waited for by those who share its server', async () => {
    const app = new Hono().get('/hangs', never).get('/', (c) => c.text('well'));
    const { dial } = await serve({ app, limits: { handlerTimeoutMs: 5_000 } });
    const hanging = dial();
    hanging.write(get('/hangs'));
    const other = dial();
    other.write(get('/'));
    expect(await other.responses()).toMatchObject([{ body: 'well' }]);
  });

  test('among many that are as late is answered with them', async () => {
    const { dial, log, server } = await serve({ app: never, limits: { handlerTimeoutMs: 150 } });
    const wires = Array.from({ length: 200 }, () => dial());
    for (const wire of wires) wire.write(get('/'));
    const answers = await Promise.all(wires.map((wire) => wire.responses()));
    expect(answers.every(([answer]) => answer?.status === 503)).toBe(true);
    expect(log.loud()).toHaveLength(200);
    expect(server.inFlight).toBe(0);
  });
});

test('an answer that has begun may take as long as it wants', async () => {
  const app = (): Response =>
    new Response(
      new ReadableStream({
        start: async (controller) => {
          controller.enqueue(new TextEncoder().encode('begun'));
          await clock(300);
          controller.enqueue(new TextEncoder().encode(', and done'));
          controller.close();
        },
      }),
    );
  const { dial } = await serve({ app, limits: { handlerTimeoutMs: 50 } });
  const wire = dial();
  wire.write(get('/'));
  expect(await wire.responses()).toMatchObject([{ status: 200, body: 'begun, and done' }]);
});

test('without a deadline a handler may take as long as it wants', async () => {
  const { dial } = await serve({
    app: () => clock(300).then(() => new Response('at last')),
    limits: { handlerTimeoutMs: 0 },
  });
  const wire = dial();
  wire.write(get('/'));
  expect(await wire.responses()).toMatchObject([{ status: 200, body: 'at last' }]);
});

test('requests that are answered at once are never in flight, late ones exactly as long as they wait', async () => {
  let most = 0;
  let answer: (response: Response) => void = () => {};
  const app = new Hono()
    .get('/now', (c) => c.text('now'))
    .get('/late', () => new Promise<Response>((resolve) => (answer = resolve)));
  const { dial, server } = await serve({
    app: (request, env) => {
      most = Math.max(most, server.inFlight);
      return app.fetch(request, env);
    },
  });
  const wire = dial();
  for (let n = 1; n <= 20; n += 1) {
    wire.write(get('/now'));
    await wire.responses(n);
  }
  expect(most).toBe(0);
  wire.write(get('/late'));
  await eventually(() => server.inFlight === 1);
  answer(new Response('done'));
  await wire.responses(21);
  await eventually(() => server.inFlight === 0);
});

test('a new deadline counts from the next request on, and the old one for those that wait', async () => {
  const { dial, assign, server } = await serve({ app: never, limits: { handlerTimeoutMs: 10_000 } });
  const patient = dial();
  patient.write(get('/'));
  await eventually(() => server.inFlight === 1);
  assign({ app: never, limits: { handlerTimeoutMs: 50 } });
  const hasty = dial();
  hasty.write(get('/'));
  expect(await hasty.responses()).toMatchObject([{ status: 503 }]);
  expect(patient.text()).toBe('');
  expect(server.inFlight).toBe(1);
});

test('the socket of a late handler is freed even when its client does not go', async () => {
  const { dial, server } = await serve({ app: never, limits: { handlerTimeoutMs: 50 } });
  const wire = dial();
  wire.socket.removeAllListeners('end');
  wire.write(get('/'));
  await wire.responses();
  await eventually(() => server.connections === 0);
});
