import { createHash } from 'node:crypto';
import { createServer as createRawServer, type Socket } from 'node:net';
import type { MiddlewareHandler } from 'hono';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { formatAddress } from '../../../lib/config/address.ts';
import { get, post } from '../../listener/wire.ts';
import { drainOf, eventually, type Served, serve } from '../serving.ts';
import { backend, besideTargets, type RawBackend, rawBackend } from './backend.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
const ASKING = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${KEY}`];
const AGREED = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`;
const GOING_AWAY = '\u0088\u0002\u0003\u00e9';

/** A backend that speaks WebSocket and sends back what it is sent. */
const webSocketBackend = async () => {
  const wss = new WebSocketServer({ noServer: true });
  const { url, server } = await backend((_, response) => response.end('page'));
  const closed: number[] = [];
  server.on('upgrade', (request, socket, head) => {
    wss.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
      client.on('close', (code) => closed.push(code));
    });
  });
  onTestFinished(() => {
    for (const client of wss.clients) client.terminate();
  });
  return { url, wss, closed };
};

const open = async (url: string, headers: Record<string, string> = {}): Promise<WebSocket> => {
  const socket = new WebSocket(url, { headers });
  onTestFinished(() => socket.terminate());
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return socket;
};

const message = (socket: WebSocket): Promise<string> =>
  new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));

const wsServe = async (served: Served) => {
  const serving = await serve(served);
  return { ...serving, url: `ws://${formatAddress(serving.address)}` };
};

/** A backend that agrees to everything, and whose bytes a test writes itself. */
const agreeing = (): Promise<RawBackend & { readonly agreed: () => Socket | undefined }> => {
  let agreed: Socket | undefined;
  return rawBackend((socket, text) => {
    if (agreed === undefined && text.includes('\r\n\r\n')) {
      agreed = socket;
      socket.write(AGREED);
    }
  }).then((raw) => ({ ...raw, agreed: () => agreed }));
};

describe('a WebSocket', () => {
  test('is passed on, in both directions', async () => {
    const { url: target } = await webSocketBackend();
    const { url } = await wsServe({ routes: [{ path: '/*', proxy: target }] });
    const socket = await open(`${url}/chat`);
    for (const text of ['hello', 'x'.repeat(300_000), '']) {
      const answer = message(socket);
      socket.send(text);
      expect(await answer).toBe(text);
    }
  });

  test('asks its target as it asked, with what tells where it came from', async () => {
    const raw = await agreeing();
    const { dial } = await wsServe({ routes: [{ path: '/ws/*', proxy: { target: raw.url, strip: '/ws' } }] });
    const wire = dial();
    wire.write(`${get('/ws/chat?room=1', ...ASKING, 'Sec-WebSocket-Protocol: chat', 'Keep-Alive: x')}early`);
    await wire.until((text) => text.includes('\r\n\r\n'));
    await eventually(() => raw.text().endsWith('early'));
    const asked = raw.text();
    expect(asked).toMatch(/^GET \/chat\?room=1 HTTP\/1\.1\r\n/);
    expect(asked).toContain('\r\nconnection: upgrade\r\nupgrade: websocket\r\n');
    expect(asked).toContain(`Sec-WebSocket-Key: ${KEY}\r\n`);
    expect(asked).toContain('Sec-WebSocket-Protocol: chat\r\n');
    expect(asked).toContain('x-forwarded-for: 127.0.0.1\r\n');
    expect(asked).not.toMatch(/keep-alive/i);
  });

  test('counts as a connection of its target until it has ended', async () => {
    const { url: target, wss } = await webSocketBackend();
    const { url, server } = await wsServe({ routes: [{ path: '/*', proxy: { target, maxConnections: 1 } }] });
    const first = await open(url);
    await expect(open(url)).rejects.toThrow('503');
    const page = await fetch(url.replace('ws', 'http'));
    expect(await page.text()).toBe('page');
    first.close();
    await eventually(() => wss.clients.size === 0);
    await eventually(() => server.connections <= 1);
    await open(url);
  });

  test('ends for its target when its client is cut, and the other way round', async () => {
    const { url: target, wss } = await webSocketBackend();
    const { url, server } = await wsServe({ routes: [{ path: '/*', proxy: target }] });
    const first = await open(url);
    first.terminate();
    await eventually(() => wss.clients.size === 0);
    const second = await open(url);
    const closed = new Promise((resolve) => second.once('close', resolve));
    for (const client of wss.clients) client.terminate();
    expect(await closed).toBe(1006);
    await eventually(() => server.connections === 0);
  });

  test('ends with the code its target gives', async () => {
    const { url: target, wss } = await webSocketBackend();
    const { url } = await wsServe({ routes: [{ path: '/*', proxy: target }] });
    const socket = await open(url);
    const closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
    for (const client of wss.clients) client.close(4_001);
    expect(await closed).toBe(4_001);
  });

  test('is only read as fast as it is taken', async () => {
    const raw = await agreeing();
    const { dial } = await wsServe({ routes: [{ path: '/*', proxy: raw.url }] });
    const wire = dial();
    wire.socket.pause();
    wire.write(get('/', ...ASKING));
    await eventually(() => raw.agreed() !== undefined);
    const socket = raw.agreed();
    let sent = 0;
    const chunk = Buffer.alloc(65_536);
    let isFull = false;
    const write = (): void => {
      while (sent < 200_000_000) {
        sent += chunk.byteLength;
        if (socket?.write(chunk) === false) {
          isFull = true;
          socket.once('drain', write);
          return;
        }
      }
    };
    write();
    let before = -1;
    await eventually(() => {
      const isStill = isFull && before === sent;
      before = sent;
      return isStill;
    });
    expect(sent).toBeLessThan(50_000_000);
  });
});

