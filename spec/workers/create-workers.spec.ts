import { describe, expect, test } from 'vitest';
import type { WorkersSnapshot } from '../../lib/workers/snapshot.ts';
import { fleet, NEVER_MS, startedFleet, turn } from './fleet.ts';

const boom = new Error('boom');

describe('start', () => {
  test('slots are there before it, each starting and without a process', () => {
    const { workers } = fleet({ count: 2 });
    expect(workers.snapshot).toMatchObject({ state: 'New', count: 2, active: 0 });
    expect(workers.workerStats(0)).toMatchObject({
      slot: 0,
      pid: 0,
      port: 3000,
      state: 'starting',
      crashes: 0,
      restarts: 0,
      uptimeMs: 0,
      startedAt: 0,
    });
    expect(() => workers.workerStats(2)).toThrow('slot must be a number from 0 to 1, not 2');
  });

  test('slots are started one after the other, and it resolves when all are active', async () => {
    const { workers, pass, events, lines } = fleet({ startupDelayMs: 100 });
    let started = false;
    const starting = workers.start().then(() => {
      started = true;
    });
    await pass(250);
    expect([started, workers.snapshot.state]).toEqual([false, 'Booting']);
    await pass(50);
    await starting;
    expect(workers.snapshot).toMatchObject({ state: 'Running', active: 3 });
    expect(lines()).toEqual(['starting 0', 'active 0', 'starting 1', 'active 1', 'starting 2', 'active 2']);
    const at = events.flatMap((event) => (event.type === 'starting' ? [event.at] : []));
    expect([(at[1] ?? 0) - (at[0] ?? 0), (at[2] ?? 0) - (at[1] ?? 0)]).toEqual([100, 100]);
  });

  test('uptime grows once a worker is active', async () => {
    const { workers, pass } = await startedFleet({ count: 1 });
    const { uptimeMs } = workers.workerStats(0);
    await pass(1_000);
    expect(workers.workerStats(0).uptimeMs).toBe(uptimeMs + 1_000);
  });

  test('when none can be started it rejects with the cause, and nothing is left', async () => {
    const { workers, pass, started, time } = fleet({}, () => ({ unstarted: boom }));
    const starting = workers.start();
    const refused = expect(starting).rejects.toMatchObject({ code: 'ERR_WORKERS_FAILED', cause: boom });
    await pass(1_000);
    await refused;
    expect(workers.snapshot.state).toBe('Error');
    expect(workers.exitCode).toBe(1);
    expect([time.waiting, started.filter(({ ended }) => !ended).length]).toEqual([0, 0]);
  });

  test('when one of four cannot be started, the others run and it is left to the rules for crashes', async () => {
    const one = await startedFleet({ count: 4, env: (slot) => (slot === 2 ? { BAD: '1' } : {}) }, (_, { launch }) =>
      launch?.env.BAD === '1' ? { unstarted: boom } : {},
    );
    expect(one.workers.snapshot).toMatchObject({ state: 'Running', active: 3 });
    expect(one.workers.workerStats(2)).toMatchObject({ state: 'disabled', crashes: 3, error: boom });
  });

  test('what a function of the user throws counts as a process that could not be started', async () => {
    const { workers } = await startedFleet({
      count: 2,
      env: (slot) => {
        if (slot === 1) throw boom;
        return {};
      },
    });
    expect(workers.workerStats(1)).toMatchObject({ state: 'disabled', error: boom });
    expect(workers.snapshot.active).toBe(1);
  });

  test('workers that were stopped can be started again, as new ones', async () => {
    const { workers, pass } = await startedFleet({ count: 1 });
    const states: string[] = [];
    const follow = () =>
      workers.state$.subscribe({ next: (state) => states.push(state), complete: () => states.push('|') });
    follow();
    const stopping = workers.stop();
    await pass(100);
    await stopping;
    const starting = workers.start();
    follow();
    await pass(200);
    await starting;
    expect(states).toEqual(['Running', 'Stopping', 'Stopped', '|', 'New', 'Booting', 'Running']);
    expect(workers.workerStats(0)).toMatchObject({ state: 'active', restarts: 0 });
  });
});

