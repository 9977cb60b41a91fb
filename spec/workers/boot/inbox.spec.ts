import { expect, test } from 'vitest';
import { Inbox } from '../../../lib/workers/boot/inbox.ts';

const inboxOf = () => {
  const reports: unknown[] = [];
  return { inbox: new Inbox((error) => reports.push(error)), reports };
};

test('what arrives before anybody listens is for the first who does, in order, and nobody after that', () => {
  const { inbox } = inboxOf();
  for (const body of [1, 2, 3]) inbox.put('a', body);
  inbox.put('b', 'other');
  const first: unknown[] = [];
  const second: unknown[] = [];
  inbox.on('a', (body) => first.push(body));
  inbox.on('a', (body) => second.push(body));
  inbox.put('a', 4);
  expect(first).toEqual([1, 2, 3, 4]);
  expect(second).toEqual([4]);
});

test('once somebody has listened nothing is kept any more', () => {
  const { inbox } = inboxOf();
  inbox.on('a', () => {})();
  inbox.put('a', 1);
  const heard: unknown[] = [];
  inbox.on('a', (body) => heard.push(body));
  expect(heard).toEqual([]);
});

test('of very many the oldest are forgotten', () => {
  const { inbox } = inboxOf();
  for (let body = 0; body < 1_030; body += 1) inbox.put('a', body);
  const heard: unknown[] = [];
  inbox.on('a', (body) => heard.push(body));
  expect(heard).toHaveLength(1_024);
  expect(heard[0]).toBe(6);
});

test('who throws is reported, and the others hear of it all the same', () => {
  const { inbox, reports } = inboxOf();
  const heard: unknown[] = [];
  inbox.on('a', () => {
    throw new Error('listener');
  });
  inbox.on('a', (body) => heard.push(body));
  inbox.put('a', 1);
  expect(heard).toEqual([1]);
  expect(reports).toEqual([new Error('listener')]);
});
