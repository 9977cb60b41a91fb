import { describe, expect, test } from 'vitest';
import { drainSignal } from '../../../lib/server/http/drain-signal.ts';
import { get } from '../../listener/wire.ts';
import { ask, speak } from '../http2/speaking.ts';
import { eventually, serve } from '../serving.ts';

const CLOSES = /\r\nconnection: close\r\n/i;

const hello = { app: () => new Response('hello') };

describe('without keepAlive', () => {
  test.each([
    ['an answer of code', hello],
    ['a late answer', { app: async () => new Response('hello') }],
    ['a fixed answer', { routes: [{ path: '*', respond: { body: 'hello' } }] }],
  ])('%s ends its connection', async (_, served) => {
    const { dial, server } = await serve({ ...served, keepAlive: false });
    const wire = dial();
    wire.write(get('/') + get('/'));
    const [answer] = await wire.responses();
    expect(answer).toMatchObject({ status: 200, body: 'hello', head: expect.stringMatching(CLOSES) });
    expect(await wire.closed).toBe('ended');
    await eventually(() => server.connections === 0);
    expect(await wire.responses()).toHaveLength(1);
  });

  test('handlers are not told to leave', async () => {
    const seen: boolean[] = [];
    const app = (_: Request, env: object): Response => {
      seen.push(drainSignal(env).aborted);
      return new Response('hello');
    };
    const { dial } = await serve({ app, keepAlive: false });
    const wire = dial();
    wire.write(get('/'));
    await wire.responses();
    expect(seen).toEqual([false]);
  });

  test('an HTTP/2 session ends with what was asked first', async () => {
    const { dial, clients } = await speak({ ...hello, keepAlive: false });
    const session = dial();
    const closed = new Promise<void>((resolve) => session.once('close', resolve));
    expect((await ask(session)).body).toBe('hello');
    await closed;
    await eventually(() => clients.size === 0);
  });
});

test('it may be turned off and on while connections are open', async () => {
  const { dial, assign } = await serve(hello);
  const [first, second] = [dial(), dial()];
  for (const wire of [first, second]) {
    wire.write(get('/'));
    expect((await wire.responses())[0]?.head).not.toMatch(CLOSES);
  }
  assign({ ...hello, keepAlive: false });
  first.write(get('/'));
  expect((await first.responses(2))[1]?.head).toMatch(CLOSES);
  expect(await first.closed).toBe('ended');
  assign(hello);
  second.write(get('/'));
  expect((await second.responses(2))[1]?.head).not.toMatch(CLOSES);
});
