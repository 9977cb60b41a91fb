import { Hono } from 'hono';
import {
  concat,
  EMPTY,
  fromEvent,
  interval,
  map,
  merge,
  NEVER,
  Observable,
  of,
  range,
  Subject,
  take,
  throwError,
} from 'rxjs';
import { describe, expect, test } from 'vitest';
import { OptionsError } from '../../lib/config/errors.ts';
import { type EventClient, type EventStreamOptions, eventStream } from '../../lib/server/event-stream.ts';
import type { ServerSentEvent } from '../../lib/server/event-text.ts';
import { get, type Wire } from '../listener/wire.ts';
import { readEvents } from './event-reader.ts';
import { clock, drainOf, eventually, type Serving, serve } from './serving.ts';

type Source = Observable<ServerSentEvent> | ((client: EventClient) => Observable<ServerSentEvent>);

const serving = (source: Source, options?: EventStreamOptions): Promise<Serving> =>
  serve({ app: new Hono().get('/', (c) => eventStream(c, source, options)) });

const listen = (server: Serving, ...headers: readonly string[]): Wire => {
  const wire = server.dial();
  wire.write(get('/', ...headers));
  return wire;
};

/** What came of the body so far: chunks are as they were written, one for each event. */
const bodyOf = (text: string): string =>
  text.slice(text.indexOf('\r\n\r\n') + 4).replace(/[\da-f]+\r\n((?:(?!\r\n)[\s\S])*)\r\n/g, '$1');

const dataOf = (text: string): readonly string[] => readEvents(bodyOf(text)).events.map(({ data }) => data);

const whole = async (wire: Wire): Promise<string> => (await wire.responses())[0]?.body ?? '';

const forever = (words: readonly string[] = []): Observable<ServerSentEvent> =>
  concat(...words.map((data) => of({ data })), NEVER);

describe('an event stream', () => {
  test('sends what its source emits, and ends with it', async () => {
    const server = await serving(of({ data: 'a' }, { data: { b: 1 }, event: 'json', id: '7' }));
    const wire = listen(server);
    const [response] = await wire.responses();
    expect(response?.head).toMatch(/\r\ncontent-type: text\/event-stream\r\n/i);
    expect(readEvents(response?.body ?? '').events).toEqual([
      { data: 'a', event: 'message', id: '' },
      { data: '{"b":1}', event: 'json', id: '7' },
    ]);
    expect(readEvents(response?.body ?? '').retry).toBe(1_000);
  });

  test('sends each event as soon as it is there, the first words before any', async () => {
    const events$ = new Subject<ServerSentEvent>();
    const server = await serving(events$, { retryMs: 77 });
    const wire = listen(server);
    expect(readEvents(bodyOf(await wire.until((text) => text.includes('retry')))).retry).toBe(77);
    events$.next({ data: 'now' });
    expect(dataOf(await wire.until((text) => text.includes('now')))).toEqual(['now']);
  });

  test('knows what its client got before', async () => {
    const server = await serving(({ lastEventId }) => of({ data: lastEventId ?? 'nothing' }));
    expect(readEvents(await whole(listen(server))).events).toMatchObject([{ data: 'nothing' }]);
    expect(readEvents(await whole(listen(server, 'Last-Event-ID: 41'))).events).toMatchObject([{ data: '41' }]);
  });

  test('keeps headers that were set on the context', async () => {
    const app = new Hono().get('/', (c) => {
      c.header('x-a', '1');
      return eventStream(c, EMPTY);
    });
    const response = await app.request('/');
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'x-a': '1', 'content-type': 'text/event-stream' });
  });

  test('breaks a silence with comments, and no more than that', async () => {
    const server = await serving(forever(['a']), { heartbeatMs: 30 });
    const wire = listen(server);
    const text = await wire.until((received) => readEvents(bodyOf(received)).comments >= 3);
    expect(dataOf(text)).toEqual(['a']);
  });

  test('ends at its age, and its client comes back', async () => {
    const server = await serving(forever(['hello']), { maxAgeMs: 200, retryMs: 10 });
    const { events, retry } = readEvents(await whole(listen(server)));
    expect([events.length, retry]).toEqual([1, 10]);
  });

  test('needs no comments while something is said', async () => {
    const server = await serving(
      interval(20).pipe(
        map((data) => ({ data })),
        take(20),
      ),
      { heartbeatMs: 200 },
    );
    expect(readEvents(await whole(listen(server))).comments).toBe(0);
  });

  test('is not subscribed to for a client that wants the head alone', async () => {
    let subscribed = 0;
    const server = await serving(() => {
      subscribed += 1;
      return NEVER;
    });
    const wire = server.dial();
    wire.write('HEAD / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
    await wire.closed;
    expect(wire.text()).toContain('200 OK');
    expect(subscribed).toBe(0);
  });
});

describe('its source', () => {
  test('is unsubscribed from when the client leaves', async () => {
    let open = 0;
    const source = new Observable<ServerSentEvent>((subscriber) => {
      open += 1;
      subscriber.next({ data: 'hello' });
      return () => {
        open -= 1;
      };
    });
    const server = await serving(source, { heartbeatMs: 10 });
    const wires = Array.from({ length: 5 }, () => listen(server));
    await Promise.all(wires.map((wire) => wire.until((text) => text.includes('hello'))));
    expect(open).toBe(5);
    for (const { socket } of wires) socket.destroy();
    await eventually(() => open === 0);
    await eventually(() => server.server.inFlight === 0);
    expect(server.log.loud()).toEqual([]);
  });

  const failing: Readonly<Record<string, Source>> = {
    errors: concat(
      of({ data: 'a' }),
      throwError(() => new Error('boom')),
    ),
    'emits what would forge a field': of({ data: 'a' }, { data: 'b', event: 'x\ndata: forged' }),
    'cannot be made': () => {
      throw new Error('boom');
    },
  };
  test.each(Object.entries(failing))(
    'costs its client the connection and the log one line when it %s',
    async (_, source) => {
      const server = await serving(source);
      const wire = listen(server);
      await wire.closed;
      expect(wire.text()).not.toContain('forged');
      // Cut, not ended: nobody takes it for all there is.
      expect(wire.text().endsWith('0\r\n\r\n')).toBe(false);
      expect(server.log.loud()).toMatchObject([{ level: 'error', details: { method: 'GET', path: '/' } }]);
    },
  );
});

