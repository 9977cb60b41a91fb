import { expect, test } from 'vitest';
import type { DrainRequest } from '../../lib/workers/drain.ts';
import { ProtocolError, ReadyTimeoutError } from '../../lib/workers/errors.ts';
import { type Assignment, PROTOCOL } from '../../lib/workers/protocol.ts';
import type { Complaint } from '../../lib/workers/watch.ts';
import {
  GRACE_MS,
  type LifeOptions,
  type LifePhase,
  startLife,
  type WorkerLife,
} from '../../lib/workers/worker-life.ts';
import {
  type FakeProcess,
  type FakeProcessOptions,
  fakeProcess,
  type VirtualTime,
  virtualTime,
} from './fake-process.ts';

const assignment: Assignment = {
  slot: 2,
  count: 4,
  port: 3000,
  sharing: 'shared',
  heartbeatMs: 500,
  orphanDrainMs: 1000,
  env: {},
  args: [],
};

const request = (deadlineMs: number): DrainRequest => ({ reason: 'stop', deadlineMs, handOver: false });

interface Scene {
  readonly time: VirtualTime;
  readonly process: FakeProcess;
  readonly life: WorkerLife;
  /** Phases it went through, each once. */
  readonly phases: readonly LifePhase[];
  readonly complaints: readonly Complaint[];
  /** Which of its streams have completed. */
  readonly completed: readonly string[];
}

const scene = (options: Partial<LifeOptions> = {}, fake: FakeProcessOptions = {}): Scene => {
  const time = virtualTime();
  const process = fakeProcess(fake);
  const life = startLife(process, { readyTimeoutMs: 30_000, shutdownTimeoutMs: 15_000, clock: time, ...options });
  const phases: LifePhase[] = [];
  const complaints: Complaint[] = [];
  const completed: string[] = [];
  life.status$.subscribe({
    next: ({ phase }) => {
      if (phases.at(-1) !== phase) phases.push(phase);
    },
    complete: () => completed.push('status$'),
  });
  life.complaints$.subscribe({
    next: (complaint) => complaints.push(complaint),
    complete: () => completed.push('complaints$'),
  });
  return { time, process, life, phases, complaints, completed };
};

/** One that is ready at once. */
const ready = (options: Partial<LifeOptions> = {}, fake: FakeProcessOptions = {}): Scene => {
  const made = scene(options, fake);
  made.life.assign(assignment);
  made.process.hello();
  made.process.ready();
  return made;
};

/** Lets time go by in which it beats every 500 ms. */
const beatFor = ({ time, process }: Scene, ms: number): void => {
  for (let passed = 0; passed < ms; passed += 500) {
    time.pass(500);
    process.beat();
  }
};

const nothingIsLeft = ({ time, process, completed }: Scene): void => {
  expect(time.waiting).toBe(0);
  expect(process.observed).toBe(false);
  expect([...completed].sort()).toEqual(['complaints$', 'status$']);
};

test('a process boots, is told who it is, is ready, is asked to leave and ends', () => {
  const made = scene();
  const { time, process, life, phases } = made;
  life.assign(assignment);
  expect(process.received).toEqual([]);
  process.hello();
  expect(process.received).toEqual([{ type: 'assign', assignment }]);
  time.pass(80);
  process.ready();
  expect(life.status).toMatchObject({ phase: 'ready', readyAt: 80 });
  life.drain(request(1000), 'stop');
  expect(process.received.at(-1)).toEqual({ type: 'drain', request: request(1000) });
  process.exits(0);
  expect(phases).toEqual(['booting', 'starting', 'ready', 'draining', 'exited']);
  expect(life.status.exit).toEqual({
    code: 0,
    signal: null,
    intent: 'stop',
    crash: false,
    forced: false,
    at: 1_000_080,
  });
  nothingIsLeft(made);
});

