import { Hono } from 'hono';
import { concat, NEVER, of } from 'rxjs';
import { expect, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import { parseAddress } from '../../lib/config/address.ts';
import { eventStream } from '../../lib/server/event-stream.ts';
import { webSocket } from '../../lib/server/websocket/web-socket.ts';
import { dial, get } from '../listener/wire.ts';
import { readEvents } from './event-reader.ts';
import { createLog } from './serving.ts';
import { connect, HANDSHAKE } from './websocket/clients.ts';

const events$ = concat(of({ id: '1', data: 'hello' }), NEVER);

const serving = async (drainTimeoutMs: number) => {
  const log = createLog();
  const cluster = createCluster({ logger: log });
  await cluster.start();
  await cluster.apply({
    live: {
      listen: '127.0.0.1:0',
      drainTimeoutMs,
      app: new Hono().get('/events', (c) => eventStream(c, events$)),
      upgrade: webSocket(({ messages$ }) => messages$),
    },
  });
  const parsed = parseAddress(cluster.snapshot.servers.live?.address ?? '');
  if (!parsed.ok) throw new Error(parsed.message);
  return { cluster, log, address: parsed.address };
};

test('a shutdown tells a hundred WebSockets and a hundred event streams, and cuts none of them', async () => {
  const { cluster, log, address } = await serving(10_000);
  const sockets = await Promise.all(Array.from({ length: 100 }, () => connect({ address })));
  const streams = Array.from({ length: 100 }, () => dial(address));
  for (const wire of streams) wire.write(get('/events'));
  await Promise.all(streams.map((wire) => wire.until((text) => text.includes('hello'))));
  const stopping = cluster.stop();
  const codes = await Promise.all(sockets.map(async ({ closed }) => (await closed).code));
  expect(new Set(codes)).toEqual(new Set([1001]));
  const bodies = await Promise.all(streams.map(async (wire) => (await wire.responses())[0]?.body ?? ''));
  expect(bodies.every((body) => (readEvents(body).retry ?? 0) >= 1_000)).toBe(true);
  expect(await stopping).toMatchObject({ cut: 0 });
  expect(log.loud().filter(({ level }) => level === 'error')).toEqual([]);
});

test('those who do not listen to that are gone at the deadline', async () => {
  const { cluster, address } = await serving(1_500);
  const sockets = Array.from({ length: 100 }, () => dial(address));
  for (const wire of sockets) wire.write(HANDSHAKE);
  await Promise.all(sockets.map((wire) => wire.until((text) => text.endsWith('\r\n\r\n'))));
  const streams = Array.from({ length: 100 }, () => dial(address));
  for (const wire of streams) wire.write(get('/events'));
  await Promise.all(streams.map((wire) => wire.until((text) => text.includes('hello'))));
  // They neither read on, nor end their side.
  for (const { socket } of [...sockets, ...streams]) socket.pause();
  const startedAt = performance.now();
  const { cut } = await cluster.stop();
  const ms = performance.now() - startedAt;
  expect(cut).toBe(100);
  expect(ms).toBeLessThan(1_500 + 100);
  expect(cluster.snapshot.servers.live?.connections ?? 0).toBe(0);
});
