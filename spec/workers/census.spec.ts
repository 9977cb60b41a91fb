import fc from 'fast-check';
import { BehaviorSubject, VirtualTimeScheduler } from 'rxjs';
import { expect, test } from 'vitest';
import { Census } from '../../lib/workers/census.ts';
import type { Heartbeat } from '../../lib/workers/heartbeat.ts';
import type { WorkerSnapshot, WorkersSnapshot } from '../../lib/workers/snapshot.ts';
import type { CollectedStats, CollectOptions, WorkerReport } from '../../lib/workers/statistics.ts';
import { readStatistics } from '../../lib/workers/statistics-data.ts';
import { type FakeProcess, fakeProcess, heartbeat } from './fake-process.ts';

const workerOf = (worker: Partial<WorkerSnapshot> = {}): WorkerSnapshot => ({
  slot: 0,
  state: 'active',
  pid: 1000,
  port: 0,
  startedAt: 1,
  since: 1,
  uptimeMs: 0,
  restarts: 0,
  crashes: 0,
  recentCrashes: 0,
  ...worker,
});

const snapshotOf = (workers: readonly WorkerSnapshot[], more: Partial<WorkersSnapshot> = {}): WorkersSnapshot => ({
  state: 'Running',
  count: workers.length,
  active: workers.length,
  restarting: false,
  workers,
  spares: 0,
  ...more,
});

/** A census of slots that are set by hand, in time that is moved by hand. */
const counting = (first: WorkersSnapshot = snapshotOf([])) => {
  const workers$ = new BehaviorSubject(first);
  const scheduler = new VirtualTimeScheduler();
  const slots = {
    workers$,
    get snapshot() {
      return workers$.value;
    },
  };
  const census = new Census(slots, scheduler);
  let pid = 1000;
  return {
    census,
    workers$,
    scheduler,
    /** A process of a slot that is ready. */
    enter: (slot: number): FakeProcess => {
      const process = fakeProcess({ pid: pid++ });
      census.add(slot, process);
      process.ready();
      return process;
    },
    collect: (options?: CollectOptions): { stats?: CollectedStats; readonly atMs: number } => {
      const collected: { stats?: CollectedStats; atMs: number } = { atMs: Number.NaN };
      census.collect$(options).subscribe((stats) => {
        collected.stats = stats;
        collected.atMs = scheduler.frame;
      });
      return collected;
    },
    /** Lets so much time go by. */
    pass: (ms: number): void => {
      const until = scheduler.frame + ms;
      scheduler.maxFrames = until;
      scheduler.flush();
      scheduler.frame = until;
    },
  };
};

const questions = ({ received }: FakeProcess) => received.filter((message) => message.type === 'collect');

/** Answers the latest question. */
const answer = (process: FakeProcess, beat: Partial<Heartbeat> = {}, series: readonly unknown[] = []): void => {
  const id = questions(process).at(-1)?.id ?? -1;
  process.says({ type: 'report', id, beat: { ...heartbeat, ...beat }, series });
};

/** What a process says unasked before it ends. */
const leave = (process: FakeProcess, beat: Partial<Heartbeat>): void =>
  process.says({ type: 'report', id: 0, beat: { ...heartbeat, ...beat }, series: [] });

test('sums are over all that live, totals over all there were', () => {
  const { census, enter } = counting();
  const [a, b] = [enter(0), enter(1)];
  a.beat({ requests: 10, connections: 3, inFlight: 1, rssBytes: 100, counters: { jobs: 2 } });
  b.beat({ requests: 5, connections: 4, inFlight: 2, rssBytes: 50, counters: { jobs: 1, mails: 1 } });
  expect(census.stats()).toMatchObject({
    requests: 15,
    connections: 7,
    inFlight: 3,
    rssBytes: 150,
    counters: { jobs: 3, mails: 1 },
  });
  a.dies('SIGKILL');
  expect(census.stats()).toMatchObject({
    requests: 15,
    connections: 4,
    inFlight: 2,
    rssBytes: 50,
    counters: { jobs: 3, mails: 1 },
  });
});