test('a spare waits without a limit, and has the whole time to become ready once it has a slot', () => {
  const { time, process, life, phases } = scene({ readyTimeoutMs: 300 });
  process.hello();
  time.pass(100_000);
  expect(phases).toEqual(['booting', 'waiting']);
  life.assign(assignment);
  expect(process.received).toEqual([{ type: 'assign', assignment }]);
  time.pass(299);
  expect(process.signals).toEqual([]);
  time.pass(1);
  expect(process.signals).toEqual(['SIGKILL']);
  expect(phases).toEqual(['booting', 'waiting', 'starting', 'draining', 'exited']);
});

test('a second assignment is none', () => {
  const { process, life } = scene();
  life.assign(assignment);
  life.assign({ ...assignment, slot: 3 });
  process.hello();
  life.assign({ ...assignment, slot: 3 });
  expect(process.received).toEqual([{ type: 'assign', assignment }]);
});

test('a process that speaks another version is killed, and says which', () => {
  const made = scene();
  const { process, life } = made;
  life.assign(assignment);
  process.says({ type: 'hello', protocol: PROTOCOL + 1, version: '9.9.9' });
  expect(process.received).toEqual([]);
  expect(process.signals).toEqual(['SIGKILL']);
  const { exit } = life.status;
  expect(exit).toMatchObject({ intent: 'unready', crash: false, forced: false });
  expect(exit?.error).toBeInstanceOf(ProtocolError);
  expect(exit?.error).toMatchObject({ protocol: PROTOCOL + 1, version: '9.9.9' });
  nothingIsLeft(made);
});

test.each([
  ['before it has said hello', (process: FakeProcess) => process],
  ['before it is ready', (process: FakeProcess) => process.hello()],
])('a process that hangs %s is killed after the time it had', (_when, act) => {
  const made = scene({ readyTimeoutMs: 300 });
  const { time, process, life } = made;
  life.assign(assignment);
  time.pass(200);
  act(process);
  time.pass(99);
  expect(process.signals).toEqual([]);
  time.pass(1);
  expect(process.signals).toEqual(['SIGKILL']);
  expect(life.status.exit).toMatchObject({ intent: 'unready', crash: false, forced: false, signal: 'SIGKILL' });
  expect(life.status.exit?.error).toEqual(new ReadyTimeoutError(process.pid, 300));
  nothingIsLeft(made);
});

test('0 is no limit to becoming ready', () => {
  const { time, process, life } = scene({ readyTimeoutMs: 0 });
  life.assign(assignment);
  process.hello();
  time.pass(10_000_000);
  expect(time.waiting).toBe(0);
  process.ready();
  expect(life.status.phase).toBe('ready');
});

test('an end before ready that nobody asked for is a crash, with what it said of it', () => {
  const made = scene();
  const { process, life, phases } = made;
  life.assign(assignment);
  process.hello();
  const said = { name: 'TypeError', message: 'no such thing', stack: 'TypeError: no such thing\n    at worker.js:1' };
  process.says({ type: 'failing', error: said });
  process.exits(1);
  expect(phases).toEqual(['booting', 'starting', 'draining', 'exited']);
  expect(life.status.exit).toMatchObject({ code: 1, crash: true, forced: false });
  expect(life.status.exit?.error).toMatchObject(said);
  nothingIsLeft(made);
});

test('a process that could not be started has crashed', () => {
  const made = scene();
  const cause = new Error('no such file');
  made.process.fails(cause);
  expect(made.life.status).toMatchObject({
    phase: 'exited',
    exit: { code: null, signal: null, crash: true, error: cause },
  });
  nothingIsLeft(made);
});

test('one that ended before anybody followed it has ended', () => {
  const time = virtualTime();
  const process = fakeProcess();
  process.dies('SIGSEGV');
  const life = startLife(process, { readyTimeoutMs: 300, shutdownTimeoutMs: 1000, clock: time });
  expect(life.status.exit).toMatchObject({ signal: 'SIGSEGV', crash: true });
  expect(time.waiting).toBe(0);
  const late: LifePhase[] = [];
  life.status$.subscribe(({ phase }) => late.push(phase));
  expect(late).toEqual(['exited']);
});

