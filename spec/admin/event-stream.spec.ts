import { NEVER, of, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { eventStream, type ServerSentEvent } from '../../lib/admin/event-stream.ts';

const event = (data: unknown): ServerSentEvent => ({ event: 'x', data });

const ends = () => {
  let count = 0;
  return { onEnd: () => void count++, count: () => count };
};

test('events are lines of JSON that nothing can break out of', async () => {
  const { onEnd, count } = ends();
  const response = eventStream(of(event('a\n\nevent: forged\u2028\r')), { closing$: NEVER, onEnd });
  expect(await response.text()).toBe('event: x\ndata: "a\\n\\nevent: forged\\u2028\\r"\n\n');
  expect(count()).toBe(1);
});

test('a silent stream shows that it is alive', async () => {
  const response = eventStream(NEVER, { closing$: NEVER, onEnd: () => {}, heartbeatMs: 5 });
  const reader = response.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(': alive\n\n');
  await reader?.cancel();
});

test('a client that does not read is given up when its backlog is full', async () => {
  const { onEnd, count } = ends();
  const events$ = new Subject<ServerSentEvent>();
  const response = eventStream(events$, { closing$: NEVER, onEnd, backlogBytes: 1_000 });
  for (let index = 0; index < 1_000; index++) events$.next(event('x'.repeat(90)));
  expect(count()).toBe(1);
  expect(events$.observed).toBe(false);
  expect((await response.text()).length).toBeLessThan(1_200);
});

test.each(['the client', 'the server', 'the source'])('%s ends it, once, and nothing stays subscribed', async (who) => {
  const { onEnd, count } = ends();
  const [events$, closing$] = [new Subject<ServerSentEvent>(), new Subject<void>()];
  const response = eventStream(events$, { closing$, onEnd });
  if (who === 'the client') await response.body?.cancel();
  if (who === 'the server') closing$.next();
  if (who === 'the source') events$.complete();
  closing$.next();
  expect([count(), events$.observed, closing$.observed]).toEqual([1, false, false]);
});

test('a source that fails ends it', async () => {
  const { onEnd, count } = ends();
  const events$ = new Subject<ServerSentEvent>();
  const response = eventStream(events$, { closing$: NEVER, onEnd });
  events$.error(new Error('broken'));
  expect([await response.text(), count()]).toEqual(['', 1]);
});
