import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { filter, firstValueFrom, lastValueFrom, map } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import type { ExitIntent, WorkerExit } from '../../lib/workers/exit.ts';
import type { Complaint } from '../../lib/workers/watch.ts';
import type { LifeOptions, LifePhase, WorkerLife } from '../../lib/workers/worker-life.ts';
import { builtFile } from './built-workers.ts';
import { isAlive } from './program.ts';

type Processes = typeof import('../../lib/workers/node-processes.ts');
type Lives = typeof import('../../lib/workers/worker-life.ts');

type Sparing = typeof import('../../lib/workers/spares.ts');

interface Options extends Partial<LifeOptions> {
  readonly heartbeatMs?: number;
  readonly execArgv?: readonly string[];
}

const programPath = (name: string): string => join(import.meta.dirname, 'programs', name);

/** Starts a real process that is to run a program, and follows it; it is killed when the test is over. */
const boot = async (program: string, { execArgv = [], ...options }: Options = {}): Promise<WorkerLife> => {
  const { nodeProcesses }: Processes = await import(builtFile('workers/node-processes.js'));
  const { startLife }: Lives = await import(builtFile('workers/worker-life.js'));
  const process = nodeProcesses('shared')({ script: programPath(program), args: [], env: {}, execArgv, preload: [] });
  const life = startLife(process, { readyTimeoutMs: 10_000, shutdownTimeoutMs: 10_000, ...options });
  onTestFinished(async () => {
    life.kill('stop');
    await ended(life);
  });
  return life;
};

const assign = (life: WorkerLife, heartbeatMs = 0): void =>
  life.assign({
    slot: 0,
    count: 1,
    port: 0,
    sharing: 'shared',
    heartbeatMs,
    orphanDrainMs: 1_000,
    env: {},
    args: [],
  });

/** One that has a slot. */
const live = async (program: string, { heartbeatMs = 0, ...options }: Options = {}): Promise<WorkerLife> => {
  const life = await boot(program, options);
  assign(life, heartbeatMs);
  return life;
};

const reached = (life: WorkerLife, phase: LifePhase): Promise<unknown> =>
  firstValueFrom(life.status$.pipe(filter((status) => status.phase === phase)));

const ended = (life: WorkerLife): Promise<WorkerExit> =>
  firstValueFrom(
    life.status$.pipe(
      map(({ exit }) => exit),
      filter((exit) => exit !== undefined),
    ),
  );

const complaint = (life: WorkerLife): Promise<Complaint> => firstValueFrom(life.complaints$);

/** Does it as soon as it is complained of. */
const replaceSilent = (life: WorkerLife, intent: ExitIntent = 'unresponsive'): void => {
  life.complaints$.pipe(filter(({ type }) => type === 'unresponsive')).subscribe(() => life.kill(intent));
};

const openFiles = (): number => readdirSync('/proc/self/fd').length;

test('one that ignores every request to leave is killed at the deadline, with nothing else happening', async () => {
  const life = await live('stubborn-worker.mjs');
  await reached(life, 'ready');
  const asked = performance.now();
  life.drain({ reason: 'stop', deadlineMs: 1_000, handOver: false }, 'stop');
  const exit = await ended(life);
  const tookMs = performance.now() - asked;
  expect(exit).toMatchObject({ code: null, signal: 'SIGKILL', intent: 'stop', crash: false, forced: true });
  expect(tookMs).toBeGreaterThanOrEqual(999);
  expect(tookMs).toBeLessThan(1_200);
  expect(isAlive(life.process.pid)).toBe(false);
});

test('one that blocks its loop for 3 s is given up after 1 s of silence and killed', async () => {
  const life = await live('blocking-worker.mjs', { heartbeatMs: 200, heartbeatTimeoutMs: 1_000 });
  await reached(life, 'ready');
  replaceSilent(life);
  const found = await complaint(life);
  expect(found).toMatchObject({ type: 'unresponsive' });
  const exit = await ended(life);
  expect(exit).toMatchObject({ signal: 'SIGKILL', intent: 'unresponsive', crash: false, forced: true });
  // Blocked for 3 s from 100 ms after it was ready on: it did not get to the end of that.
  expect(performance.now() - life.status.readyAt).toBeLessThan(2_500);
});

