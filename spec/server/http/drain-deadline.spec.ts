import { describe, expect, test } from 'vitest';
import { get, type Wire } from '../../listener/wire.ts';
import { clock, drainOf, eventually, type Serving, serve } from '../serving.ts';
import { certificate } from '../tls/certificates.ts';

/** How much later than its deadline a drain may end. */
const LATE_MS = 200;

const BIG = 'x'.repeat(20 * 1024 * 1024);

const app = (request: Request): Response | Promise<Response> => {
  const { pathname } = new URL(request.url);
  if (pathname === '/hangs') return new Promise(() => {});
  if (pathname === '/big') return new Response(BIG);
  if (pathname === '/stream') return new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(5)) }));
  if (pathname === '/reads') return request.text().then((text) => new Response(text));
  return new Response('hello');
};

const upgrade = (_: unknown, socket: { write(text: string): void }): void => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
};

interface Client {
  /** Brings a connection into the state it is named after. */
  readonly come: (serving: Serving) => Promise<Wire>;
  readonly unfinished: boolean;
}

const asking = (bytes: string, isThere: (wire: Wire) => Promise<unknown>): Client['come'] => {
  return async ({ dial }) => {
    const wire = dial();
    if (bytes !== '') wire.write(bytes);
    await isThere(wire);
    return wire;
  };
};

const connected = (wire: Wire): Promise<void> => new Promise((resolve) => wire.socket.once('connect', () => resolve()));

const clients: Readonly<Record<string, Client>> = {
  'a silent one': { come: asking('', connected), unfinished: false },
  'one that was answered': { come: asking(get('/'), (wire) => wire.responses()), unfinished: false },
  'one with half a head': { come: asking('GET / HT', connected), unfinished: true },
  'one with half a second head': {
    come: asking(`${get('/')}GET / HT`, (wire) => wire.responses()),
    unfinished: true,
  },
  'one with half a body': {
    come: asking('POST /reads HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf', connected),
    unfinished: true,
  },
  'one whose handler hangs': { come: asking(get('/hangs'), connected), unfinished: true },
  'one with a pipelined request that hangs': {
    come: asking(get('/') + get('/hangs'), (wire) => wire.responses()),
    unfinished: true,
  },
  'one that is sent a stream': {
    come: asking(get('/stream'), (wire) => wire.until((text) => text.includes('200'))),
    unfinished: true,
  },
  'one that does not read': {
    come: async ({ dial }) => {
      const wire = dial();
      wire.socket.pause();
      wire.write(get('/big'));
      await connected(wire);
      return wire;
    },
    unfinished: true,
  },
  'one that speaks another protocol': {
    come: asking(get('/', 'Connection: Upgrade', 'Upgrade: websocket'), (wire) =>
      wire.until((text) => text.includes('101')),
    ),
    unfinished: true,
  },
};

const limits = { headersTimeoutMs: 60_000, requestTimeoutMs: 60_000, maxBodyBytes: 0 };

describe.each(Object.entries(clients))('%s', (_, { come, unfinished }) => {
  test('is gone at the deadline, and counted exactly when something of it was unfinished', async () => {
    const serving = await serve({ app, upgrade, limits });
    const wire = await come(serving);
    await eventually(() => serving.server.connections === 1);
    await clock(30);
    const drain = drainOf(serving.server, 400);
    const due = clock(400);
    const { cut, connections, ms } = await drain.over;
    const control = await due;
    expect(cut).toBe(unfinished ? 1 : 0);
    expect(connections).toBe(0);
    expect(ms).toBeGreaterThan(395);
    expect(ms - control).toBeLessThan(LATE_MS);
    wire.socket.resume();
    await wire.closed;
    await eventually(() => serving.server.connections === 0);
    expect(serving.server.inFlight).toBe(0);
  });

  test('is gone in the same turn when there is no time at all', async () => {
    const serving = await serve({ app, upgrade, limits });
    const wire = await come(serving);
    await eventually(() => serving.server.connections === 1);
    await clock(30);
    let over = false;
    let cut = 0;
    serving.server
      .drain(0, () => false)
      .subscribe({
        next: (progress) => {
          cut = progress.cut;
        },
        complete: () => {
          over = true;
        },
      });
    expect(over).toBe(true);
    expect(cut).toBe(unfinished ? 1 : 0);
    wire.socket.resume();
    await wire.closed;
  });
});

