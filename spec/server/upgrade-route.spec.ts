import type { Context } from 'hono';
import { map } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { Route } from '../../lib/config/server-config.ts';
import type { AccessEntry } from '../../lib/middleware/access-log.ts';
import { accessLog } from '../../lib/middleware/access-log.ts';
import { webSocket } from '../../lib/server/websocket/web-socket.ts';
import { get } from '../listener/wire.ts';
import { ask, speak } from './http2/speaking.ts';
import { drainOf, eventually, serve } from './serving.ts';
import { connect, HANDSHAKE } from './websocket/clients.ts';

const saying = (word: string) => webSocket(({ messages$ }) => messages$.pipe(map((text) => `${word} ${text}`)));

const routes: readonly Route[] = [
  { path: '/a/:room', upgrade: saying('a') },
  { path: '/b', upgrade: saying('b') },
  { path: '/*', handler: (c: Context) => c.text('page') },
];

const heard = async (server: Parameters<typeof connect>[0], path: string): Promise<unknown> => {
  const client = await connect(server, { path });
  client.socket.send('hello');
  return (await client.messages(1))[0];
};

describe('a route for WebSockets', () => {
  test('takes those that ask for its path', async () => {
    const server = await serve({ routes });
    expect([await heard(server, '/a/1'), await heard(server, '/b')]).toEqual(['a hello', 'b hello']);
    await expect(connect(server, { path: '/c' })).rejects.toThrow('200');
  });

  test('answers 426 to who asks for a page, over HTTP/1.1 and HTTP/2', async () => {
    const server = await serve({ routes });
    const wire = server.dial();
    wire.write(get('/b'));
    expect(await wire.responses()).toMatchObject([{ status: 426, body: 'Upgrade Required' }]);
    const { dial } = await speak({ routes });
    expect((await ask(dial(), { ':path': '/b' })).status).toBe(426);
  });

  test('lets its middleware decide who gets in, and the record says what became of it', async () => {
    const entries: AccessEntry[] = [];
    const middleware = [
      accessLog((entry) => entries.push(entry)),
      { basicAuth: { users: [{ username: 'ann', password: 'secret' }] } },
    ];
    const server = await serve({ routes: [{ path: '/', middleware, upgrade: saying('a') }] });
    await expect(connect(server)).rejects.toThrow('401');
    const wire = server.dial();
    wire.write(HANDSHAKE.replace('Host: test', `Host: test\r\nAuthorization: Basic ${btoa('ann:secret')}`));
    await wire.until((text) => text.endsWith('\r\n\r\n'));
    expect(wire.text()).toContain('101 Switching Protocols');
    await eventually(() => entries.length === 2);
    expect(entries.map(({ status, complete }) => [status, complete])).toEqual([
      [401, true],
      [101, true],
    ]);
  });

  test('is told when the server leaves', async () => {
    const server = await serve({ routes });
    const client = await connect(server, { path: '/b' });
    const drain = drainOf(server.server, 10_000);
    expect((await client.closed).code).toBe(1001);
    expect((await drain.over).cut).toBe(0);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
  ])('costs its client the connection and the log one line when its function %s', async (_, upgrade) => {
    const server = await serve({ routes: [{ path: '/', upgrade }] });
    const wire = server.dial();
    wire.write(HANDSHAKE);
    await wire.closed;
    expect(server.log.loud()).toMatchObject([{ level: 'error', details: { path: '/', error: { message: 'boom' } } }]);
    await eventually(() => server.server.connections === 0);
    expect(server.server.inFlight).toBe(0);
  });
});
