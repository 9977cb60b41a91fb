import { BehaviorSubject, EMPTY, type Observable, of, Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { Runnable } from '../../lib/supervision/runnable.ts';
import type { DrainRequest } from '../../lib/workers/drain.ts';
import type { Load } from '../../lib/workers/pulse.ts';
import { loadOf } from '../../lib/workers/runnable-load.ts';
import { createRuns, drainTimeoutMs } from '../../lib/workers/runs.ts';

const request = { reason: 'restart', deadlineMs: 10_000, handOver: true } as const;

/** The part of a runtime that runs need, and what they did with it. */
const workerOf = () => {
  const log: string[] = [];
  const holds = new Set<(asked: DrainRequest) => Promise<unknown>>();
  const loads = new Set<() => Load>();
  const runs = createRuns(
    {
      ready: () => log.push('ready'),
      hold: (drain) => {
        holds.add(drain);
        return () => holds.delete(drain);
      },
      load: (read) => {
        loads.add(read);
        return () => loads.delete(read);
      },
    },
    (error) => log.push(`report ${error}`),
  );
  const leave = (): Promise<unknown> => Promise.all([...holds].map((drain) => drain(request)));
  const load = (): readonly Load[] => [...loads].map((read) => read());
  return { runs, log, holds, leave, load };
};

const runnable = (state$: Observable<string>, log: string[], overrides: Partial<Runnable> = {}): Runnable => ({
  name: 'it',
  state$,
  start: () => log.push('start'),
  stop: (options) => log.push(`stop ${JSON.stringify(options)}`),
  ...overrides,
});

const settled = async (promise: Promise<void>): Promise<string> => {
  let how = 'pending';
  promise.then(
    () => (how = 'resolved'),
    (error) => (how = `rejected ${error.code ?? error}`),
  );
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  return how;
};

test('it is started, ready when it is Running, and stopped with the time that there is when the worker leaves', async () => {
  const { runs, log, holds, leave } = workerOf();
  const state$ = new BehaviorSubject('New');
  const run = runs.run(runnable(state$, log));
  expect(log).toEqual(['start']);
  state$.next('Booting');
  state$.next('Running');
  state$.next('Reloading');
  state$.next('Running');
  expect(log).toEqual(['start', 'ready']);
  expect(await settled(run)).toBe('pending');
  await leave();
  expect(log).toEqual(['start', 'ready', 'stop {"drainTimeoutMs":9500,"handOver":true}']);
  expect(await settled(run)).toBe('resolved');
  expect(holds.size).toBe(0);
  expect(state$.observed).toBe(false);
});

test('with several it is ready when all of them are', () => {
  const { runs, log } = workerOf();
  const [first, second] = [new Subject<string>(), new Subject<string>()];
  void runs.run(runnable(first, log));
  void runs.run(runnable(second, log));
  second.next('Running');
  expect(log).not.toContain('ready');
  first.next('Running');
  expect(log.filter((entry) => entry === 'ready')).toEqual(['ready']);
});

test('one that has nothing to tell but that it runs does so until it is stopped', async () => {
  const { runs, log } = workerOf();
  expect(await settled(runs.run(runnable(of('Running'), log)))).toBe('pending');
  expect(log).toEqual(['ready', 'start']);
});

describe('it ends by itself', () => {
  test.each([
    ['when it is Stopped', (state: Subject<string>) => state.next('Stopped')],
    ['when it has no more to tell', (state: Subject<string>) => state.complete()],
  ])('%s', async (_, end) => {
    const { runs, log, holds } = workerOf();
    const state = new Subject<string>();
    const run = runs.run(runnable(state, log));
    state.next('Running');
    end(state);
    expect(await settled(run)).toBe('resolved');
    expect(holds.size).toBe(0);
    expect(log).toEqual(['start', 'ready']);
  });

  test('when it never began', async () => {
    const { runs, log } = workerOf();
    expect(await settled(runs.run(runnable(EMPTY, log)))).toBe('resolved');
    expect(log).toEqual([]);
  });
});

describe('it fails, and is stopped so that it lets go of what it had taken', () => {
  const cause = Object.assign(new Error('broken'), { code: 'ERR_BROKEN' });
  test.each([
    ['by a state, with its error', (state: Subject<string>) => state.next('Error'), { error: cause }, 'ERR_BROKEN'],
    ['by a state, without one', (state: Subject<string>) => state.next('Error'), {}, 'ERR_WORKER_RUNNABLE'],
    ['by its states', (state: Subject<string>) => state.error(cause), {}, 'ERR_BROKEN'],
    ['by what is no error', (state: Subject<string>) => state.error('text'), {}, 'ERR_WORKER_RUNNABLE'],
  ])('%s', async (_, fail, overrides, code) => {
    const { runs, log, holds } = workerOf();
    const state = new Subject<string>();
    const run = runs.run(runnable(state, log, overrides));
    fail(state);
    expect(await settled(run)).toBe(`rejected ${code}`);
    expect(log).toEqual(['start', 'stop undefined']);
    expect(holds.size).toBe(0);
  });

  test.each([
    [
      'that throws',
      () => {
        throw cause;
      },
    ],
    ['that rejects', () => Promise.reject(cause)],
  ])('by a start %s', async (_, start) => {
    const { runs, log } = workerOf();
    expect(await settled(runs.run(runnable(new Subject(), log, { start })))).toBe('rejected ERR_BROKEN');
    expect(log).toEqual(['stop undefined']);
  });

  test('one that fails keeps no other from being ready', () => {
    const { runs, log } = workerOf();
    const [sick, well] = [new Subject<string>(), new Subject<string>()];
    runs.run(runnable(sick, log)).catch(() => {});
    void runs.run(runnable(well, log));
    sick.next('Error');
    well.next('Running');
    expect(log).toContain('ready');
  });

  test('while it leaves it is reported', async () => {
    const { runs, log, leave } = workerOf();
    const state = new Subject<string>();
    const run = runs.run(runnable(state, log, { stop: () => state.error(cause) }));
    await leave();
    expect(log).toEqual(['start', 'report Error: broken']);
    expect(await settled(run)).toBe('resolved');
  });
});

test('what a cluster serves is told while it runs, and its requests are remembered after that', async () => {
  const { runs, log, load } = workerOf();
  const state = new Subject<string>();
  let begin: () => void = () => {};
  let watched = 0;
  const servers = { a: { connections: 2, inFlight: 1 }, b: { connections: 3, inFlight: 0 } };
  const cluster = {
    ...runnable(state, log),
    snapshot: { servers },
    instrument: (instrument: { begin(): void }) => {
      watched += 1;
      begin = instrument.begin;
      return { unsubscribe: () => (watched -= 1) };
    },
  };
  void runs.run(cluster);
  for (let request = 0; request < 4; request += 1) begin();
  expect(load()).toEqual([{ connections: 5, inFlight: 1, requests: 4 }]);
  state.next('Stopped');
  expect(load()).toEqual([{ connections: 0, inFlight: 0, requests: 4 }]);
  expect(watched).toBe(0);
});

test('servers that do not say what they serve count as none', () => {
  expect(loadOf({ snapshot: { servers: { a: {}, b: null, c: { connections: 'many', inFlight: 2 } } } })).toEqual({
    connections: 0,
    inFlight: 2,
  });
});

test.each([
  [0, 0],
  [100, 90],
  [5_000, 4_500],
  [30_000, 29_500],
])('of %i ms a runnable has %i', (deadlineMs, drainMs) => {
  expect(drainTimeoutMs(deadlineMs)).toBe(drainMs);
});