describe('a slow reader', () => {
  const big = 'x'.repeat(16_384);
  const flood = (): Observable<ServerSentEvent> => interval(0).pipe(map((n) => ({ id: String(n), data: big })));

  test('gets what waits, and comes back for the rest with the id of the last', async () => {
    const starts: (string | undefined)[] = [];
    const server = await serving(
      ({ lastEventId }) => {
        starts.push(lastEventId);
        return lastEventId === undefined ? flood() : of({ data: 'the rest' });
      },
      { maxBufferedBytes: 100_000 },
    );
    const wire = listen(server);
    wire.socket.pause();
    await eventually(() => server.server.inFlight === 1);
    await clock(1_500);
    wire.socket.resume();
    const { events, retry } = readEvents(await whole(wire));
    expect(retry).toBe(1_000);
    const ids = events.map(({ id }) => Number(id));
    expect(ids).toEqual(ids.map((_, index) => index));
    expect(events.every(({ data }) => data === big)).toBe(true);
    const again = await whole(listen(server, `Last-Event-ID: ${ids.at(-1)}`));
    expect(readEvents(again).events).toMatchObject([{ data: 'the rest' }]);
    expect(starts).toEqual([undefined, String(ids.at(-1))]);
  });

  test('misses events when that was asked for, and stays', async () => {
    const server = await serving(flood, { maxBufferedBytes: 100_000, overflow: 'drop' });
    const wire = listen(server);
    wire.socket.pause();
    await clock(1_200);
    wire.socket.resume();
    const text = await wire.until((received) => {
      const last = /.*id: (\d+)\n/s.exec(received);
      return last !== null && Number(last[1]) > (received.match(/id: \d+\n/g)?.length ?? 0);
    });
    expect(text.length).toBeGreaterThan(0);
  });

  test('costs no more memory than was allowed, and is cut when it never reads', async () => {
    const app = new Hono().get('/', (c) => eventStream(c, flood));
    const server = await serve({ app, limits: { writeTimeoutMs: 1_000 } });
    const before = process.memoryUsage().rss;
    const wires = Array.from({ length: 20 }, () => listen(server));
    for (const { socket } of wires) socket.pause();
    await eventually(() => server.server.connections === 20);
    let most = 0;
    const watching = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss - before);
    }, 50);
    await eventually(() => server.server.connections === 0, 20_000);
    clearInterval(watching);
    // 1 MiB each, and what the test itself makes of its rubbish.
    expect(most).toBeLessThan(20 * 1_048_576 + 96 * 1_048_576);
    expect(server.log.loud()).toEqual([]);
  }, 30_000);
});

describe('when the server leaves', () => {
  test('a hundred clients are told to come back, one after another, and none is cut', async () => {
    const server = await serving(forever(['hello']), { retryMs: 1_000 });
    const wires = Array.from({ length: 100 }, () => listen(server));
    await Promise.all(wires.map((wire) => wire.until((text) => text.includes('hello'))));
    const drain = drainOf(server.server, 10_000);
    const bodies = await Promise.all(wires.map(whole));
    const retries = bodies.map((body) => readEvents(body).retry ?? 0);
    expect(Math.min(...retries)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...retries)).toBeLessThanOrEqual(2_000);
    expect(new Set(retries).size).toBeGreaterThan(50);
    expect((await drain.over).cut).toBe(0);
  });

  test('the source learns of it first, and its last words are still sent', async () => {
    const server = await serving(({ drainSignal }) =>
      merge(forever(['hello']), fromEvent(drainSignal, 'abort').pipe(map(() => ({ event: 'bye', data: 'soon' })))),
    );
    const wire = listen(server);
    await wire.until((text) => text.includes('hello'));
    const drain = drainOf(server.server, 10_000);
    expect(readEvents(await whole(wire)).events).toEqual([
      { data: 'hello', event: 'message', id: '' },
      { data: 'soon', event: 'bye', id: '' },
    ]);
    await drain.over;
  });

  test('a request that came too late is answered, and told to come back', async () => {
    const server = await serving(forever(['hello']));
    const wire = server.dial();
    await eventually(() => server.server.connections === 1);
    const drain = drainOf(server.server, 10_000);
    wire.write(get('/'));
    expect(readEvents(await whole(wire)).retry).toBeGreaterThanOrEqual(1_000);
    expect((await drain.over).cut).toBe(0);
  });
});

test.each<EventStreamOptions>([
  { retryMs: -1 },
  { heartbeatMs: 0.5 },
  { maxAgeMs: -1 },
  { maxBufferedBytes: Number.NaN },
])('options that nothing can work with are refused: %j', async (options) => {
  let thrown: unknown;
  const app = new Hono().get('/', (c) => eventStream(c, range(1, 1).pipe(map((data) => ({ data }))), options));
  app.onError((error, c) => {
    thrown = error;
    return c.text('no', 500);
  });
  await app.request('/');
  expect(thrown).toBeInstanceOf(OptionsError);
});
