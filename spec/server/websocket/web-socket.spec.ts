import {
  concat,
  EMPTY,
  from,
  ignoreElements,
  interval,
  map,
  merge,
  NEVER,
  Observable,
  of,
  Subject,
  tap,
  throwError,
} from 'rxjs';
import { describe, expect, test } from 'vitest';
import { OptionsError } from '../../../lib/config/errors.ts';
import type { WebSocketOptions } from '../../../lib/server/websocket/options.ts';
import type { WebSocketHandler, WebSocketMessage } from '../../../lib/server/websocket/peer.ts';
import { webSocket } from '../../../lib/server/websocket/web-socket.ts';
import { clock, eventually, type Serving, serve } from '../serving.ts';
import { connect, HANDSHAKE } from './clients.ts';

const app = (): Response => new Response('page');

const serving = (handler: WebSocketHandler, options?: WebSocketOptions): Promise<Serving> =>
  serve({ app, upgrade: webSocket(handler, options) });

const echo: WebSocketHandler = ({ messages$ }) => messages$;

const gone = (server: Serving): Promise<void> => eventually(() => server.server.connections === 0);

describe('a handler', () => {
  test('gets what its client sends, in order, and its client gets what it emits', async () => {
    const { address } = await serving(({ messages$ }) => messages$.pipe(map((text, index) => `${index} ${text}`)));
    const client = await connect({ address });
    for (const word of ['a', 'b', 'c']) client.socket.send(word);
    expect(await client.messages(3)).toEqual(['0 a', '1 b', '2 c']);
  });

  test('gets bytes as bytes and text as text', async () => {
    const { address } = await serving(echo);
    const client = await connect({ address });
    client.socket.send(new Uint8Array([1, 2, 255]));
    client.socket.send('ünïcode');
    expect(await client.messages(2)).toEqual([Buffer.from([1, 2, 255]), 'ünïcode']);
  });

  test('misses nothing of what came with the handshake', async () => {
    const received: WebSocketMessage[] = [];
    const server = await serving(({ messages$ }) =>
      messages$.pipe(
        tap((message) => received.push(message)),
        ignoreElements(),
      ),
    );
    const wire = server.dial();
    wire.write(Buffer.concat([Buffer.from(HANDSHAKE), Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])]));
    await eventually(() => received.length > 0);
    expect(received).toEqual(['hi']);
  });

  test('knows the request, and the protocol that was agreed on', async () => {
    const handler: WebSocketHandler = ({ request, protocol }) => concat(of(`${request.url} ${protocol}`), NEVER);
    const { address } = await serving(handler, { protocols: ['v2', 'v1'] });
    const first = await connect({ address }, { path: '/chat?room=1', protocols: ['v1', 'v2', 'v3'] });
    expect(await first.messages(1)).toEqual(['/chat?room=1 v2']);
    const none = await connect({ address }, { path: '/chat' });
    expect(await none.messages(1)).toEqual(['/chat ']);
  });

  test('that completes closes with 1000 after everything was sent', async () => {
    const { address } = await serving(() => from(['a', 'b']));
    const client = await connect({ address });
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    expect(client.received).toEqual(['a', 'b']);
  });

  test('may close with a code of its own', async () => {
    const { address } = await serving(({ close }) => {
      close(4001, 'no seat');
      return NEVER;
    });
    expect(await (await connect({ address })).closed).toEqual({ code: 4001, reason: 'no seat' });
  });

  test('can talk to all of its clients through a Subject', async () => {
    const said$ = new Subject<WebSocketMessage>();
    const { address } = await serving(({ messages$ }) =>
      merge(
        said$,
        messages$.pipe(
          tap((message) => said$.next(message)),
          ignoreElements(),
        ),
      ),
    );
    const [a, b] = await Promise.all([connect({ address }), connect({ address })]);
    a.socket.send('hello');
    expect(await Promise.all([a.messages(1), b.messages(1)])).toEqual([['hello'], ['hello']]);
    a.socket.close();
    await a.closed;
    expect(said$.observed).toBe(true);
    b.socket.close();
    await b.closed;
    await eventually(() => !said$.observed);
  });
});

