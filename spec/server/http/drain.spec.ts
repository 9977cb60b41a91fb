import { describe, expect, test } from 'vitest';
import { drainSignal } from '../../../lib/server/http/drain-signal.ts';
import { get, post, type Wire } from '../../listener/wire.ts';
import { clock, drainOf, eventually, type Serving, serve } from '../serving.ts';

const CLOSE = /\r\nconnection: close\r\n/i;
const KEEP = /\r\nconnection: keep-alive\r\n/i;

const hello = (): Response => new Response('hello');

/** A handler that a test answers by hand. */
const byHand = () => {
  const answers: ((response: Response) => void)[] = [];
  const app = (): Promise<Response> => new Promise((resolve) => answers.push(resolve));
  return { app, answer: (response = new Response('answered')) => answers.shift()?.(response) };
};

/** A connection that has asked and was answered, and is kept. */
const kept = async (serving: Serving): Promise<Wire> => {
  const wire = serving.dial();
  wire.write(get('/'));
  await wire.responses();
  return wire;
};

describe('a server that is asked to leave', () => {
  test('finishes what is in flight and says with the answer that it was the last', async () => {
    const { app, answer } = byHand();
    const { dial, server } = await serve({ app });
    const wire = dial();
    wire.write(get('/'));
    await eventually(() => server.inFlight === 1);
    const drain = drainOf(server, 5_000);
    answer();
    const [answered] = await wire.responses();
    expect(answered).toMatchObject({ status: 200, body: 'answered' });
    expect(answered?.head).toMatch(CLOSE);
    expect(await wire.closed).toBe('ended');
    expect(await drain.over).toMatchObject({ connections: 0, cut: 0 });
  });

  test.each([
    { given: 'as an object', headers: { Connection: 'keep-alive', 'Keep-Alive': 'timeout=99', 'X-Kept': 'yes' } },
    {
      given: 'as a list',
      headers: [
        ['connection', 'keep-alive'],
        ['x-kept', 'yes'],
      ] satisfies [string, string][],
    },
    { given: 'as Headers', headers: new Headers({ connection: 'keep-alive', 'x-kept': 'yes' }) },
  ])('says so even when the handler says the contrary, $given', async ({ headers }) => {
    const { app, answer } = byHand();
    const { dial, server } = await serve({ app });
    const wire = dial();
    wire.write(get('/'));
    await eventually(() => server.inFlight === 1);
    const drain = drainOf(server, 5_000);
    answer(new Response('mine', { headers }));
    const [answered] = await wire.responses();
    expect(answered?.head).toMatch(CLOSE);
    expect(answered?.head).not.toMatch(/keep-alive/i);
    expect(answered?.head).toMatch(/x-kept: yes/i);
    await drain.over;
  });

  test('tells a kept connection with the answer to its next request', async () => {
    const serving = await serve({ app: hello });
    const wire = await kept(serving);
    const drain = drainOf(serving.server, 5_000);
    wire.write(get('/'));
    const [first, second] = await wire.responses(2);
    expect(first?.head).toMatch(KEEP);
    expect(second).toMatchObject({ status: 200, body: 'hello' });
    expect(second?.head).toMatch(CLOSE);
    const { cut, ms } = await drain.over;
    expect(cut).toBe(0);
    expect(ms).toBeLessThan(900);
  });

  test('does not look at what a client asks after it was told', async () => {
    let asked = 0;
    const app = (): Response => {
      asked += 1;
      return hello();
    };
    const { dial, server } = await serve({ app });
    const wire = dial();
    await eventually(() => server.connections === 1);
    const drain = drainOf(server, 5_000);
    wire.write(get('/a') + get('/b') + get('/c'));
    expect(await wire.closed).toBe('ended');
    expect(await wire.responses()).toHaveLength(1);
    expect(asked).toBe(1);
    await drain.over;
  });

  test('answers newcomers, and tells them with their first answer, as long as its address is held', async () => {
    let open = true;
    const serving = await serve({ app: hello });
    const drain = drainOf(serving.server, 5_000, () => open);
    const wire = serving.dial();
    wire.write(get('/'));
    const [answer] = await wire.responses();
    expect(answer?.head).toMatch(CLOSE);
    await wire.closed;
    await eventually(() => serving.server.connections === 0);
    expect(drain.subscription.closed).toBe(false);
    open = false;
    expect(await drain.over).toMatchObject({ connections: 0, cut: 0 });
  });

  test('is done at once when nobody is there', async () => {
    const { server } = await serve({ app: hello });
    let done = false;
    server.drain(5_000, () => false).subscribe({ complete: () => (done = true) });
    expect(done).toBe(true);
  });

  test('says how many connections are left as they leave', async () => {
    const serving = await serve({ app: hello });
    const wires = await Promise.all([kept(serving), kept(serving), kept(serving)]);
    const drain = drainOf(serving.server, 5_000);
    for (const [index, wire] of wires.entries()) {
      wire.write(get('/'));
      await wire.closed;
      await eventually(() => (drain.progress.at(-1)?.connections ?? 9) <= wires.length - index - 1);
    }
    await drain.over;
    expect(drain.progress.map(({ connections }) => connections)).toEqual([3, 2, 1, 0]);
  });
});

