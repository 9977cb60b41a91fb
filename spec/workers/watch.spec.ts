import { Subject } from 'rxjs';
import { expect, test } from 'vitest';
import type { FromWorker } from '../../lib/workers/protocol.ts';
import { type Complaint, type WatchOptions, watch } from '../../lib/workers/watch.ts';
import { heartbeat, virtualTime } from './fake-process.ts';

const watched = (options: WatchOptions) => {
  const time = virtualTime();
  const messages = new Subject<FromWorker>();
  const complaints: Complaint[] = [];
  const watching = watch(messages, options, time).subscribe((complaint) => complaints.push(complaint));
  const beat = (rssBytes = 0): void => messages.next({ type: 'beat', beat: { ...heartbeat, rssBytes } });
  return { time, messages, complaints, watching, beat };
};

test('without limits nothing is watched', () => {
  const { time, beat, complaints } = watched({});
  expect(time.waiting).toBe(0);
  beat(Number.MAX_SAFE_INTEGER);
  time.pass(10_000_000);
  expect(complaints).toEqual([]);
});

test('nobody listens any more, and no timer waits, once it is unsubscribed from', () => {
  const { time, messages, watching } = watched({ heartbeatTimeoutMs: 2500, maxAgeMs: 10_000, maxMemoryBytes: 100 });
  time.pass(1000);
  expect(messages.observed).toBe(true);
  watching.unsubscribe();
  expect(messages.observed).toBe(false);
  expect(time.waiting).toBe(0);
});

test('whatever it says is a word of it', () => {
  const { time, messages, complaints } = watched({ heartbeatTimeoutMs: 2500 });
  for (let round = 0; round < 10; round += 1) {
    time.pass(2400);
    messages.next({ type: 'topic', topic: 'any', body: null });
  }
  expect(complaints).toEqual([]);
});

test('a primary that was blocked for ten times the limit complains of nobody who beats', () => {
  const { time, beat, complaints } = watched({ heartbeatTimeoutMs: 2500 });
  for (let round = 0; round < 5; round += 1) {
    time.block(25_000);
    // Timers come first when it wakes up; what was said meanwhile is read after that.
    beat();
    time.pass(500);
    beat();
  }
  expect(complaints).toEqual([]);
});

test('a worker that is silent while the primary is blocked now and then is given up all the same', () => {
  const { time, complaints } = watched({ heartbeatTimeoutMs: 2500 });
  time.pass(1000);
  time.block(60_000);
  time.pass(1500);
  expect(complaints).toEqual([{ type: 'unresponsive', silentMs: 2500 }]);
});

test('too much memory is complained of when it begins, and again after it was less', () => {
  const { beat, complaints } = watched({ maxMemoryBytes: 100 });
  for (const rss of [90, 101, 150, 100, 101]) beat(rss);
  expect(complaints).toEqual([
    { type: 'memory', rssBytes: 101 },
    { type: 'memory', rssBytes: 101 },
  ]);
});

test('each process grows as old as its own draw', () => {
  for (const [random, ageMs] of [
    [0, 10_000],
    [0.5, 9_000],
  ] as const) {
    let draws = 0;
    const { time, complaints } = watched({
      maxAgeMs: 10_000,
      maxAgeJitter: 0.2,
      random: () => {
        draws += 1;
        return random;
      },
    });
    time.pass(ageMs - 1);
    expect(complaints).toEqual([]);
    time.pass(1);
    expect(complaints).toEqual([{ type: 'age', ageMs }]);
    time.pass(100_000);
    expect(complaints.length).toBe(1);
    expect(draws).toBe(1);
  }
});

test('an age beyond what timers count is none', () => {
  const { time } = watched({ maxAgeMs: Number.POSITIVE_INFINITY });
  expect(time.waiting).toBe(0);
});