describe('a WebSocket that its target does not want', () => {
  test('gets the answer of the target, and is let go', async () => {
    const { url: target } = await backend((_, response) => {
      response.writeHead(418, { 'x-why': 'tea' });
      response.end('no coffee');
    });
    const { dial } = await wsServe({ routes: [{ path: '/*', proxy: target }] });
    const wire = dial();
    wire.write(get('/', ...ASKING));
    expect(await wire.responses()).toMatchObject([{ status: 418, body: 'no coffee' }]);
    expect(wire.text()).toMatch(/x-why: tea/i);
    expect(await wire.closed).toBe('ended');
  });

  test('gets a long answer whole', async () => {
    const { url: target } = await backend((_, response) => response.end('x'.repeat(3_000_000)));
    const { dial } = await wsServe({ routes: [{ path: '/*', proxy: target }] });
    const wire = dial();
    wire.write(get('/', ...ASKING));
    const [answer] = await wire.responses();
    expect(answer?.body.length).toBe(3_000_000);
    expect(await wire.closed).toBe('ended');
  });

  test('gets a 502 when the target speaks something else', async () => {
    const { url: target } = await rawBackend((socket) => {
      socket.end('SSH-2.0-OpenSSH\r\n');
    });
    const { dial } = await wsServe({ routes: [{ path: '/*', proxy: target }] });
    const wire = dial();
    wire.write(get('/', ...ASKING));
    expect(await wire.responses()).toMatchObject([{ status: 502 }]);
    expect(await wire.closed).toBe('ended');
  });
});

describe('middleware', () => {
  const guard: MiddlewareHandler = async (c, next) => {
    if (c.req.header('authorization') !== 'open') return c.text('who are you?', 401);
    return next();
  };

  test('guards WebSockets as it guards requests', async () => {
    const { url: target, wss } = await webSocketBackend();
    const { url, dial } = await wsServe({ routes: [{ path: '/*', proxy: target, middleware: [guard] }] });
    const wire = dial();
    wire.write(get('/', ...ASKING));
    expect(await wire.responses()).toMatchObject([{ status: 401, body: 'who are you?' }]);
    expect(await wire.closed).toBe('ended');
    expect(wss.clients.size).toBe(0);
    const socket = await open(url, { authorization: 'open' });
    const answer = message(socket);
    socket.send('hello');
    expect(await answer).toBe('hello');
  });

  test('that fails costs its client the connection and leaves a line in the log', async () => {
    const { url: target } = await webSocketBackend();
    const failing: MiddlewareHandler = () => Promise.reject(new Error('boom'));
    const { dial, log } = await wsServe({ routes: [{ path: '/*', proxy: target, middleware: [failing] }] });
    const wire = dial();
    wire.write(get('/', ...ASKING));
    expect(await wire.responses()).toMatchObject([{ status: 500 }]);
    expect(await wire.closed).toBe('ended');
    expect(besideTargets(log)).toMatchObject([{ level: 'error' }]);
  });

  test('that does not come to an end costs its client the connection at the handler timeout', async () => {
    const { url: target } = await webSocketBackend();
    const stuck: MiddlewareHandler = () => new Promise(() => {});
    const { dial, server } = await wsServe({
      routes: [{ path: '/*', proxy: target, middleware: [stuck] }],
      limits: { handlerTimeoutMs: 60 },
    });
    const wire = dial();
    wire.write(get('/', ...ASKING));
    expect(await wire.responses()).toMatchObject([{ status: 503 }]);
    expect(await wire.closed).toBe('ended');
    await eventually(() => server.inFlight === 0 && server.connections === 0);
  });
});