describe('when the connection ends', () => {
  const ways: Readonly<Record<string, (client: Awaited<ReturnType<typeof connect>>) => void>> = {
    'by a close frame': ({ socket }) => socket.close(),
    'without a word': ({ socket }) => socket.terminate(),
  };
  test.each(Object.entries(ways))('%s, the handler is unsubscribed from and its messages complete', async (_, end) => {
    let torn = 0;
    let completed = 0;
    const server = await serving(({ messages$ }) => {
      messages$.subscribe({ complete: () => (completed += 1) });
      return new Observable(() => () => (torn += 1));
    });
    const client = await connect(server);
    end(client);
    await gone(server);
    expect([torn, completed]).toEqual([1, 1]);
    expect(server.log.loud()).toEqual([]);
  });
});

const boom = (): never => {
  throw new Error('boom');
};

const failing: Readonly<Record<string, WebSocketHandler>> = {
  'throws when it is called': boom,
  'errors at once': () => throwError(() => new Error('boom')),
  'errors because of a message': ({ messages$ }) => messages$.pipe(map(boom)),
  'throws in a subscriber of its own, for every message': ({ messages$ }) => {
    messages$.subscribe(boom);
    return NEVER;
  },
  'sends what is no message': () => {
    // What a handler in JavaScript may do, whatever its type says.
    const wrong: unknown = of({ not: 'a message' });
    return wrong as Observable<string>;
  },
  'returns no Observable': () => {
    const wrong: unknown = undefined;
    return wrong as Observable<string>;
  },
};

describe('a handler that fails', () => {
  test.each(Object.entries(failing))(
    'costs its client the connection and the log one line: it %s',
    async (_, handler) => {
      const escaped: unknown[] = [];
      const noticed = (error: unknown): void => {
        escaped.push(error);
      };
      process.on('unhandledRejection', noticed).on('uncaughtException', noticed);
      const server = await serving(handler);
      const client = await connect(server);
      for (const word of ['a', 'b', 'c']) client.socket.send(word);
      expect(await client.closed).toEqual({ code: 1011, reason: '' });
      await gone(server);
      expect(server.log.loud()).toMatchObject([{ level: 'error', details: { path: '/', method: 'GET' } }]);
      expect(escaped).toEqual([]);
      process.off('unhandledRejection', noticed).off('uncaughtException', noticed);
    },
  );
});

describe('a request that is not let in', () => {
  test('is refused with 403 when a page of another site makes it', async () => {
    const server = await serving(echo);
    await expect(connect(server, { origin: 'http://evil.test' })).rejects.toThrow('403');
    await gone(server);
    const port = server.address.kind === 'tcp' ? server.address.port : 0;
    const client = await connect(server, { origin: `http://127.0.0.1:${port}` });
    client.socket.send('hello');
    expect(await client.messages(1)).toEqual(['hello']);
  });

  test('is let in from anywhere when that was asked for', async () => {
    await connect(await serving(echo, { origins: 'any' }), { origin: 'http://elsewhere.test' });
    await connect(await serving(echo, { origins: ['https://example.com'] }), { origin: 'https://example.com' });
  });

  test.each([
    ['asks for another protocol', HANDSHAKE.replace('websocket', 'telnet'), 400],
    ['has no key', HANDSHAKE.replace(/Sec-WebSocket-Key.*\r\n/, ''), 400],
    ['speaks an old version', HANDSHAKE.replace('Version: 13', 'Version: 7'), 400],
  ])('is refused when it %s', async (_, bytes, status) => {
    const server = await serving(echo);
    const wire = server.dial();
    wire.write(bytes);
    expect((await wire.responses())[0]?.status).toBe(status);
    await gone(server);
  });
});