test('one that does not leave is killed at the deadline, with nothing else happening', () => {
  const made = ready();
  const { time, process, life } = made;
  life.drain(request(1000), 'stop');
  time.pass(999);
  expect(process.signals).toEqual([]);
  time.pass(1);
  expect(process.signals).toEqual(['SIGKILL']);
  expect(life.status.exit).toMatchObject({ signal: 'SIGKILL', intent: 'stop', crash: false, forced: true });
  nothingIsLeft(made);
});

test('a deadline of 0 kills at once, one beyond what timers count never', () => {
  const now = ready();
  now.life.drain(request(0), 'scale');
  expect(now.life.status.exit).toMatchObject({ intent: 'scale', forced: true });
  const never = ready();
  never.life.drain(request(Number.POSITIVE_INFINITY), 'stop');
  expect(never.time.waiting).toBe(0);
  expect(never.life.status.phase).toBe('draining');
  expect(never.process.received.at(-1)).toEqual({ type: 'drain', request: request(2 ** 31 - 1) });
});

test('the earliest deadline and the first intent count, and the process hears of an earlier one only', () => {
  const { time, process, life } = ready();
  life.drain(request(10_000), 'restart');
  time.pass(1000);
  life.drain(request(20_000), 'stop');
  life.drain(request(500), 'stop');
  life.drain(request(5_000), 'stop');
  expect(process.received.slice(1)).toEqual([
    { type: 'drain', request: request(10_000) },
    { type: 'drain', request: request(500) },
  ]);
  time.pass(499);
  expect(process.ended).toBe(false);
  time.pass(1);
  expect(life.status.exit).toMatchObject({ intent: 'restart', forced: true });
});

test('one that was never ready and is put away was not forced', () => {
  const waiting = scene();
  waiting.life.drain(request(0), 'stop');
  expect(waiting.life.status.exit).toMatchObject({ intent: 'stop', signal: 'SIGKILL', forced: false });
  const starting = scene();
  starting.process.hello();
  starting.life.assign(assignment);
  starting.life.drain(request(1000), 'stop');
  starting.life.kill('stop');
  expect(starting.life.status.exit).toMatchObject({ intent: 'stop', signal: 'SIGKILL', forced: false });
});

test('one that left a moment before it would have been killed was not forced', () => {
  const { time, process, life } = ready({}, { mortal: [] });
  life.drain(request(1000), 'stop');
  time.pass(1000);
  expect(process.signals).toEqual(['SIGKILL']);
  process.exits(0);
  expect(life.status.exit).toMatchObject({ code: 0, forced: false });
});

test('killing is at once, and cuts short what was to drain', () => {
  const alone = ready();
  alone.life.kill('stop');
  expect(alone.life.status.exit).toMatchObject({ intent: 'stop', signal: 'SIGKILL', forced: false });
  const short = ready();
  short.life.drain(request(10_000), 'stop');
  short.life.kill('stop');
  expect(short.process.signals).toEqual(['SIGKILL']);
  expect(short.life.status.exit).toMatchObject({ intent: 'stop', forced: true });
  nothingIsLeft(short);
});

test('what is killed and does not tell of its end is leaving, and has no timer', () => {
  const { time, process, life } = ready({}, { mortal: [] });
  life.kill('restart');
  life.drain(request(100), 'stop');
  expect(life.status.phase).toBe('draining');
  expect(time.waiting).toBe(0);
  expect(process.received.filter(({ type }) => type === 'drain')).toEqual([]);
});