test('one that is stopped is noticed, and gone, within 3 s at the defaults, and leaves no file open', async () => {
  const files = openFiles();
  const life = await live('listening-worker.mjs', { heartbeatMs: 500, heartbeatTimeoutMs: 2_500 });
  await reached(life, 'ready');
  const stoppedAt = performance.now();
  process.kill(life.process.pid, 'SIGSTOP');
  replaceSilent(life);
  await complaint(life);
  expect(performance.now() - stoppedAt).toBeLessThan(3_000);
  expect(await ended(life)).toMatchObject({ signal: 'SIGKILL', intent: 'unresponsive' });
  expect(performance.now() - stoppedAt).toBeLessThan(3_300);
  await expect.poll(openFiles, { timeout: 5_000 }).toBeLessThanOrEqual(files);
});

test('one that runs out of memory has crashed, and costs its primary none', async () => {
  const life = await live('leaking-worker.mjs', { execArgv: ['--max-old-space-size=24'] });
  await reached(life, 'ready');
  const before = process.memoryUsage().rss;
  const exit = await ended(life);
  expect(exit).toMatchObject({ code: null, signal: 'SIGABRT', crash: true, forced: false });
  expect(exit).not.toHaveProperty('intent');
  expect(process.memoryUsage().rss - before).toBeLessThan(20_000_000);
});

test('more memory than it may have is complained of long before it has run out', async () => {
  const life = await live('leaking-worker.mjs', {
    heartbeatMs: 50,
    maxMemoryBytes: 150_000_000,
    execArgv: ['--max-old-space-size=1024'],
  });
  const found = await complaint(life);
  expect(found.type === 'memory' ? found.rssBytes : 0).toBeGreaterThan(150_000_000);
});

test('one that is never ready is killed when its time is up', async () => {
  const life = await live('silent-worker.mjs', { readyTimeoutMs: 1_000 });
  const exit = await ended(life);
  expect(exit).toMatchObject({ signal: 'SIGKILL', intent: 'unready', crash: false });
  expect(exit.error).toMatchObject({ code: 'ERR_WORKER_READY_TIMEOUT', pid: life.process.pid, timeoutMs: 1_000 });
});

test.each([
  ['SIGKILL', { code: null, signal: 'SIGKILL', crash: true }],
  ['SIGSEGV', { code: null, signal: 'SIGSEGV', crash: true }],
  // It has a handler: it finishes, and nobody asked it to.
  ['SIGTERM', { code: 0, signal: null, crash: false }],
] as const)('%s from outside is an end that nobody asked for', async (signal, expected) => {
  const life = await live('listening-worker.mjs');
  await reached(life, 'ready');
  process.kill(life.process.pid, signal);
  const exit = await ended(life);
  expect(exit).toMatchObject({ ...expected, forced: false });
  expect(exit).not.toHaveProperty('intent');
});

test('a spare has booted before it has a slot, and runs its script once it has', async () => {
  const { createSpares }: Sparing = await import(builtFile('workers/spares.js'));
  const { systemClock }: typeof import('../../lib/workers/clock.ts') = await import(builtFile('workers/clock.js'));
  const first = await boot('listening-worker.mjs');
  const second = await boot('listening-worker.mjs');
  const lives = [first, second];
  const spares = createSpares(
    () => {
      const life = lives.shift();
      if (life === undefined) throw new Error('one more than expected was started');
      return life;
    },
    {
      size: 2,
      coolDownMs: 0,
      settings: {
        respawnDelayMs: 60_000,
        backoff: { factor: 1, maxMs: 0, jitter: 0, resetAfterMs: 0 },
        maxCrashes: 1,
        crashWindowMs: 1,
      },
      clock: systemClock,
    },
  );
  spares.start();
  await firstValueFrom(spares.waiting$.pipe(filter((waiting) => waiting === 2)));
  const taken = spares.take();
  expect(taken).toBe(first);
  assign(first);
  await reached(first, 'ready');
  spares.stop();
  await lastValueFrom(spares.stopped$, { defaultValue: undefined });
  expect(isAlive(second.process.pid)).toBe(false);
  expect(isAlive(first.process.pid)).toBe(true);
});