describe('limits', () => {
  test('a message that is too large closes with 1009, and nobody is told', async () => {
    const server = await serving(echo, { maxMessageBytes: 100 });
    const client = await connect(server);
    client.socket.send('x'.repeat(100));
    expect(await client.messages(1)).toHaveLength(1);
    client.socket.send('x'.repeat(101));
    expect((await client.closed).code).toBe(1009);
    await gone(server);
    expect(server.log.loud()).toEqual([]);
  });

  const flood = (size: number): Observable<Uint8Array> => interval(0).pipe(map(() => new Uint8Array(size)));

  test('who does not read is sent away when too much waits, and memory stays flat', async () => {
    let buffered = 0;
    const server = await serving(
      (peer) =>
        flood(65_536).pipe(
          tap(() => {
            buffered = Math.max(buffered, peer.bufferedBytes);
          }),
        ),
      { maxBufferedBytes: 262_144 },
    );
    const wire = server.dial();
    wire.write(HANDSHAKE);
    wire.socket.pause();
    await eventually(() => server.server.connections === 1);
    // It gets the time to answer the close frame that it does not read.
    await eventually(() => server.server.connections === 0, 10_000);
    expect(buffered).toBeGreaterThan(262_144);
    expect(buffered).toBeLessThan(262_144 + 2 * 65_600);
  }, 15_000);

  test('who does not read is told why as soon as it reads on', async () => {
    const server = await serving(() => flood(65_536), { maxBufferedBytes: 65_536 });
    const client = await connect(server);
    client.socket.pause();
    await clock(700);
    client.socket.resume();
    expect(await client.closed).toEqual({ code: 1013, reason: 'too slow' });
  });

  test('what a slow reader cannot take is dropped when that was asked for', async () => {
    let sent = 0;
    const ticks = (): Observable<Uint8Array> => flood(65_536).pipe(tap(() => (sent += 1)));
    const server = await serving(ticks, { maxBufferedBytes: 65_536, overflow: 'drop', heartbeatMs: 0 });
    const client = await connect(server);
    client.socket.pause();
    await clock(600);
    const before = sent;
    client.socket.resume();
    await eventually(() => sent > before + 20);
    expect(client.received.length).toBeGreaterThan(0);
    expect(client.received.length).toBeLessThan(sent);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  test('a single message may be larger than what may wait', async () => {
    const server = await serving(() => concat(of('x'.repeat(5_000_000)), NEVER), { maxBufferedBytes: 0 });
    const client = await connect(server);
    expect((await client.messages(1))[0]).toHaveLength(5_000_000);
  });
});

describe('half-open peers', () => {
  test('whoever stops answering is gone within two heartbeats', async () => {
    const server = await serving(() => NEVER, { heartbeatMs: 200 });
    const wire = server.dial();
    wire.write(HANDSHAKE);
    await wire.until((text) => text.includes('101'));
    const startedAt = performance.now();
    // It is there, and reads, but answers no ping.
    await gone(server);
    expect(performance.now() - startedAt).toBeGreaterThan(150);
    expect(performance.now() - startedAt).toBeLessThan(700);
  });

  test('whoever answers stays, however little is said', async () => {
    const server = await serving(() => NEVER, { heartbeatMs: 50 });
    const client = await connect(server);
    await clock(500);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  test('nobody is asked when there is no heartbeat', async () => {
    const server = await serving(() => NEVER, { heartbeatMs: 0 });
    const wire = server.dial();
    wire.write(HANDSHAKE);
    const text = await wire.until((received) => received.endsWith('\r\n\r\n'));
    await clock(300);
    expect(wire.text()).toBe(text);
  });
});

test.each<[WebSocketOptions]>([
  [{ maxMessageBytes: 0 }],
  [{ maxBufferedBytes: -1 }],
  [{ heartbeatMs: Number.NaN }],
  [{ heartbeatMs: 2 ** 31 }],
])('options that nothing can work with are refused: %j', (options) => {
  expect(() => webSocket(() => EMPTY, options)).toThrow(OptionsError);
});