test('what a process says last, before it ends, is counted once', () => {
  const { census, enter } = counting();
  const process = enter(0);
  process.beat({ requests: 10 });
  leave(process, { sequence: 2, requests: 12 });
  expect(census.stats().requests).toBe(12);
  process.exits(0);
  expect(census.stats().requests).toBe(12);
  const next = enter(0);
  next.beat({ requests: 1 });
  expect(census.stats().requests).toBe(13);
});

test('a beat that was overtaken by a newer one changes nothing', () => {
  const { census, enter } = counting();
  const process = enter(0);
  process.beat({ sequence: 7, requests: 10, connections: 2 });
  process.beat({ sequence: 6, requests: 8, connections: 9 });
  expect(census.stats()).toMatchObject({ requests: 10, connections: 2 });
});

test('states are told apart, and what is back soon counts as crashed', () => {
  const states = ['active', 'active', 'starting', 'stopping', 'stopped', 'crashed', 'respawning', 'disabled'] as const;
  const workers = states.map((state, slot) => workerOf({ slot, state, restarts: slot, crashes: 1 }));
  const { census, workers$ } = counting(snapshotOf(workers, { restarting: true }));
  expect(census.stats()).toMatchObject({
    total: 8,
    active: 2,
    starting: 1,
    stopping: 1,
    stopped: 1,
    crashed: 2,
    disabled: 1,
    restarts: 28,
    crashes: 8,
    shuttingDown: false,
    restarting: true,
  });
  workers$.next(snapshotOf(workers, { state: 'Stopping' }));
  expect(census.stats()).toMatchObject({ shuttingDown: true, restarting: false });
});

test('restarts of a slot that is gone stay counted, and it begins anew when it comes back', () => {
  const { census, workers$ } = counting();
  const both = snapshotOf([workerOf({ restarts: 2, crashes: 1 }), workerOf({ slot: 1, restarts: 3, crashes: 2 })]);
  workers$.next(both);
  workers$.next(snapshotOf([workerOf({ restarts: 2, crashes: 1 })]));
  expect(census.stats()).toMatchObject({ restarts: 5, crashes: 3 });
  workers$.next(snapshotOf([workerOf({ restarts: 2, crashes: 1 }), workerOf({ slot: 1, restarts: 1 })]));
  expect(census.stats()).toMatchObject({ restarts: 6, crashes: 3 });
});

test('all that are ready are asked at once, and the last answer ends the waiting', () => {
  const { enter, collect } = counting(snapshotOf([workerOf(), workerOf({ slot: 1, pid: 1001 })]));
  const [a, b] = [enter(0), enter(1)];
  const collected = collect();
  expect(a.received).toEqual([{ type: 'collect', id: 1, series: false }]);
  expect(b.received).toEqual([{ type: 'collect', id: 1, series: false }]);
  answer(b, { requests: 2 });
  expect(collected.stats).toBeUndefined();
  answer(a, { requests: 3, connections: 1 });
  expect(collected.stats).toMatchObject({ requests: 5, missing: [], complete: true });
  expect(collected.stats?.workers.map(({ heartbeat }) => heartbeat?.requests)).toEqual([3, 2]);
});

test('who does not answer in time is named, with what it said last', () => {
  const { enter, collect, pass } = counting(snapshotOf([workerOf(), workerOf({ slot: 1, pid: 1001 })]));
  const [a, b] = [enter(0), enter(1)];
  b.beat({ requests: 7 });
  const collected = collect({ timeoutMs: 300 });
  answer(a, { requests: 1 });
  pass(299);
  expect(collected.stats).toBeUndefined();
  pass(1);
  expect(collected.stats).toMatchObject({ requests: 8, missing: [1], complete: false });
  expect(collected.stats?.workers[1]?.heartbeat?.requests).toBe(7);
  answer(b, { sequence: 2, requests: 9 });
  expect(collect({ timeoutMs: 0 }).stats).toMatchObject({ requests: 10, missing: [0, 1] });
});

