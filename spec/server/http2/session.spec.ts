import { describe, expect, test } from 'vitest';
import { frameClient, goawayOf } from '../../attack/frame-client.ts';
import { data, FLAG, FRAME, headers, settingsAck } from '../../attack/frames.ts';
import { clock, eventually } from '../serving.ts';
import { ask, speak } from './speaking.ts';

/** Answers each request when the test says so. */
const held = () => {
  const answers: (() => void)[] = [];
  const app = () => new Promise<Response>((resolve) => answers.push(() => resolve(new Response('ok'))));
  return { answers, app };
};

/** No stream in particular: another frame will name the last. */
const ANY = 2 ** 31 - 1;

describe('a session that is told to leave', () => {
  test('while it is busy names the last stream, answers up to it, looks at none beyond it, and ends', async () => {
    const { answers, app } = held();
    const { plug, leave, clients } = await speak({ app });
    const client = frameClient(plug());
    client.say(settingsAck(), headers(1));
    await eventually(() => answers.length === 1);
    client.say(headers(3));
    await eventually(() => answers.length === 2);
    leave();
    expect(goawayOf(await client.next(FRAME.GOAWAY))).toEqual({ last: ANY, code: 0 });
    expect(goawayOf(await client.next(FRAME.GOAWAY))).toEqual({ last: 3, code: 0 });
    client.say(headers(5));
    for (const answer of answers) answer();
    expect((await client.next(FRAME.DATA, 1)).payload.toString()).toBe('ok');
    expect((await client.next(FRAME.DATA, 3)).payload.toString()).toBe('ok');
    await client.ended;
    expect(answers).toHaveLength(2);
    expect(client.frames.filter(({ stream }) => stream === 5)).toEqual([]);
    client.socket.end();
    await eventually(() => clients.size === 0);
  });

  test('while it is idle is told with its next request, which is answered', async () => {
    const { answers, app } = held();
    const { plug, leave } = await speak({ app });
    const client = frameClient(plug());
    client.say(settingsAck());
    await client.next(FRAME.SETTINGS);
    leave();
    // As many as come together.
    client.say(headers(1), headers(3));
    expect(goawayOf(await client.next(FRAME.GOAWAY))).toEqual({ last: ANY, code: 0 });
    expect(goawayOf(await client.next(FRAME.GOAWAY))).toEqual({ last: 3, code: 0 });
    await eventually(() => answers.length === 2);
    for (const answer of answers) answer();
    expect((await client.next(FRAME.DATA, 1)).payload.toString()).toBe('ok');
    expect((await client.next(FRAME.DATA, 3)).payload.toString()).toBe('ok');
    await client.ended;
  });

  test('before it was made is told with its first request', async () => {
    const speaking = await speak({ app: () => new Response('ok') });
    speaking.draining = true;
    const client = frameClient(speaking.plug());
    client.say(settingsAck(), headers(1));
    expect(goawayOf(await client.next(FRAME.GOAWAY))).toEqual({ last: ANY, code: 0 });
    expect(goawayOf(await client.next(FRAME.GOAWAY))).toEqual({ last: 1, code: 0 });
    await client.next(FRAME.DATA, 1);
    await client.ended;
  });

  test('and stays silent is ended after a second, and told which stream was the last', async () => {
    const { plug, drain, clients } = await speak({ app: () => new Response('ok') });
    const client = frameClient(plug());
    client.say(settingsAck(), headers(1));
    await client.next(FRAME.DATA, 1);
    await eventually(() => [...clients].every((session) => session.isIdle(new Set())));
    void client.ended.then(() => client.socket.end());
    const { ms, cut } = await drain(5_000);
    expect(cut).toBe(0);
    expect(ms).toBeGreaterThan(900);
    expect(goawayOf(await client.next(FRAME.GOAWAY))).toEqual({ last: 1, code: 0 });
  });

  test('and has not ended when time is up is cut', async () => {
    const { app, answers } = held();
    const { plug, drain, clients } = await speak({ app });
    const client = frameClient(plug());
    client.say(settingsAck(), headers(1));
    await eventually(() => answers.length === 1);
    expect((await drain(100)).cut).toBe(1);
    await eventually(() => clients.size === 0);
  });

  test('and never ends its own side is let go after a moment', async () => {
    const { plug, leave, clients } = await speak({ app: () => new Response('ok') });
    const client = frameClient(plug());
    leave();
    client.say(settingsAck(), headers(1));
    await client.next(FRAME.DATA, 1);
    await client.ended;
    await eventually(() => clients.size === 0);
  });
});

