import { Hono } from 'hono';
import { concat, interval, map, NEVER, Observable, of } from 'rxjs';
import { expect, test } from 'vitest';
import { eventStream } from '../../lib/server/event-stream.ts';
import type { ServerSentEvent } from '../../lib/server/event-text.ts';
import { readEvents } from './event-reader.ts';
import { ask, speak } from './http2/speaking.ts';
import { eventually } from './serving.ts';

const serving = (source: Observable<ServerSentEvent>, maxBufferedBytes = 100_000) =>
  speak({
    app: new Hono().get('/', (c) => eventStream(c, source, { maxBufferedBytes })),
    limits: { writeTimeoutMs: 800 },
  });

test('events arrive over HTTP/2, and a drain ends the stream with a hint when to come back', async () => {
  const { dial, drain } = await serving(concat(of({ id: '1', data: 'hello' }), NEVER));
  const session = dial();
  const streams = Array.from({ length: 10 }, () => session.request({ ':path': '/' }));
  await Promise.all(streams.map((stream) => new Promise((resolve) => stream.once('data', resolve))));
  const answers = Promise.all(Array.from({ length: 1 }, () => ask(dial())));
  const ends = Promise.all(streams.map((stream) => new Promise((resolve) => stream.once('end', resolve))));
  for (const stream of streams) stream.resume();
  const { cut } = await drain(10_000);
  await ends;
  expect(cut).toBe(0);
  const [answer] = await answers;
  expect(answer?.headers['content-type']).toBe('text/event-stream');
  expect(readEvents(answer?.body ?? '')).toMatchObject({ events: [{ data: 'hello' }] });
  expect(readEvents(answer?.body ?? '').retry).toBeGreaterThanOrEqual(1_000);
});

test('the source is unsubscribed from when a stream is reset', async () => {
  let open = 0;
  const { dial, log } = await serving(
    new Observable((subscriber) => {
      open += 1;
      subscriber.next({ data: 'hello' });
      return () => {
        open -= 1;
      };
    }),
  );
  const stream = dial().request({ ':path': '/' });
  await new Promise((resolve) => stream.once('data', resolve));
  expect(open).toBe(1);
  stream.close(8);
  await eventually(() => open === 0);
  expect(log.loud()).toEqual([]);
});

test('a client that gives no more room is let go, and so is its source', async () => {
  let open = 0;
  const flood = new Observable<ServerSentEvent>((subscriber) => {
    open += 1;
    const emitting = interval(0)
      .pipe(map(() => ({ data: 'x'.repeat(16_384) })))
      .subscribe(subscriber);
    emitting.add(() => {
      open -= 1;
    });
    return emitting;
  });
  const { dial, log } = await serving(flood);
  const stream = dial().request({ ':path': '/' });
  stream.on('error', () => {});
  await new Promise((resolve) => stream.once('response', resolve));
  stream.pause();
  await eventually(() => open === 1);
  await eventually(() => open === 0);
  await new Promise((resolve) => stream.once('close', resolve));
  expect(log.loud()).toEqual([]);
});