test('a second is what is waited when nothing else is said', () => {
  const { enter, collect, pass } = counting();
  enter(0);
  const collected = collect();
  pass(5_000);
  expect(collected.atMs).toBe(1_000);
});

test('with nobody there, or nobody ready, the answer is there at once', () => {
  const { census, collect } = counting();
  expect(collect().stats).toMatchObject({ missing: [], complete: true });
  census.add(0, fakeProcess());
  expect(collect().stats).toMatchObject({ missing: [], complete: true });
});

test('who dies meanwhile is missing, unless it said its last', () => {
  const { enter, collect } = counting();
  const [a, b] = [enter(0), enter(1)];
  const collected = collect();
  leave(a, { requests: 4 });
  a.exits(0);
  expect(collected.stats).toBeUndefined();
  b.dies('SIGKILL');
  expect(collected.stats).toMatchObject({ requests: 4, missing: [1], complete: false });
});

test('a slot with two processes is missing once', () => {
  const { enter, collect, pass } = counting();
  enter(3);
  enter(3);
  const collected = collect({ timeoutMs: 10 });
  pass(10);
  expect(collected.stats?.missing).toEqual([3]);
});

test('many that ask at once cost one question, and those that ask later get newer answers', () => {
  const { enter, collect } = counting();
  const process = enter(0);
  const first = collect();
  const others = Array.from({ length: 100 }, () => collect());
  expect(questions(process)).toHaveLength(1);
  answer(process, { requests: 1 });
  expect(first.stats?.requests).toBe(1);
  expect(others[0]?.stats).toBeUndefined();
  expect(questions(process)).toHaveLength(2);
  answer(process, { sequence: 2, requests: 2 });
  expect(others.map(({ stats }) => stats?.requests)).toEqual(others.map(() => 2));
  expect(questions(process)).toHaveLength(2);
});

test('series are asked for when one of those who wait wants them', () => {
  const { enter, collect } = counting();
  const process = enter(0);
  collect();
  collect({ series: true });
  collect();
  answer(process);
  expect(questions(process)).toEqual([
    { type: 'collect', id: 1, series: false },
    { type: 'collect', id: 2, series: true },
  ]);
});

test('one that does not answer is asked once in ten seconds, however often somebody wants to know', () => {
  const { enter, collect, pass } = counting();
  const process = enter(0);
  for (let round = 0; round < 100; round += 1) {
    collect({ timeoutMs: 10 });
    pass(90);
  }
  expect(questions(process)).toHaveLength(1);
  pass(1_000);
  const collected = collect();
  expect(questions(process)).toHaveLength(2);
  // The answer to the first question was given too long ago.
  process.says({ type: 'report', id: 1, beat: heartbeat, series: [] });
  expect(collected.stats).toBeUndefined();
  answer(process, { sequence: 2 });
  expect(collected.stats?.complete).toBe(true);
});

test('a question that did not arrive is asked again', () => {
  const { census, collect, pass } = counting();
  let delivers = false;
  const process = fakeProcess();
  census.add(0, {
    ...process,
    send: (message, handle, sent) => (delivers ? process.send(message, handle, sent) : sent?.(false)),
  });
  process.ready();
  const lost = collect({ timeoutMs: 10 });
  pass(10);
  expect(lost.stats?.missing).toEqual([0]);
  delivers = true;
  const collected = collect();
  answer(process);
  expect(collected.stats?.complete).toBe(true);
});

test('an answer to a question that was not asked is none', () => {
  const { enter, collect } = counting();
  const process = enter(0);
  const collected = collect();
  process.says({ type: 'report', id: 17, beat: heartbeat, series: [] });
  expect(collected.stats).toBeUndefined();
  answer(process);
  expect(collected.stats?.complete).toBe(true);
});

