import { expect, test } from 'vitest';
import { Topics } from '../../lib/workers/topics.ts';
import { fakeProcess } from './fake-process.ts';

test('what processes say under a name is heard under it, with who said it', () => {
  const topics = new Topics();
  const process = fakeProcess({ pid: 7 });
  topics.add(2, process);
  const heard: unknown[] = [];
  topics.messages$('a').subscribe({ next: (message) => heard.push(message), complete: () => heard.push('complete') });
  process.says({ type: 'topic', topic: 'a', body: 1 });
  process.says({ type: 'topic', topic: 'b', body: 2 });
  process.ready();
  topics.complete();
  expect(heard).toEqual([{ slot: 2, pid: 7, body: 1 }, 'complete']);
});

test('a process is sent something when somebody subscribes, and nothing after its end', () => {
  const topics = new Topics();
  const process = fakeProcess({ pid: 7 });
  topics.add(0, process);
  const results: unknown[] = [];
  const sending = topics.send('a', 7, { any: 'thing' });
  expect(process.received).toEqual([]);
  sending.subscribe({ next: (delivered) => results.push(delivered), complete: () => results.push('complete') });
  expect(process.received).toEqual([{ type: 'topic', topic: 'a', body: { any: 'thing' } }]);
  process.exits(0);
  for (const pid of [7, 8]) topics.send('a', pid, 1).subscribe((delivered) => results.push(delivered));
  expect(results).toEqual([true, 'complete', false, false]);
  expect(process.observed).toBe(false);
});
