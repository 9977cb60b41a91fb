import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { UpgradeHandler } from '../../../lib/config/server-config.ts';
import { drainSignal } from '../../../lib/server/http/drain-signal.ts';
import { get, post } from '../../listener/wire.ts';
import { clock, drainOf, eventually, serve } from '../serving.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const HANDSHAKE = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Accept: ${createHash('sha1')
    .update(KEY + GUID)
    .digest('base64')}`,
  '\r\n',
].join('\r\n');

const asking = (...headers: readonly string[]): string =>
  get('/socket', 'Connection: Upgrade', 'Upgrade: WebSocket', `Sec-WebSocket-Key: ${KEY}`, ...headers);

/** A close frame with status 1001, as bytes of a text. */
const GOING_AWAY = '\u0088\u0002\u0003\u00e9';

/** Shakes hands and sends everything back, as raw bytes. */
const echoing: UpgradeHandler = (_, socket, head) => {
  socket.write(HANDSHAKE);
  if (head.length > 0) socket.write(head);
  socket.on('data', (chunk) => socket.write(chunk));
  socket.on('end', () => socket.end());
};

const app = (request: Request): Response => new Response(`http ${new URL(request.url).pathname}`);

describe('a client that asks for another protocol', () => {
  test('is handed over with everything it has sent', async () => {
    const { dial, server } = await serve({ app, upgrade: echoing });
    const wire = dial();
    wire.write(`${asking()}early`);
    await wire.until((text) => text.endsWith('early'));
    wire.write(' late');
    expect(await wire.until((text) => text.endsWith('early late'))).toBe(`${HANDSHAKE}early late`);
    wire.socket.end();
    expect(await wire.closed).toBe('ended');
    await eventually(() => server.connections === 0);
  });

  test('may have asked for pages before, on the same connection', async () => {
    const { dial } = await serve({ app, upgrade: echoing });
    const wire = dial();
    wire.write(get('/page'));
    await wire.responses();
    wire.write(asking());
    expect(await wire.until((text) => text.endsWith('\r\n\r\n'))).toContain('101 Switching Protocols');
  });

  test('is answered as by any page when nobody serves it', async () => {
    const { dial } = await serve({ app });
    const wire = dial();
    wire.write(asking());
    expect(await wire.responses()).toMatchObject([{ status: 200, body: 'http /socket' }]);
    wire.write(get('/page'));
    expect(await wire.responses(2)).toMatchObject([{}, { body: 'http /page' }]);
  });

  test('is heard by the handler in force when it asks', async () => {
    const serving = await serve({ app });
    const wire = serving.dial();
    wire.write(get('/page'));
    await wire.responses();
    serving.assign({ app, upgrade: echoing });
    wire.write(asking());
    await wire.until((text) => text.includes('101'));
    serving.assign({ app });
    const other = serving.dial();
    other.write(asking());
    expect(await other.responses()).toMatchObject([{ body: 'http /socket' }]);
    wire.write('still here');
    await wire.until((text) => text.endsWith('still here'));
  });

  const refused: Readonly<Record<string, readonly [bytes: string, status: number]>> = {
    'with two hosts': [asking('Host: other'), 400],
    'with more than a hundred lines': [asking(...Array.from({ length: 100 }, () => 'X: y')), 431],
  };
  test.each(Object.entries(refused))('%s is refused, and let go', async (_, [bytes, status]) => {
    let asked = 0;
    const { dial, server } = await serve({
      app,
      upgrade: () => {
        asked += 1;
      },
    });
    const wire = dial();
    wire.write(bytes);
    expect(await wire.responses()).toMatchObject([{ status }]);
    expect(await wire.closed).toBe('ended');
    expect(asked).toBe(0);
    await eventually(() => server.connections === 0);
  });

  test('is let go after a refusal even when it does not go itself', async () => {
    const { dial, server } = await serve({ app, upgrade: echoing });
    const wire = dial();
    wire.socket.removeAllListeners('end');
    wire.write(asking('Host: other'));
    await wire.responses();
    await eventually(() => server.connections === 0);
  });

  test('behind a request that is not answered yet is asked to come again, after its answer', async () => {
    let asked = 0;
    const { dial } = await serve({
      app: () => clock(40).then(() => new Response('first')),
      upgrade: () => {
        asked += 1;
      },
    });
    const wire = dial();
    wire.write(get('/slow') + asking());
    expect(await wire.responses(2)).toMatchObject([{ status: 200, body: 'first' }, { status: 503 }]);
    expect(await wire.closed).toBe('ended');
    expect(asked).toBe(0);
  });

  test('and sends a body along loses none of it', async () => {
    const { dial } = await serve({ app, upgrade: echoing });
    const wire = dial();
    wire.write(post('/socket', 'body', 'Connection: Upgrade', 'Upgrade: websocket'));
    await wire.until((text) => text.includes('101'));
  });
});

describe('an upgrade handler', () => {
  const failing: Readonly<Record<string, UpgradeHandler>> = {
    'that throws': () => {
      throw new Error('boom');
    },
    'that rejects': () => Promise.reject(new Error('boom')),
  };
  test.each(Object.entries(failing))('%s costs its client the connection, and the log one line', async (_, upgrade) => {
    const escaped: unknown[] = [];
    const noticed = (error: unknown): void => {
      escaped.push(error);
    };
    process.on('unhandledRejection', noticed).on('uncaughtException', noticed);
    const { dial, log, server } = await serve({ app, upgrade });
    const wire = dial();
    wire.write(asking());
    await wire.closed;
    expect(log.loud()).toMatchObject([{ level: 'error', details: { path: '/socket', error: { message: 'boom' } } }]);
    await eventually(() => server.connections === 0);
    expect(escaped).toEqual([]);
    process.off('unhandledRejection', noticed).off('uncaughtException', noticed);
  });

  test('whose client resets harms nobody', async () => {
    const { dial, server, log } = await serve({ app, upgrade: echoing });
    const wire = dial();
    wire.write(asking());
    await wire.until((text) => text.includes('101'));
    wire.write('x'.repeat(100_000));
    wire.socket.resetAndDestroy();
    await eventually(() => server.connections === 0);
    expect(log.loud()).toEqual([]);
  });
});

describe('in a drain', () => {
  test('a WebSocket is told that its server goes away, and cut at the deadline', async () => {
    const { dial, server } = await serve({ app, upgrade: echoing });
    const wire = dial();
    wire.write(asking());
    await wire.until((text) => text.endsWith('\r\n\r\n'));
    const drain = drainOf(server, 300);
    expect(await wire.until((text) => text.endsWith(GOING_AWAY))).toBe(HANDSHAKE + GOING_AWAY);
    wire.write('last words');
    await wire.until((text) => text.endsWith('last words'));
    const { cut, ms } = await drain.over;
    expect(cut).toBe(1);
    expect(ms).toBeGreaterThan(290);
    expect(ms).toBeLessThan(500);
    await wire.closed;
  });

  test('a WebSocket whose client leaves is waited for no longer, and not counted', async () => {
    const { dial, server } = await serve({ app, upgrade: echoing });
    const wire = dial();
    wire.write(asking());
    await wire.until((text) => text.endsWith('\r\n\r\n'));
    const drain = drainOf(server, 10_000);
    await wire.until((text) => text.endsWith(GOING_AWAY));
    wire.socket.end();
    expect(await drain.over).toMatchObject({ cut: 0 });
  });

  test('a handshake that is not over is not talked into', async () => {
    let shake: () => void = () => {};
    const upgrade: UpgradeHandler = (_, socket) => {
      shake = () => socket.write(HANDSHAKE);
    };
    const { dial, server } = await serve({ app, upgrade });
    const wire = dial();
    wire.write(get('/page'));
    await wire.responses();
    wire.write(asking());
    await eventually(() => String(shake).includes('HANDSHAKE'));
    const drain = drainOf(server, 400);
    shake();
    await wire.until((text) => text.endsWith(HANDSHAKE));
    await drain.over;
    expect(wire.text()).not.toContain(GOING_AWAY);
  });

  test('another protocol is not spoken to in the words of WebSocket; its handler may listen', async () => {
    let told = 0;
    const upgrade: UpgradeHandler = (incoming, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      drainSignal({ incoming }).addEventListener('abort', () => {
        told += 1;
        socket.end('bye');
      });
    };
    const { dial, server } = await serve({ app, upgrade });
    const wire = dial();
    wire.write(get('/', 'Connection: Upgrade', 'Upgrade: telnet'));
    await wire.until((text) => text.endsWith('\r\n\r\n'));
    const drain = drainOf(server, 10_000);
    expect(await wire.until((text) => text.endsWith('bye'))).not.toContain(GOING_AWAY);
    expect(await drain.over).toMatchObject({ cut: 0 });
    expect(told).toBe(1);
  });

  test('nobody changes protocol any more: whoever asks is sent to who serves next', async () => {
    const { dial, server } = await serve({ app, upgrade: echoing });
    const wire = dial();
    await eventually(() => server.connections === 1);
    const drain = drainOf(server, 10_000);
    wire.write(asking());
    expect(await wire.responses()).toMatchObject([{ status: 503 }]);
    expect(await drain.over).toMatchObject({ cut: 0 });
  });
});