test('a worker that asks is told about all, with what it asked by', () => {
  const { enter, pass } = counting(snapshotOf([workerOf({ error: new Error('broken') })]));
  const [a, b] = [enter(0), enter(1)];
  a.says({ type: 'statistics', id: 5, timeoutMs: 200 });
  answer(a, { requests: 1 });
  pass(200);
  const told = a.received.find((message) => message.type === 'collected');
  expect(told).toMatchObject({ id: 5, statistics: { requests: 1, missing: [1] } });
  const read = readStatistics(JSON.parse(JSON.stringify(told?.statistics)));
  expect(read?.workers[0]?.error).toBeInstanceOf(Error);
  expect(b.received.some(({ type }) => type === 'collected')).toBe(false);
});

test('a worker that asks with nonsense waits as long as others, and none for ever', () => {
  const { enter, pass } = counting();
  const [a] = [enter(0), enter(1)];
  a.says({ type: 'statistics', id: 1, timeoutMs: Number.NaN });
  a.says({ type: 'statistics', id: 2, timeoutMs: 1e12 });
  const told = () => a.received.flatMap((message) => (message.type === 'collected' ? [message.id] : []));
  pass(1_000);
  expect(told()).toEqual([1]);
  pass(59_000);
  expect(told()).toEqual([1, 2]);
});

test('reports and ends are told in order, to whoever listens', () => {
  const { census, enter, collect } = counting();
  const heard: WorkerReport[] = [];
  let over = false;
  census.reports$.subscribe({ next: (report) => heard.push(report), complete: () => (over = true) });
  const process = enter(2);
  collect({ series: true });
  answer(process, { requests: 1 }, ['some']);
  leave(process, { requests: 2 });
  process.exits(0);
  expect(heard).toEqual([
    { type: 'report', slot: 2, pid: 1000, beat: { ...heartbeat, requests: 1 }, series: ['some'] },
    { type: 'report', slot: 2, pid: 1000, beat: { ...heartbeat, requests: 2 }, series: [] },
    { type: 'ended', slot: 2, pid: 1000 },
  ]);
  census.close();
  expect(over).toBe(true);
});

test('nothing is left of processes that ended, nor of a census that is closed', () => {
  const { census, workers$, enter, collect, scheduler } = counting();
  const [a, b] = [enter(0), enter(1)];
  collect();
  a.says({ type: 'statistics', id: 1, timeoutMs: 30_000 });
  a.dies('SIGKILL');
  b.fails(new Error('not started'));
  expect([a.observed, b.observed]).toEqual([false, false]);
  expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
  census.close();
  expect(workers$.observed).toBe(false);
});

const happening = fc.record({
  slot: fc.nat(2),
  what: fc.constantFrom('beat', 'beat', 'beat', 'collect', 'replace', 'leave', 'die'),
  by: fc.nat(9),
});

test('no total falls and nothing is counted twice, whatever processes do and in whatever order', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const { census, enter, collect } = counting();
      /** By slot, the oldest first: two of a slot live at once while one replaces the other. */
      const live = new Map<number, { process: FakeProcess; requests: number; sequence: number }[]>();
      let told = 0;
      let shown = 0;
      for (const { slot, what, by } of happenings) {
        const processes = live.get(slot) ?? [];
        live.set(slot, processes);
        if (what === 'replace' || processes.length === 0) {
          processes.push({ process: enter(slot), requests: 0, sequence: 0 });
        }
        const [one] = processes;
        if (one === undefined) continue;
        one.requests += by;
        one.sequence += 1;
        const beat = { sequence: one.sequence, requests: one.requests };
        if (what === 'collect') {
          collect();
          answer(one.process, beat);
        } else if (what === 'leave') leave(one.process, beat);
        else if (what !== 'die') one.process.beat(beat);
        // What happened since the last beat of one that is killed nobody can know.
        if (what !== 'die') told += by;
        else one.requests -= by;
        if (what === 'leave' || what === 'die') {
          one.process.exits(0);
          processes.shift();
        }
        const { requests } = census.stats();
        expect(requests).toBeGreaterThanOrEqual(shown);
        shown = requests;
      }
      expect(shown).toBe(told);
    }),
  );
});
