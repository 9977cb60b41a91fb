import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FetchFunction, ServerEnv } from '../../../lib/config/server-config.ts';
import { get } from '../../listener/wire.ts';
import { drainOf, eventually, serve } from '../serving.ts';

const escaped: unknown[] = [];
const noticed = (error: unknown): void => {
  escaped.push(error);
};
const { error: consoleError } = console;
beforeEach(() => {
  escaped.length = 0;
  process.on('unhandledRejection', noticed).on('uncaughtException', noticed);
  console.error = () => {};
});
afterEach(() => {
  process.off('unhandledRejection', noticed).off('uncaughtException', noticed);
  console.error = consoleError;
});

const outgoingOf = ({ outgoing }: ServerEnv): ServerResponse => outgoing as ServerResponse;

describe('a handler that writes its answer by hand', () => {
  const byHand = (env: ServerEnv): void => {
    outgoingOf(env).writeHead(200, { 'x-by': 'hand', connection: 'keep-alive' });
    outgoingOf(env).end('by hand');
  };
  const twice: Readonly<Record<string, FetchFunction>> = {
    'at once': (_, env) => {
      byHand(env);
      return new Response('another one');
    },
    late: async (_, env) => {
      await null;
      byHand(env);
      return new Response('another one');
    },
    'as a stream': async (_, env) => {
      await null;
      byHand(env);
      return new Response(new ReadableStream({ start: (c) => c.close() }));
    },
  };
  test.each(Object.entries(twice))(
    'and returns another one, %s, answers with the first and harms nobody',
    async (_, app) => {
      const { dial, server } = await serve({ app });
      const wire = dial();
      wire.write(get('/'));
      expect(await wire.responses()).toMatchObject([{ status: 200, body: 'by hand' }]);
      const other = dial();
      other.write(get('/'));
      expect(await other.responses()).toMatchObject([{ body: 'by hand' }]);
      for (const { socket } of [wire, other]) socket.destroy();
      await eventually(() => server.connections === 0 && server.inFlight === 0);
      expect(escaped).toEqual([]);
    },
  );

  test('is told to leave with it all the same', async () => {
    let go: () => void = () => {};
    const app: FetchFunction = (_, env) =>
      new Promise<Response>((resolve) => {
        go = () => {
          byHand(env);
          resolve(new Response(null, { headers: { 'x-hono-already-sent': 'true' } }));
        };
      });
    const { dial, server } = await serve({ app });
    const wire = dial();
    wire.write(get('/'));
    await eventually(() => server.inFlight === 1);
    const drain = drainOf(server, 5_000);
    go();
    const [answer] = await wire.responses();
    expect(answer?.head).toMatch(/\r\nconnection: close\r\n/i);
    expect(answer?.head).toMatch(/\r\nx-by: hand\r\n/i);
    expect(answer?.head).not.toMatch(/keep-alive/i);
    expect(await drain.over).toMatchObject({ cut: 0 });
    expect(escaped).toEqual([]);
  });

  test('with headers set one by one or as a list is told to leave as well', async () => {
    const app: FetchFunction = (request, env) => {
      const outgoing = outgoingOf(env);
      if (request.url.endsWith('/set')) {
        outgoing.setHeader('Connection', 'keep-alive');
        outgoing.writeHead(200, 'Fine');
      } else outgoing.writeHead(200, 'Fine', ['Connection', 'keep-alive', 'X-By', 'list']);
      outgoing.end('ok');
      return new Response(null, { headers: { 'x-hono-already-sent': 'true' } });
    };
    for (const path of ['/set', '/list']) {
      const { dial, server } = await serve({ app });
      const wire = dial();
      await eventually(() => server.connections === 1);
      const drain = drainOf(server, 5_000);
      wire.write(get(path));
      const [answer] = await wire.responses();
      expect(answer?.head).toMatch(/^HTTP\/1.1 200 Fine\r\n/);
      expect(answer?.head).toMatch(/\r\nconnection: close\r\n/i);
      expect(answer?.head).not.toMatch(/keep-alive/i);
      await drain.over;
    }
  });
});
