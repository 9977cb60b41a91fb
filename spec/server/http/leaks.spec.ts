import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { limitDefaults } from '../../../lib/config/defaults.ts';
import { serverFactory } from '../../../lib/server/kinds.ts';
import { get, post, type Wire } from '../../listener/wire.ts';
import { clock, createLog, drainOf, eventually, type Serving, serve } from '../serving.ts';

const app = (request: Request): Response | Promise<Response> => {
  const { pathname } = new URL(request.url);
  if (pathname === '/late') return clock(3).then(() => new Response('late'));
  if (pathname === '/hangs') return new Promise(() => {});
  if (pathname === '/reads') return request.text().then((text) => new Response(text));
  if (pathname === '/throws') throw new Error('boom');
  if (pathname === '/stream')
    return new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(1_000)) }));
  return new Response('hello');
};

/** Files and sockets this process has open. */
const openFiles = (): number => readdirSync('/proc/self/fd').length;

const resources = (): Readonly<Record<string, number>> => {
  const counted: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counted[kind] = (counted[kind] ?? 0) + 1;
  return counted;
};

/** What clients do to a server; each leaves without saying so. */
const visits: readonly ((wire: Wire) => Promise<unknown>)[] = [
  (wire) => {
    wire.write(get('/'));
    return wire.responses();
  },
  (wire) => {
    wire.write(get('/late'));
    return wire.responses();
  },
  (wire) => {
    wire.write(get('/late').repeat(4));
    return wire.responses(2);
  },
  (wire) => {
    wire.write(get('/hangs'));
    return clock(1);
  },
  (wire) => {
    wire.write(post('/reads', 'x'.repeat(1_000)).slice(0, -300));
    return clock(1);
  },
  (wire) => {
    wire.write('GET / HT');
    return clock(1);
  },
  (wire) => {
    wire.write('GARBAGE\r\n\r\n');
    return wire.closed;
  },
  (wire) => {
    wire.write(get('/throws'));
    return wire.responses();
  },
  (wire) => {
    wire.write(get('/', 'Host: two'));
    return wire.responses();
  },
  (wire) => {
    wire.write(get('/stream'));
    return wire.until((text) => text.includes('200'));
  },
  (wire) => new Promise((resolve) => wire.socket.once('connect', resolve)),
];

const visit = async ({ dial }: Serving, count: number, end: (wire: Wire) => void): Promise<void> => {
  for (let done = 0; done < count; done += visits.length) {
    await Promise.all(
      visits.map(async (each) => {
        const wire = dial();
        await each(wire).catch(() => undefined);
        end(wire);
        await wire.closed;
      }),
    );
  }
};

test.each([
  { how: 'reset', end: (wire: Wire) => wire.socket.resetAndDestroy() },
  { how: 'closed', end: (wire: Wire) => wire.socket.destroy() },
])('after a thousand connections that were $how in the middle of everything nothing is left', async ({ end }) => {
  const serving = await serve({ app });
  await visit(serving, visits.length, end);
  await eventually(() => serving.server.connections === 0);
  const before = { files: openFiles(), resources: resources() };
  const escaped: unknown[] = [];
  const noticed = (error: unknown): void => {
    escaped.push(error);
  };
  process.on('unhandledRejection', noticed).on('uncaughtException', noticed);
  await visit(serving, 1_000, end);
  await eventually(() => serving.server.connections === 0 && serving.server.inFlight === 0);
  await eventually(() => openFiles() <= before.files + 1);
  await eventually(() => (resources().TCPSocketWrap ?? 0) <= (before.resources.TCPSocketWrap ?? 0));
  process.off('unhandledRejection', noticed).off('uncaughtException', noticed);
  expect(escaped).toEqual([]);
  const loud = serving.log.loud().filter(({ level }) => level === 'error');
  // One line for each request whose handler threw; none for clients that left.
  expect(loud.every(({ details }) => JSON.stringify(details).includes('/throws'))).toBe(true);
});

test('a hundred servers with connections, drained and destroyed, leave nothing behind', async () => {
  const serving = await serve({ app });
  const newServer = serverFactory({ logger: createLog(), overrideGlobalObjects: true });
  const before = { files: openFiles(), resources: resources() };
  for (let n = 0; n < 100; n += 1) {
    const server = newServer();
    server.assign({
      id: `s${n}`,
      fetch: app,
      upgrade: undefined,
      encryption: undefined,
      http2: undefined,
      keepAlive: true,
      logger: createLog(),
      paths: 'strict',
      limits: limitDefaults,
    });
    serving.host.listener?.attach(server);
    const wires = [get('/'), get('/hangs'), 'GET / HT', get('/stream')].map((bytes) => {
      const wire = serving.dial();
      wire.write(bytes);
      return wire;
    });
    await eventually(() => server.connections === wires.length);
    await drainOf(server, 1).over;
    server.destroy();
    await Promise.all(wires.map((wire) => wire.closed));
    expect(server.connections).toBe(0);
    expect(server.inFlight).toBe(0);
  }
  await eventually(() => openFiles() <= before.files + 1);
  await eventually(() => (resources().Timeout ?? 0) <= (before.resources.Timeout ?? 0) + 1);
  expect(resources().TCPSocketWrap ?? 0).toBeLessThanOrEqual(before.resources.TCPSocketWrap ?? 0);
});

test('a server that is destroyed cuts everything', async () => {
  const serving = await serve({ app });
  const wires = [get('/'), get('/hangs'), 'GET / HT'].map((bytes) => {
    const wire = serving.dial();
    wire.write(bytes);
    return wire;
  });
  await eventually(() => serving.server.connections === 3);
  serving.server.destroy();
  await Promise.all(wires.map((wire) => wire.closed));
  await eventually(() => serving.server.connections === 0 && serving.server.inFlight === 0);
});

test('a reader that does not read holds back what it is sent, in memory of bounded size', async () => {
  const chunk = new Uint8Array(64 * 1024);
  let sent = 0;
  const endless = (): Response =>
    new Response(
      new ReadableStream({
        pull: (controller) => {
          sent += chunk.byteLength;
          controller.enqueue(chunk);
        },
      }),
    );
  const { dial, server } = await serve({ app: endless });
  const before = process.memoryUsage().rss;
  const wires = Array.from({ length: 20 }, () => {
    const wire = dial();
    wire.socket.pause();
    wire.write(get('/'));
    return wire;
  });
  await eventually(() => server.inFlight === wires.length);
  let last = -1;
  await eventually(() => {
    const settled = sent === last;
    last = sent;
    return settled && sent > 0;
  });
  const settledAt = sent;
  await clock(300);
  expect(sent).toBe(settledAt);
  // The kernel's buffers on both sides of loopback, and a few chunks here.
  expect(sent / wires.length).toBeLessThan(12 * 1024 * 1024);
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
  for (const { socket } of wires) socket.destroy();
  await eventually(() => server.connections === 0);
});
