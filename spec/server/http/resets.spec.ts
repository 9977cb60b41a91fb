import { expect, test } from 'vitest';
import { get, post } from '../../listener/wire.ts';
import { eventually, serve } from '../serving.ts';

const CLIENTS = 1_000;

const chunks = (): ReadableStream<Uint8Array> =>
  new ReadableStream({
    pull: async (controller) => {
      controller.enqueue(new Uint8Array(1_024));
      await new Promise((resolve) => setTimeout(resolve, 1));
    },
  });

test('a thousand clients that reset anywhere in a request or an answer leave the server as it was', {
  timeout: 60_000,
}, async () => {
  const signals: AbortSignal[] = [];
  let waiting = 0;
  const serving = await serve({
    app: async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === '/late') {
        signals.push(request.signal);
        waiting += 1;
        await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
        waiting -= 1;
        return new Response('nobody reads this');
      }
      if (pathname === '/stream') return new Response(chunks());
      return new Response(await request.text());
    },
  });
  const deeds = [get('/late'), get('/stream'), post('/', 'x'.repeat(1_000)).slice(0, -500), get('/').slice(0, 12), ''];
  for (let at = 0; at < CLIENTS; at += 100) {
    await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        const wire = serving.dial();
        await new Promise((resolve) => wire.socket.once('connect', resolve));
        wire.write(deeds[n % deeds.length] ?? '');
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
        wire.socket.resetAndDestroy();
        await wire.closed;
      }),
    );
  }
  await eventually(() => serving.server.connections === 0 && serving.server.inFlight === 0);
  await eventually(() => waiting === 0);
  expect(signals.length).toBeGreaterThan(CLIENTS / 10);
  expect(signals.every(({ aborted }) => aborted)).toBe(true);
  expect(serving.log.loud()).toEqual([]);
  const after = serving.dial();
  after.write(post('/', 'still here'));
  expect(await after.responses()).toMatchObject([{ status: 200, body: 'still here' }]);
});