test('a client that asks and leaves in one breath is answered', async () => {
  const { app, answers } = held();
  const { dial, clients } = await speak({ app });
  const session = dial();
  await new Promise((resolve) => session.once('connect', resolve));
  // The library sends its GOAWAY ahead of the request.
  const answer = ask(session);
  session.close();
  await eventually(() => answers.length === 1);
  answers[0]?.();
  expect((await answer).body).toBe('ok');
  await eventually(() => clients.size === 0);
});

describe('a client that ends its side of the connection', () => {
  test('is let go at once when it waits for nothing', async () => {
    const { plug, clients } = await speak({ app: () => new Response('ok') });
    const client = frameClient(plug());
    client.say(settingsAck(), headers(1));
    await client.next(FRAME.DATA, 1);
    const since = performance.now();
    client.socket.end();
    await eventually(() => clients.size === 0);
    // Long before it has been silent for long, which ends a session too.
    expect(performance.now() - since).toBeLessThan(5_000);
  });

  test('is let go when it has what it waits for', async () => {
    const { answers, app } = held();
    const { plug, clients } = await speak({ app });
    const client = frameClient(plug());
    client.say(settingsAck(), headers(1));
    await eventually(() => answers.length === 1);
    client.socket.end();
    await eventually(() => [...clients].every(({ socket }) => socket.readableEnded));
    expect(clients.size).toBe(1);
    answers[0]?.();
    await eventually(() => clients.size === 0);
    expect((await client.next(FRAME.DATA, 1)).payload.toString()).toBe('ok');
  });

  test.each<[string, () => Response | Promise<Response>]>([
    [
      'is sent without an end',
      () => new Response(new ReadableStream({ pull: (c) => clock(5).then(() => c.enqueue(new Uint8Array(9))) })),
    ],
    ['does not come', () => new Promise(() => {})],
  ])('is let go when what it waits for %s', async (_, app) => {
    const { plug, clients, responder } = await speak({ app });
    const client = frameClient(plug());
    client.say(settingsAck(), headers(1));
    await eventually(() => responder.inFlight === 1);
    client.socket.end();
    await eventually(() => clients.size === 0 && responder.inFlight === 0);
  });
});

describe('a client that says', () => {
  test('nothing at all is cut after the headers timeout', async () => {
    const { plug, clients } = await speak({ app: () => new Response('ok'), limits: { headersTimeoutMs: 100 } });
    plug();
    await eventually(() => clients.size === 1);
    await eventually(() => clients.size === 0);
  });

  test('half of a request and no more is ended after the keep-alive time', async () => {
    const { plug, clients } = await speak({
      app: () => new Response('ok'),
      limits: { headersTimeoutMs: 100, keepAliveTimeoutMs: 200 },
    });
    const client = frameClient(plug());
    client.say(settingsAck(), headers(1, undefined, FLAG.END_STREAM));
    expect(goawayOf(await client.next(FRAME.GOAWAY)).code).toBe(0);
    await eventually(() => clients.size === 0);
  });

  test.each([
    ['is answered afterwards', true],
    ['is never answered', false],
  ])('more than it announced, so that nghttp2 gives up on it, is let go when it %s', async (_, isAnswered) => {
    const { answers, app } = held();
    const { plug, clients, responder } = await speak({ app });
    const client = frameClient(plug());
    client.say(settingsAck(), headers(1));
    await eventually(() => answers.length === 1);
    client.say(data(1, Buffer.from('not announced')));
    await client.next(FRAME.GOAWAY);
    if (isAnswered) answers[0]?.();
    await eventually(() => clients.size === 0 && responder.inFlight === 0, 12_000);
  });

  test('nothing for long while it waits for an answer is left alone', async () => {
    const { answers, app } = held();
    const { plug, clients } = await speak({ app });
    const client = frameClient(plug());
    client.say(settingsAck(), headers(1));
    // Given a frame to answer, which it does not do either.
    await client.next(FRAME.PING);
    await clock(3_000);
    expect(clients.size).toBe(1);
    answers[0]?.();
    expect((await client.next(FRAME.DATA, 1)).payload.toString()).toBe('ok');
  });

  test('what is no HTTP/2 is cut', async () => {
    const { plug, clients, log } = await speak({ app: () => new Response('ok') });
    const socket = plug().resume();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => socket.destroyed);
    await eventually(() => clients.size === 0);
    expect(log.loud()).toEqual([]);
  });

  test('much for long, within reason, is not taken for an attacker', async () => {
    const { dial, clients } = await speak({ app: async (request) => new Response(await request.text()) });
    const session = dial();
    const until = clock(2_500);
    let over = false;
    void until.then(() => {
      over = true;
    });
    const body = 'x'.repeat(200_000);
    while (!over) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(session, { ':method': 'POST' }, body)));
      expect(answers.every((answer) => answer.body.length === body.length)).toBe(true);
    }
    expect(clients.size).toBe(1);
    expect(session.closed).toBe(false);
  });
});