describe('an idle connection', () => {
  test('is closed once it has been silent for a second, and not before', async () => {
    const serving = await serve({ app: hello });
    const fresh = serving.dial();
    const wire = await kept(serving);
    await eventually(() => serving.server.connections === 2);
    const startedAt = performance.now();
    const drain = drainOf(serving.server, 10_000);
    await Promise.all([wire.closed, fresh.closed]);
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    const { cut, ms } = await drain.over;
    expect(cut).toBe(0);
    expect(ms).toBeLessThan(2_000);
  });

  test('that asked just before the drain began is answered, however long it was silent', async () => {
    const serving = await serve({ app: hello });
    const wire = await kept(serving);
    await clock(1_100);
    // In one turn: the request has arrived, and the server has not had the chance to read it.
    wire.write(get('/'));
    const drain = drainOf(serving.server, 5_000);
    expect(await wire.responses(2)).toMatchObject([{ body: 'hello' }, { body: 'hello' }]);
    await drain.over;
  });

  test('is not idle with half a request, be it the first or a later one', async () => {
    const serving = await serve({ app: hello });
    const first = serving.dial();
    const later = await kept(serving);
    const request = get('/');
    for (const wire of [first, later]) wire.write(request.slice(0, 10));
    await clock(20);
    const drain = drainOf(serving.server, 10_000);
    await clock(1_300);
    for (const wire of [first, later]) wire.write(request.slice(10));
    expect(await first.responses()).toMatchObject([{ status: 200 }]);
    expect(await later.responses(2)).toMatchObject([{ status: 200 }, { status: 200 }]);
    expect(await drain.over).toMatchObject({ cut: 0 });
  });
});

test('a large answer to a slow reader is not cut short by a drain that has time', async () => {
  const body = 'x'.repeat(5 * 1024 * 1024);
  const { dial, server } = await serve({ app: () => new Response(body) });
  const wire = dial();
  wire.socket.pause();
  wire.write(get('/', 'Connection: close'));
  await eventually(() => server.connections === 1);
  await clock(50);
  const drain = drainOf(server, 20_000);
  // Longer than a connection may be silent, and than one that was answered may linger.
  await clock(1_800);
  wire.socket.resume();
  const [answer] = await wire.responses();
  expect(answer?.body).toHaveLength(body.length);
  expect(await wire.closed).toBe('ended');
  expect(await drain.over).toMatchObject({ cut: 0 });
});

describe('server-sent events', () => {
  const events = (ends: boolean) => (_: Request, env: unknown) =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          const say = (text: string): void => controller.enqueue(new TextEncoder().encode(`data: ${text}\n\n`));
          say('hello');
          const signal = drainSignal(env);
          if (!ends) return;
          signal.addEventListener('abort', () => {
            say('bye');
            controller.close();
          });
        },
      }),
      { headers: { 'content-type': 'text/event-stream', connection: 'keep-alive' } },
    );

  test('end by themselves when their handler listens for the drain', async () => {
    const { dial, server } = await serve({ app: events(true) });
    const wire = dial();
    wire.write(get('/'));
    await wire.until((text) => text.includes('hello'));
    const drain = drainOf(server, 10_000);
    expect(await wire.responses()).toMatchObject([{ status: 200, body: 'data: hello\n\ndata: bye\n\n' }]);
    const { cut, ms } = await drain.over;
    expect(cut).toBe(0);
    expect(ms).toBeLessThan(2_000);
  });

  test('that begin during the drain are told at once', async () => {
    const { dial, server } = await serve({ app: events(true) });
    const wire = dial();
    await eventually(() => server.connections === 1);
    const drain = drainOf(server, 10_000);
    wire.write(get('/'));
    const [answer] = await wire.responses();
    expect(answer?.head).toMatch(CLOSE);
    expect(await drain.over).toMatchObject({ cut: 0 });
  });

  test('are cut at the deadline otherwise', async () => {
    const { dial, server } = await serve({ app: events(false) });
    const wire = dial();
    wire.write(get('/'));
    await wire.until((text) => text.includes('hello'));
    const drain = drainOf(server, 300);
    const { cut, ms } = await drain.over;
    expect(cut).toBe(1);
    expect(ms).toBeGreaterThan(290);
    expect(ms).toBeLessThan(500);
    await wire.closed;
    expect(wire.text()).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  test('and everything else outside a server are never told', () => {
    expect(drainSignal(undefined).aborted).toBe(false);
    expect(drainSignal({ incoming: {} }).aborted).toBe(false);
  });
});

test('a body that is still on its way is waited for', async () => {
  const { dial, server } = await serve({ app: async (request) => new Response(await request.text()) });
  const wire = dial();
  const request = post('/', 'first half, second half');
  wire.write(request.slice(0, -11));
  await eventually(() => server.inFlight === 1);
  const drain = drainOf(server, 10_000);
  await clock(1_200);
  wire.write(request.slice(-11));
  expect(await wire.responses()).toMatchObject([{ body: 'first half, second half' }]);
  expect(await drain.over).toMatchObject({ cut: 0 });
});