describe('crashes', () => {
  test('a worker that crashes comes back in its slot after the delay', async () => {
    const { workers, started, pass, lines } = await startedFleet({ count: 2 });
    const pid = workers.workerStats(1).pid;
    started[1]?.exits(1);
    await turn();
    expect(workers.workerStats(1)).toMatchObject({ state: 'respawning', pid: 0, uptimeMs: 0 });
    await pass(300);
    expect(workers.workerStats(1)).toMatchObject({ state: 'active', restarts: 1, crashes: 1, recentCrashes: 1 });
    expect(workers.workerStats(1).pid).not.toBe(pid);
    expect(workers.workerStats(1).lastExit).toMatchObject({ code: 1, signal: null, crash: true });
    expect(lines().slice(-4)).toEqual(['exit 1', 'respawning 1', 'starting 1', 'active 1']);
  });

  test('with the defaults, two respawns and then it is disabled; enable brings it back with nothing against it', async () => {
    let broken = true;
    const one = await startedFleet({ count: 2, coolDownMs: 0 }, (index) => (index > 1 && broken ? { crashMs: 0 } : {}));
    const { workers, started, pass, events } = one;
    started[1]?.dies('SIGSEGV');
    await pass(2_000);
    expect(workers.workerStats(1)).toMatchObject({ state: 'disabled', crashes: 3 });
    expect(events.filter(({ type }) => type === 'respawning')).toHaveLength(2);
    expect(workers.snapshot.state).toBe('Running');
    broken = false;
    const enabling = workers.enable(1);
    await pass(200);
    await enabling;
    expect(workers.workerStats(1)).toMatchObject({ state: 'active', recentCrashes: 0 });
  });

  test('enable rejects when the process ends before it is ready', async () => {
    const { workers, started, pass } = await startedFleet({ count: 2, maxCrashes: 1 }, (index) =>
      index > 1 ? { crashMs: 0 } : {},
    );
    started[1]?.exits(1);
    await pass(50);
    expect(workers.workerStats(1).state).toBe('disabled');
    const refused = expect(workers.enable(1)).rejects.toMatchObject({ code: 'ERR_WORKER_CRASH', exitCode: 1 });
    await pass(100);
    await refused;
    await expect(workers.enable(7)).rejects.toMatchObject({ code: 'ERR_OPTIONS' });
  });

  test('a disabled slot gets one more chance after the cool-down', async () => {
    const { workers, started, pass, lines } = await startedFleet({ count: 2, maxCrashes: 1, coolDownMs: 1_000 });
    started[1]?.exits(1);
    await pass(900);
    expect(workers.workerStats(1).state).toBe('disabled');
    await pass(300);
    expect(workers.workerStats(1).state).toBe('active');
    expect(lines().slice(-3)).toEqual(['enabled 1', 'starting 1', 'active 1']);
  });

  test('without respawn a worker stays crashed, one that ends well is stopped, and the last one ends all', async () => {
    const { workers, started, pass } = await startedFleet({ count: 2, respawn: false });
    started[0]?.exits(1);
    await pass(1_000);
    expect(workers.snapshot).toMatchObject({ state: 'Running', active: 1 });
    expect(workers.workerStats(0).state).toBe('crashed');
    started[1]?.exits(0);
    await pass(100);
    expect(workers.snapshot.state).toBe('Error');
    expect(workers.error).toMatchObject({ code: 'ERR_WORKERS_FAILED' });
    expect(workers.exitCode).toBe(1);
  });

  test('workers that all end well are stopped, and that is no failure', async () => {
    const { workers, started, pass } = await startedFleet({ count: 2, respawn: 'on-failure' });
    for (const process of started) process.exits(0);
    await pass(100);
    expect(workers.snapshot.state).toBe('Stopped');
    expect([workers.exitCode, workers.error]).toEqual([0, undefined]);
  });

  test('when all fail too often together nobody is respawned until the period is over', async () => {
    const options = { count: 3, maxIntensity: 2, intensityPeriodMs: 10_000, coolDownMs: 0 };
    const { workers, started, pass, events } = await startedFleet(options);
    for (const process of started.slice(0, 3)) process.exits(1);
    await pass(5_000);
    expect(workers.snapshot.active).toBe(0);
    expect(events.filter(({ type }) => type === 'breaker')).toMatchObject([{ open: true, crashes: 3 }]);
    await pass(5_500);
    expect(workers.snapshot).toMatchObject({ state: 'Running', active: 3 });
    expect(events.filter(({ type }) => type === 'breaker')).toMatchObject([{ open: true }, { open: false }]);
  });
});