test('one that leaves unasked is given no more work, has the usual time, and its end is unexpected', () => {
  const clean = ready({ shutdownTimeoutMs: 2000 });
  clean.process.says({ type: 'draining' });
  expect(clean.life.status.phase).toBe('draining');
  clean.process.exits(0);
  expect(clean.life.status.exit).toEqual({ code: 0, signal: null, crash: false, forced: false, at: 1_000_000 });
  const late = ready({ shutdownTimeoutMs: 2000 });
  late.process.says({ type: 'draining' });
  late.time.pass(1999);
  expect(late.process.ended).toBe(false);
  late.time.pass(1);
  expect(late.life.status.exit).toMatchObject({ crash: true, forced: true });
});

test('being asked after it began to leave makes the end an expected one', () => {
  const { process, life } = ready();
  process.says({ type: 'draining' });
  life.drain(request(1000), 'stop');
  process.exits(0);
  expect(life.status.exit).toMatchObject({ intent: 'stop', crash: false });
});

test('one asked to leave before it was ready is not ready when it says so', () => {
  const { process, life, phases } = scene();
  life.assign(assignment);
  process.hello();
  life.drain(request(1000), 'stop');
  process.ready();
  expect(phases).toEqual(['booting', 'starting', 'draining']);
  expect(life.status.readyAt).toBe(0);
});

test('beats show in the status, whatever the phase', () => {
  const { process, life } = scene();
  process.hello();
  process.beat({ rssBytes: 7 });
  expect(life.status).toMatchObject({ phase: 'waiting', heartbeat: { sequence: 1, rssBytes: 7 } });
});

test('a silent one is complained of once, and again after it was heard of', () => {
  const made = ready({ heartbeatTimeoutMs: 2500 });
  const { time, process, complaints } = made;
  beatFor(made, 2000);
  time.pass(2499);
  expect(complaints).toEqual([]);
  time.pass(1);
  expect(complaints).toEqual([{ type: 'unresponsive', silentMs: 2500 }]);
  time.pass(5000);
  process.beat();
  time.pass(2500);
  expect(complaints.map(({ type }) => type)).toEqual(['unresponsive', 'responsive', 'unresponsive']);
  expect(process.signals).toEqual([]);
});

test('nobody is expected to beat before it is ready, nor while it leaves', () => {
  const { time, process, life, complaints } = scene({ heartbeatTimeoutMs: 2500, readyTimeoutMs: 0 });
  life.assign(assignment);
  process.hello();
  time.pass(10_000);
  process.ready();
  life.drain(request(60_000), 'stop');
  time.pass(10_000);
  expect(complaints).toEqual([]);
});

test('an unresponsive one has a moment to come to itself and is killed within 3 s of its last word', () => {
  const made = ready({ heartbeatTimeoutMs: 2500 });
  const { time, process, life } = made;
  life.complaints$.subscribe(() => life.kill('unresponsive'));
  time.pass(2500);
  expect(process.signals).toEqual(['SIGTERM']);
  expect(life.status.phase).toBe('draining');
  time.pass(GRACE_MS);
  expect(process.signals).toEqual(['SIGTERM', 'SIGKILL']);
  expect(time.now()).toBeLessThan(3000);
  expect(life.status.exit).toMatchObject({ intent: 'unresponsive', crash: false, forced: true });
  nothingIsLeft(made);
});

test('a process that dies while it is watched leaves no timer', () => {
  const made = ready({ heartbeatTimeoutMs: 2500, maxAgeMs: 100_000, maxMemoryBytes: 1 });
  expect(made.time.waiting).toBeGreaterThan(0);
  made.process.dies('SIGKILL');
  expect(made.life.status.exit).toMatchObject({ signal: 'SIGKILL', crash: true, forced: false });
  nothingIsLeft(made);
});

test('whatever is done to one that has ended does nothing', () => {
  const made = ready();
  made.process.exits(3);
  const { exit } = made.life.status;
  made.life.assign(assignment);
  made.life.drain(request(10), 'stop');
  made.life.kill('unresponsive');
  made.time.pass(1000);
  expect(made.life.status.exit).toBe(exit);
  expect(made.process.signals).toEqual([]);
  nothingIsLeft(made);
});