describe('beside routes that pass WebSockets on', () => {
  const routes = async (): Promise<Served> => ({
    routes: [
      { path: '/ws', proxy: (await webSocketBackend()).url },
      { path: '/no', proxy: { target: (await backend((_, response) => response.end('page'))).url, websocket: false } },
      { path: '/*', methods: ['GET'], handler: (c) => c.text(`page ${c.req.path}`) },
      { path: '/*', methods: ['POST'], handler: async (c) => c.text(await c.req.text()) },
    ],
  });

  test('other routes answer WebSockets as ordinary requests, and let them go', async () => {
    const { dial } = await wsServe(await routes());
    for (const [path, body] of [
      ['/page', 'page /page'],
      ['/no', 'page'],
    ] as const) {
      const wire = dial();
      wire.write(get(path, ...ASKING));
      expect(await wire.responses()).toMatchObject([{ status: 200, body }]);
      expect(await wire.closed).toBe('ended');
    }
  });

  test('wishes for other protocols are ignored: bodies arrive, and connections are kept', async () => {
    const { dial } = await wsServe(await routes());
    const wire = dial();
    const h2c = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'];
    wire.write(post('/echo', 'a body', ...h2c) + get('/behind'));
    expect(await wire.responses(2)).toMatchObject([{ body: 'a body' }, { body: 'page /behind' }]);
    wire.write(get('/again', ...h2c));
    expect(await wire.responses(3)).toMatchObject([{}, {}, { body: 'page /again' }]);
    wire.write(post('/echo', 'socket', 'Connection: Upgrade', 'Upgrade: websocket'));
    expect(await wire.responses(4)).toMatchObject([{}, {}, {}, { body: 'socket' }]);
  });

  test('a target never hears of another protocol', async () => {
    const raw = await rawBackend((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const { dial } = await wsServe({ routes: [{ path: '/*', proxy: raw.url }] });
    const wire = dial();
    wire.write(get('/', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAA'));
    expect(await wire.responses()).toMatchObject([{ status: 200 }]);
    expect(raw.text()).not.toMatch(/upgrade|h2c|http2/i);
  });
});

describe('when the server leaves', () => {
  test('client and target are both told', async () => {
    const { url: target, closed } = await webSocketBackend();
    const { url, server } = await wsServe({ routes: [{ path: '/*', proxy: target }] });
    const socket = await open(url);
    const code = new Promise((resolve) => socket.once('close', (value) => resolve(value)));
    const drain = drainOf(server, 10_000);
    expect(await code).toBe(1001);
    expect(await drain.over).toMatchObject({ cut: 0 });
    await eventually(() => closed.length > 0);
    expect(closed).toEqual([1001]);
  });

  test('it is not said in the middle of what the target says', async () => {
    const raw = await agreeing();
    const { dial, server } = await wsServe({ routes: [{ path: '/*', proxy: raw.url }] });
    const wire = dial();
    wire.write(get('/', ...ASKING));
    const start = (await wire.until((text) => text.endsWith('\r\n\r\n'))).length;
    raw.agreed()?.write(Buffer.from([0x82, 5, 1, 2]));
    await wire.until((text) => text.length === start + 4);
    const drain = drainOf(server, 500);
    raw.agreed()?.write(Buffer.from([3, 4, 5, 0x82, 1, 9]));
    await wire.until((text) => text.endsWith(GOING_AWAY));
    expect(wire.text().slice(start)).toBe(`\u0082\u0005\u0001\u0002\u0003\u0004\u0005${GOING_AWAY}`);
    await drain.over;
    expect(wire.text().slice(start)).toBe(`\u0082\u0005\u0001\u0002\u0003\u0004\u0005${GOING_AWAY}`);
  });

  test('who does not go is cut at the deadline, and so is the target', async () => {
    const raw = await agreeing();
    const { dial, server } = await wsServe({ routes: [{ path: '/*', proxy: raw.url }] });
    const wire = dial();
    wire.write(get('/', ...ASKING));
    await wire.until((text) => text.endsWith('\r\n\r\n'));
    const { cut } = await drainOf(server, 100).over;
    expect(cut).toBe(1);
    await eventually(() => raw.agreed()?.destroyed === true || raw.agreed()?.readableEnded === true);
  });
});

test('a target that cannot be reached gets its client a 503', async () => {
  const dead = createRawServer();
  await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve));
  const address = dead.address();
  await new Promise<void>((resolve) => dead.close(() => resolve()));
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { dial } = await wsServe({ routes: [{ path: '/*', proxy: `http://127.0.0.1:${port}` }] });
  const wire = dial();
  wire.write(get('/', ...ASKING));
  expect(await wire.responses()).toMatchObject([{ status: 503 }]);
  expect(await wire.closed).toBe('ended');
});