describe('stop', () => {
  test('lets workers finish, and leaves no process and no timer', async () => {
    const { workers, started, pass, time } = await startedFleet();
    const stopping = workers.stop();
    expect(started.map(({ received }) => received.at(-1))).toEqual(
      started.map(() => ({ type: 'drain', request: { reason: 'stop', deadlineMs: 15_000, handOver: false } })),
    );
    await pass(100);
    expect(await stopping).toMatchObject({ forced: [] });
    expect(workers.snapshot.workers.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped']);
    expect([time.waiting, started.some(({ ended }) => !ended), workers.exitCode]).toEqual([0, false, 0]);
  });

  test('who is late is killed at the deadline, and that shows', async () => {
    const { workers, started, pass } = await startedFleet({ shutdownTimeoutMs: 1_000 }, (index) =>
      index === 1 ? { leaveMs: NEVER_MS } : {},
    );
    const stopping = workers.stop();
    await pass(990);
    expect(started[1]?.ended).toBe(false);
    await pass(20);
    expect(await stopping).toMatchObject({ forced: [1] });
    expect(started[1]?.signals).toEqual(['SIGKILL']);
    expect(workers.exitCode).toBe(1);
  });

  test('a second stop with less time hastens the first', async () => {
    const { workers, pass } = await startedFleet({}, () => ({ leaveMs: NEVER_MS }));
    const first = workers.stop();
    await pass(100);
    const second = workers.stop({ drainTimeoutMs: 200 });
    await pass(210);
    expect(await first).toMatchObject({ forced: [0, 1, 2] });
    expect(await second).toEqual(await first);
  });

  test('cancels a respawn that is pending', async () => {
    const { workers, started, pass, time } = await startedFleet({ count: 2 });
    started[0]?.exits(1);
    await pass(50);
    const stopping = workers.stop();
    await pass(1_000);
    await stopping;
    expect(started).toHaveLength(2);
    expect(time.waiting).toBe(0);
  });

  test('while starting, starts nobody else', async () => {
    const { workers, started, pass } = fleet({ count: 3 });
    const starting = workers.start();
    await pass(150);
    const stopping = workers.stop();
    await pass(1_000);
    await Promise.all([starting, stopping]);
    expect(started).toHaveLength(2);
    expect(workers.snapshot.state).toBe('Stopped');
  });

  test('before a start, and twice, is fine', async () => {
    const idle = fleet();
    expect(await idle.workers.stop()).toEqual({ forced: [], durationMs: 0 });
    const { workers, pass } = await startedFleet();
    const stopping = workers.stop();
    await pass(100);
    expect(await workers.stop()).toEqual(await stopping);
  });

  test('a signal that aborts is a stop', async () => {
    const { signal, abort } = ((controller) => ({ signal: controller.signal, abort: () => controller.abort() }))(
      new AbortController(),
    );
    const { workers, pass } = await startedFleet({ signal });
    abort();
    await pass(100);
    expect(workers.snapshot.state).toBe('Stopped');
  });

  test('ends every stream', async () => {
    const { workers, pass } = await startedFleet();
    const ended: string[] = [];
    const end = (name: string) => ({ complete: () => ended.push(name) });
    workers.state$.subscribe(end('state'));
    workers.workers$.subscribe(end('workers'));
    workers.events$.subscribe(end('events'));
    workers.reports$.subscribe(end('reports'));
    workers.topic('x').messages$.subscribe(end('topic'));
    let last: WorkersSnapshot | undefined;
    workers.workers$.subscribe((snapshot) => {
      last = snapshot;
    });
    void workers.stop();
    await pass(100);
    expect(ended.sort()).toEqual(['events', 'reports', 'state', 'topic', 'workers']);
    expect(last?.state).toBe('Stopped');
  });
});

describe('subscribers that throw', () => {
  const fail = (): never => {
    throw boom;
  };

  test('hurt nobody, whatever they wait for, and are told of', async () => {
    const { workers, started, logged } = await startedFleet({ count: 1 });
    workers.workers$.subscribe(fail);
    workers.topic('t').messages$.subscribe(fail);
    workers.topic('t').send(0, 'nobody').subscribe(fail);
    started[0]?.says({ type: 'topic', topic: 't', body: 1 });
    await turn();
    expect(logged.filter((line) => line === 'error: a subscriber of the workers failed')).toHaveLength(3);
    expect(workers.snapshot).toMatchObject({ state: 'Running', active: 1 });
  });
});
