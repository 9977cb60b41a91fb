import { concat, EMPTY, fromEvent, map, merge, NEVER, of, take } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { WebSocketHandler } from '../../../lib/server/websocket/peer.ts';
import { webSocket } from '../../../lib/server/websocket/web-socket.ts';
import { drainOf, eventually, type Serving, serve } from '../serving.ts';
import { connect, HANDSHAKE } from './clients.ts';

const app = (): Response => new Response('page');

const serving = (handler: WebSocketHandler): Promise<Serving> => serve({ app, upgrade: webSocket(handler) });

/** The close frame 1001 of `ws`: with a reason, and in one piece. */
const GOING_AWAY = '\u0088\u000c\u0003\u00e9going away';

describe('when the server leaves', () => {
  test('a hundred clients are told with 1001, once, and all are gone at once', async () => {
    const server = await serving(({ messages$ }) => messages$);
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect(server)));
    const drain = drainOf(server.server, 10_000);
    const ends = await Promise.all(clients.map(({ closed }) => closed));
    expect(new Set(ends.map(({ code, reason }) => `${code} ${reason}`))).toEqual(new Set(['1001 going away']));
    const { cut, ms } = await drain.over;
    expect(cut).toBe(0);
    expect(ms).toBeLessThan(2_000);
    expect(server.log.loud()).toEqual([]);
  });

  test('a client is told once, in one frame, between two messages', async () => {
    const server = await serving(() => concat(of('hello'), NEVER));
    const wire = server.dial();
    wire.write(HANDSHAKE);
    await wire.until((text) => text.endsWith('hello'));
    const drain = drainOf(server.server, 300);
    const text = await wire.until((received) => received.includes(GOING_AWAY));
    await drain.over;
    expect(wire.text()).toBe(text);
    expect(text.endsWith(`\u0081\u0005hello${GOING_AWAY}`)).toBe(true);
  });

  test('the handler learns of it first, and its last words still arrive', async () => {
    const server = await serving(({ drainSignal }) =>
      fromEvent(drainSignal, 'abort').pipe(
        take(1),
        map(() => 'come back in a moment'),
        (words$) => merge(words$, NEVER),
      ),
    );
    const client = await connect(server);
    drainOf(server.server, 10_000);
    expect((await client.closed).code).toBe(1001);
    expect(client.received).toEqual(['come back in a moment']);
  });

  test('a handler that ends because of it closes with its own code', async () => {
    const server = await serving(({ drainSignal, close }) => {
      drainSignal.addEventListener('abort', () => close(1012, 'restart'));
      return NEVER;
    });
    const client = await connect(server);
    drainOf(server.server, 10_000);
    expect(await client.closed).toEqual({ code: 1012, reason: 'restart' });
  });

  test('a client that does not answer is cut at the deadline, and counted', async () => {
    const server = await serving(() => NEVER);
    const wires = Array.from({ length: 10 }, () => server.dial());
    for (const wire of wires) wire.write(HANDSHAKE);
    await Promise.all(wires.map((wire) => wire.until((text) => text.endsWith('\r\n\r\n'))));
    const { cut, ms } = await drainOf(server.server, 400).over;
    expect(cut).toBe(10);
    expect(ms).toBeGreaterThan(390);
    expect(ms).toBeLessThan(500);
    await Promise.all(wires.map(({ closed }) => closed));
  });

  test('a handler that has ended already is not disturbed', async () => {
    const server = await serving(() => EMPTY);
    const client = await connect(server);
    await client.closed;
    await drainOf(server.server, 10_000).over;
    expect(server.log.loud()).toEqual([]);
  });
});

test('a change of what is served touches no open WebSocket; the next one gets the new handler', async () => {
  const server = await serving(({ messages$ }) => messages$.pipe(map((text) => `old ${text}`)));
  const before = await connect(server);
  server.assign({ app, upgrade: webSocket(({ messages$ }) => messages$.pipe(map((text) => `new ${text}`))) });
  const after = await connect(server);
  before.socket.send('a');
  after.socket.send('a');
  expect([await before.messages(1), await after.messages(1)]).toEqual([['old a'], ['new a']]);
});

test('the memory of a thousand WebSockets that came and went is given back', async () => {
  const server = await serving(({ messages$ }) => messages$);
  const round = async (): Promise<void> => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect(server)));
    for (const { socket } of clients) socket.close();
    await Promise.all(clients.map(({ closed }) => closed));
    await eventually(() => server.server.connections === 0);
  };
  await round();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 10; count++) await round();
  globalThis.gc?.();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 * 1_048_576);
});