test('all of them together are counted one by one, and the log is not flooded', async () => {
  const serving = await serve({ app, upgrade, limits });
  const wires = await Promise.all(
    Array.from({ length: 3 }, () => Object.values(clients).map(({ come }) => come(serving))).flat(),
  );
  await eventually(() => serving.server.connections === wires.length);
  await clock(30);
  const drain = drainOf(serving.server, 300);
  const expected = 3 * Object.values(clients).filter(({ unfinished }) => unfinished).length;
  const { cut, ms } = await drain.over;
  expect(cut).toBe(expected);
  expect(ms).toBeLessThan(300 + LATE_MS);
  for (const { socket } of wires) socket.resume();
  await Promise.all(wires.map((wire) => wire.closed));
  expect(serving.log.loud()).toEqual([]);
  await eventually(() => serving.server.inFlight === 0);
});

describe('a server that is taken back into service during its drain', () => {
  test('serves new connections as ever while the ones it told leave', async () => {
    const serving = await serve({ app });
    const told = serving.dial();
    told.write(get('/'));
    await told.responses();
    const drain = drainOf(serving.server, 10_000);
    serving.assign({ app: () => new Response('new') });
    const fresh = serving.dial();
    fresh.write(get('/') + get('/'));
    told.write(get('/'));
    const [, last] = await told.responses(2);
    expect(last).toMatchObject({ body: 'new' });
    expect(last?.head).toMatch(/\r\nconnection: close\r\n/i);
    const answers = await fresh.responses(2);
    expect(answers.map(({ head }) => /keep-alive/i.test(head))).toEqual([true, true]);
    expect(await drain.over).toMatchObject({ connections: 0, cut: 0 });
    fresh.write(get('/'));
    expect(await fresh.responses(3)).toHaveLength(3);
  });

  test('and is then asked again gives those who came in between the time of the second drain', async () => {
    const serving = await serve({ app });
    const early = serving.dial();
    early.write(get('/hangs'));
    await eventually(() => serving.server.inFlight === 1);
    const first = drainOf(serving.server, 300);
    serving.assign({ app });
    const between = serving.dial();
    between.write(get('/hangs'));
    await eventually(() => serving.server.inFlight === 2);
    const second = drainOf(serving.server, 900);
    const { cut, ms } = await first.over;
    expect(cut).toBe(1);
    expect(ms).toBeLessThan(300 + LATE_MS);
    await early.closed;
    expect(serving.server.inFlight).toBe(1);
    const last = await second.over;
    expect(last.ms).toBeGreaterThan(890);
    expect(last).toMatchObject({ connections: 0, cut: 1 });
  });
});

test('a drain nobody waits for any more leaves the connections alone; told they stay', async () => {
  const serving = await serve({ app });
  const hanging = serving.dial();
  hanging.write(get('/hangs'));
  const idle = serving.dial();
  idle.write(get('/'));
  await idle.responses();
  await eventually(() => serving.server.inFlight === 1);
  const drain = drainOf(serving.server, 200);
  drain.subscription.unsubscribe();
  await clock(400);
  expect(serving.server.connections).toBe(2);
  idle.write(get('/'));
  const [, second] = await idle.responses(2);
  expect(second?.head).toMatch(/\r\nconnection: close\r\n/i);
});

test('a change of protocol says how many connections it had to cut at the deadline', async () => {
  const limits = { drainTimeoutMs: 100 };
  const { assign, dial, server, log } = await serve({ app, limits });
  const wires = [get('/hangs'), get('/hangs')].map((request) => {
    const wire = dial();
    wire.write(request);
    return wire;
  });
  await eventually(() => server.inFlight === wires.length);
  assign({ app, limits, tls: await certificate() });
  await Promise.all(wires.map(({ closed }) => closed));
  await eventually(() => log.loud().length > 0);
  expect(log.loud()).toMatchObject([
    { level: 'warn', message: expect.stringContaining('2 former connections did not finish in time') },
  ]);
});
