import { Counter, Gauge, Registry } from 'prom-client';
import { BehaviorSubject, defer, EMPTY, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { Census } from '../../lib/workers/census.ts';
import type { WorkersEvent } from '../../lib/workers/event.ts';
import type { WorkerExit } from '../../lib/workers/exit.ts';
import { Reporter } from '../../lib/workers/reporter.ts';
import type { WorkerSnapshot, WorkersSnapshot } from '../../lib/workers/snapshot.ts';
import type { CollectedStats, WorkerReport } from '../../lib/workers/statistics.ts';
import { exposeMetrics } from '../../lib/workers/worker-metrics.ts';
import { createWorkersMetrics, type WorkersMetricsOptions } from '../../lib/workers/workers-metrics.ts';
import { readText, type Scraped } from '../metrics/scraping.ts';
import { fakeProcess, heartbeat } from './fake-process.ts';

const travel = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** A worker with a registry of its own; what it sends goes through JSON, as between processes. */
const workerWith = (pid: number, slot: number) => {
  const registry = new Registry();
  const jobs = new Counter({ name: 'jobs_total', help: 'Jobs.', registers: [registry] });
  const up = new Gauge({ name: 'sluice_server_up', help: 'Up.', labelNames: ['server'], registers: [registry] });
  const open = new Gauge({ name: 'sluice_server_connections', help: 'Open.', registers: [registry] });
  let sequence = 0;
  let isBlocked = false;
  const process = fakeProcess({
    pid,
    onMessage: (message) => {
      if (message.type === 'collect' && !isBlocked) void reporter.answer(message);
    },
  });
  const reporter = new Reporter(
    () => {
      sequence += 1;
      return { ...heartbeat, sequence, requests: sequence };
    },
    (message) => {
      if (message.type === 'report') {
        process.says({ ...message, series: message.series.map(travel) });
      }
    },
  );
  return {
    slot,
    process,
    reporter,
    registry,
    jobs,
    up,
    open,
    block: () => {
      isBlocked = true;
    },
  };
};

const stats: CollectedStats = {
  total: 0,
  active: 0,
  starting: 0,
  stopping: 0,
  crashed: 0,
  stopped: 0,
  disabled: 0,
  restarts: 0,
  crashes: 0,
  shuttingDown: false,
  restarting: false,
  connections: 0,
  inFlight: 0,
  rssBytes: 0,
  requests: 0,
  counters: {},
  workers: [],
  missing: [],
  complete: true,
};

const exit = (more: Partial<WorkerExit> = {}): WorkerExit => ({
  code: null,
  signal: 'SIGKILL',
  crash: true,
  forced: false,
  at: 1,
  ...more,
});

/** Workers without processes of their own, and what is scraped of them. */
const measured = (options: Omit<WorkersMetricsOptions, 'workers'> = {}) => {
  const workers$ = new BehaviorSubject<WorkersSnapshot>({
    state: 'Running',
    count: 0,
    active: 0,
    restarting: false,
    workers: [],
    spares: 0,
  });
  const events$ = new Subject<WorkersEvent>();
  const census = new Census({
    workers$,
    get snapshot() {
      return workers$.value;
    },
  });
  const metrics = createWorkersMetrics({
    workers: { events$, reports$: census.reports$, collect: (how) => census.collect(how) },
    ...options,
  });
  let pid = 1000;
  return {
    metrics,
    events$,
    reports$: census.reports$,
    scrape: async (): Promise<Scraped> => readText(await metrics.metrics()),
    /** A process that is ready, beside those of its slot that are there. */
    enter: (slot: number) => {
      const worker = workerWith(pid++, slot);
      census.add(slot, worker.process);
      exposeMetrics(worker.reporter, worker.registry);
      worker.process.ready();
      return worker;
    },
    /** Which process serves for each slot. */
    serve: (...workers: readonly (Partial<WorkerSnapshot> & Pick<WorkerSnapshot, 'slot' | 'pid'>)[]) => {
      const all = workers.map(
        (worker): WorkerSnapshot => ({
          state: 'active',
          port: 0,
          startedAt: 1,
          since: 1,
          uptimeMs: 0,
          restarts: 0,
          crashes: 0,
          recentCrashes: 0,
          ...worker,
        }),
      );
      workers$.next({ ...workers$.value, workers: all, count: all.length, active: all.length });
    },
  };
};

test('series of all workers are scraped in one place', async () => {
  const { scrape, enter, serve, metrics } = measured();
  const [a, b] = [enter(0), enter(1)];
  serve({ slot: 0, pid: 1000 }, { slot: 1, pid: 1001 });
  a.jobs.inc(2);
  b.jobs.inc(3);
  a.up.set({ server: 'api' }, 1);
  b.up.set({ server: 'api' }, 0);
  a.open.set(4);
  b.open.set(5);
  const { value, types } = await scrape();
  expect(value('jobs_total')).toBe(5);
  expect(value('sluice_server_up{server="api",worker="0"}')).toBe(1);
  expect(value('sluice_server_up{server="api",worker="1"}')).toBe(0);
  expect(value('sluice_server_connections')).toBe(9);
  expect(value('sluice_worker_up{worker="0"}')).toBe(1);
  expect(value('sluice_worker_missing{worker="0"}')).toBe(0);
  expect(types).toMatchObject({ jobs_total: 'counter', sluice_worker_state: 'gauge' });
  const answer = await metrics.app.request('/metrics');
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(readText(await answer.text()).value('jobs_total')).toBe(5);
});

test('no counter falls when a worker is killed between two scrapes', async () => {
  const { scrape, enter, serve } = measured();
  const first = enter(0);
  serve({ slot: 0, pid: 1000 });
  first.jobs.inc(7);
  expect((await scrape()).value('jobs_total')).toBe(7);
  first.process.dies('SIGKILL');
  const second = enter(0);
  serve({ slot: 0, pid: 1001, restarts: 1, crashes: 1 });
  expect((await scrape()).value('jobs_total')).toBe(7);
  second.jobs.inc(2);
  const { value } = await scrape();
  expect(value('jobs_total')).toBe(9);
  expect(value('sluice_worker_restarts_total{worker="0"}')).toBe(1);
});

test('what a worker counts after the last scrape is there once it has left', async () => {
  const { scrape, enter, serve } = measured();
  const worker = enter(0);
  serve({ slot: 0, pid: 1000 });
  worker.jobs.inc(7);
  await scrape();
  worker.jobs.inc(5);
  await worker.reporter.last();
  worker.process.exits(0);
  serve();
  expect((await scrape()).value('jobs_total')).toBe(12);
});

test('a worker that does not answer is left out and named, and what it counted is not', async () => {
  const { scrape, enter, serve } = measured({ timeoutMs: 50 });
  const [a, b] = [enter(0), enter(1)];
  serve({ slot: 0, pid: 1000 }, { slot: 1, pid: 1001 });
  for (const worker of [a, b]) {
    worker.jobs.inc(3);
    worker.up.set({ server: 'api' }, 1);
    worker.open.set(1);
  }
  await scrape();
  b.block();
  const { value, under } = await scrape();
  expect(value('jobs_total')).toBe(6);
  expect(under('sluice_server_up')).toEqual(['sluice_server_up{server="api",worker="0"}']);
  expect(value('sluice_server_connections')).toBe(1);
  expect(value('sluice_worker_missing{worker="1"}')).toBe(1);
  expect(value('sluice_worker_up{worker="1"}')).toBe(1);
  expect(under('sluice_worker_resident')).toEqual(['sluice_worker_resident_memory_bytes{worker="0"}']);
});

test('while one process takes over from another, the label is that of the one that serves, and sums have both', async () => {
  const { scrape, enter, serve } = measured();
  const [old, young] = [enter(0), enter(0)];
  serve({ slot: 0, pid: 1001 });
  for (const [worker, up] of [
    [old, 0],
    [young, 1],
  ] as const) {
    worker.up.set({ server: 'api' }, up);
    worker.open.set(2);
    worker.jobs.inc(1);
  }
  const { value, under } = await scrape();
  expect(under('sluice_server_up')).toEqual(['sluice_server_up{server="api",worker="0"}']);
  expect(value('sluice_server_up{server="api",worker="0"}')).toBe(1);
  expect(value('sluice_server_connections')).toBe(4);
  expect(value('jobs_total')).toBe(2);
});

test('the series of workers themselves say what happened to them', async () => {
  const { scrape, enter, serve, events$ } = measured({ prefix: 'my_' });
  const worker = enter(0);
  events$.next({ at: 1, type: 'active', slot: 0, pid: 1000, bootMs: 250 });
  events$.next({ at: 1, type: 'exit', slot: 0, pid: 999, exit: exit() });
  events$.next({ at: 1, type: 'exit', slot: 0, pid: 998, exit: exit() });
  events$.next({ at: 1, type: 'exit', slot: 0, pid: 997, exit: exit({ code: 3, signal: null }) });
  events$.next({ at: 1, type: 'exit', slot: 1, pid: 996, exit: exit({ intent: 'restart', crash: false }) });
  worker.process.beat({ sequence: 1, counters: { jobs: 4 }, gauges: { queue: 7 }, requests: 9 });
  serve({ slot: 0, pid: 1000, uptimeMs: 1_500 }, { slot: 1, pid: 0, state: 'disabled' });
  const { value, under } = await scrape();
  expect(value('my_worker_boot_seconds{worker="0"}')).toBe(0.25);
  expect(value('my_worker_uptime_seconds{worker="0"}')).toBe(1.5);
  expect(value('my_worker_exits_total{crash="true",reason="SIGKILL",worker="0"}')).toBe(2);
  expect(value('my_worker_exits_total{crash="true",reason="exit_3",worker="0"}')).toBe(1);
  expect(value('my_worker_exits_total{crash="false",reason="restart",worker="1"}')).toBe(1);
  expect(value('my_worker_state{state="disabled",worker="1"}')).toBe(1);
  expect(value('my_worker_up{worker="1"}')).toBe(0);
  expect(value('my_workers_desired')).toBe(2);
  expect(value('my_workers_contributed_total{name="jobs"}')).toBe(4);
  expect(under('my_worker_resident')).toEqual(['my_worker_resident_memory_bytes{worker="0"}']);
  expect(under('sluice_worker')).toEqual([]);
});

test('series of the primary are added, and one that hangs or fails takes nothing from the others', async () => {
  const registry = new Registry();
  new Gauge({ name: 'sluice_server_up', help: 'Up.', labelNames: ['server'], registers: [registry] }).set(
    { server: 'admin' },
    1,
  );
  let collect: () => Promise<void> | void = () => {};
  new Counter({ name: 'configs_total', help: 'Configs.', registers: [registry], collect: () => collect() }).inc(3);
  const { scrape, enter, serve } = measured({ registry, timeoutMs: 50 });
  const worker = enter(0);
  serve({ slot: 0, pid: 1000 });
  worker.jobs.inc(1);
  const { value } = await scrape();
  expect(value('configs_total')).toBe(3);
  expect(value('sluice_server_up{server="admin",worker="primary"}')).toBe(1);
  for (const broken of [() => new Promise<void>(() => {}), () => Promise.reject(new Error('broken'))]) {
    collect = broken;
    const without = await scrape();
    expect(without.value('jobs_total')).toBe(1);
    expect(without.value('configs_total')).toBe(3);
    expect(without.under('sluice_server_up')).toEqual([]);
  }
});

test('what workers expose that is no metrics is passed over', async () => {
  const { scrape, enter, serve } = measured();
  const worker = enter(0);
  serve({ slot: 0, pid: 1000 });
  for (const other of ['text', null, { type: 'metrics' }, { type: 'metrics', source: 'x', families: [{}] }]) {
    worker.reporter.expose(() => other);
  }
  worker.jobs.inc(1);
  expect((await scrape()).value('jobs_total')).toBe(1);
});

test('workers that are started again are counted from the next scrape on, beside what was', async () => {
  const lives = [0, 1].map(() => ({ reports$: new Subject<WorkerReport>(), events$: new Subject<WorkersEvent>() }));
  let life = 0;
  const metrics = createWorkersMetrics({
    workers: {
      reports$: defer(() => lives[life]?.reports$ ?? EMPTY),
      events$: defer(() => lives[life]?.events$ ?? EMPTY),
      collect: async () => stats,
    },
  });
  const families = (value: number) => [
    { name: 'jobs_total', help: '', type: 'counter', samples: [['', '', '', value]] },
  ];
  const report = (value: number) => {
    const series = [{ type: 'metrics', source: 'a', families: families(value) }];
    lives[life]?.reports$.next({ type: 'report', slot: 0, pid: 1, beat: heartbeat, series });
  };
  report(3);
  lives[0]?.reports$.next({ type: 'ended', slot: 0, pid: 1 });
  lives[0]?.reports$.complete();
  lives[0]?.events$.complete();
  life = 1;
  expect(readText(await metrics.metrics()).value('jobs_total')).toBe(3);
  report(2);
  expect(readText(await metrics.metrics()).value('jobs_total')).toBe(5);
});

test('nothing is counted any more after it was unsubscribed', () => {
  const { metrics, events$ } = measured();
  expect(events$.observed).toBe(true);
  metrics.unsubscribe();
  expect(events$.observed).toBe(false);
});

test.each([
  [{ prefix: '1' }, 'prefix'],
  [{ timeoutMs: -1 }, 'timeoutMs'],
  [{ sum: [] }, 'sum'],
  [{ workers: {} }, 'workers'],
])('options that nothing can work with are refused: %o', (options, option) => {
  expect(() => measured(options as object)).toThrow(expect.objectContaining({ code: 'ERR_OPTIONS', option }));
});
