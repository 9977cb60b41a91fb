import { Subject } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CommandError } from '../../lib/cli/exit-code.ts';
import { createFileCluster } from '../../lib/cli/file-cluster.ts';
import type { RunEvent } from '../../lib/cli/run-event.ts';
import { createCluster } from '../../lib/cluster/cluster.ts';
import type { WorkersConfig, WorkersCount } from '../../lib/config/workers-config.ts';
import type { SourceEvent } from '../../lib/source/source.ts';
import type { WorkerCluster, WorkerClusterOptions } from '../../lib/worker-cluster/worker-cluster.ts';
import { FakeWorkers } from '../admin/fake-workers.ts';

const loaded = (body: string, listen = '127.0.0.1:0'): SourceEvent => ({
  type: 'loaded',
  file: 'a.json',
  servers: { web: { listen, routes: [{ path: '/', respond: { body } }] } },
  problems: [],
});

const failed: SourceEvent = {
  type: 'failed',
  file: 'a.json',
  problems: [{ code: 'ERR_SOURCE_SYNTAX', file: 'a.json', message: 'broken', hint: 'mend it', line: 1, column: 2 }],
};

/** A file cluster on a source that says what the test says. */
const open = (asked?: WorkersCount) => {
  const workers = new FakeWorkers();
  const made: WorkerClusterOptions[] = [];
  /** One process that has workers to show. */
  const clusterWorkers = (options: WorkerClusterOptions): WorkerCluster => {
    made.push(options);
    const { logger, commit, strategy } = options;
    const own = { ...(logger && { logger }), ...(commit && { commit }), ...(strategy && { strategy }) };
    return Object.assign(createCluster(own), { workers }) as unknown as WorkerCluster;
  };
  const events$ = new Subject<SourceEvent>();
  const reloads: unknown[] = [];
  const events: RunEvent[] = [];
  const warnings: string[] = [];
  const states: string[] = [];
  const silent = (): void => {};
  const logger = { error: silent, warn: (message: string) => void warnings.push(message), info: silent, debug: silent };
  const cluster = createFileCluster(
    (reload$) => {
      reload$.subscribe(() => reloads.push('reload'));
      return events$;
    },
    (event) => void events.push(event),
    logger,
    { baseDir: '/srv', workers: asked, clusterWorkers },
  );
  cluster.state$.subscribe((state) => states.push(state));
  onTestFinished(async () => void (await cluster.stop()));
  return { cluster, events$, reloads, events, warnings, states, workers, made };
};

const body = async (url: string | undefined): Promise<string> => (await fetch(url ?? '')).text();

describe('beginning', () => {
  test('it is running when the first configuration is in force, and not before', async () => {
    const { cluster, events$, states } = open();
    const started = cluster.start();
    expect(states).toEqual(['New', 'Booting']);
    events$.next(loaded('one'));
    await started;
    expect(states).toEqual(['New', 'Booting', 'Running']);
    expect(await body(cluster.snapshot?.servers.web?.url)).toBe('one');
  });

  test('a first configuration that is not valid is refused with 3', async () => {
    const { cluster, events$ } = open();
    const started = Promise.resolve(cluster.start());
    events$.next(failed);
    await expect(started).rejects.toMatchObject({ exitCode: 3, code: 'ERR_SOURCE_SYNTAX', hint: 'mend it' });
  });

  test('a first configuration that cannot be put in force is refused with 4', async () => {
    const { cluster, events$ } = open();
    const started = Promise.resolve(cluster.start());
    events$.next(loaded('one', '192.0.2.1:8080'));
    const error = await started.catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ exitCode: 4, code: 'ERR_BIND', message: expect.stringContaining('192.0.2.1:8080') });
  });

  test('a source that ends without a word is refused', async () => {
    const { cluster, events$ } = open();
    const started = Promise.resolve(cluster.start());
    events$.complete();
    await expect(started).rejects.toMatchObject({ exitCode: 3, code: 'ERR_SOURCE_SILENT' });
  });

  test('several configurations at once: the newest is served', async () => {
    const { cluster, events$ } = open();
    const started = cluster.start();
    for (const text of ['one', 'two', 'three', 'four']) events$.next(loaded(text));
    await started;
    await expect.poll(() => body(cluster.snapshot?.servers.web?.url)).toBe('four');
  });
});

describe('going on', () => {
  const running = async () => {
    const all = open();
    const started = all.cluster.start();
    all.events$.next(loaded('one'));
    await started;
    return all;
  };

  test('what is broken is shown and changes nothing, and the next good one is served', async () => {
    const { cluster, events$, events, states } = await running();
    events$.next(failed);
    expect(events.slice(-2)).toEqual([
      { type: 'config', file: 'a.json', status: 'invalid', problems: 1 },
      expect.objectContaining({ type: 'error', code: 'ERR_SOURCE_SYNTAX', line: 1, column: 2, hint: 'mend it' }),
    ]);
    expect(await body(cluster.snapshot?.servers.web?.url)).toBe('one');
    events$.next(loaded('two'));
    await expect.poll(() => body(cluster.snapshot?.servers.web?.url)).toBe('two');
    expect(states).toEqual(['New', 'Booting', 'Running']);
  });

  test('what is wrong with the file is known until a good one follows', async () => {
    const { cluster, events$ } = await running();
    events$.next(failed);
    expect(cluster.controlled?.problems).toMatchObject([{ code: 'ERR_SOURCE_SYNTAX', line: 1, column: 2 }]);
    events$.next(loaded('two'));
    expect(cluster.controlled?.problems).toEqual([]);
  });

  test('that the last good configuration is served is told, and known until another takes its place', async () => {
    const { cluster, events$, warnings } = open();
    const started = cluster.start();
    const keptAt = '2026-11-20T10:00:00.000Z';
    events$.next({ ...loaded('kept'), keptAt } as SourceEvent);
    events$.next(failed);
    await started;
    expect(warnings).toEqual([`the file cannot be used: the last good configuration, of ${keptAt}, is being served`]);
    expect(cluster.controlled?.resumedFrom).toBe(keptAt);
    await cluster.controlled?.desired.restart();
    expect(cluster.controlled?.resumedFrom).toBe(keptAt);
    await cluster.controlled?.desired.replace({ web: { listen: '127.0.0.1:0', routes: [] } }, undefined);
    expect(cluster.controlled?.resumedFrom).toBeUndefined();
  });

  test('why an order was undone or refused is told once, as for an edit', async () => {
    const { cluster, events } = await running();
    const { controlled } = cluster;
    const web = { listen: '192.0.2.1:8080', routes: [] };
    await controlled?.desired.replace({ web }, undefined);
    await controlled?.desired.apply({ web: { ...web, listen: 'nowhere' } });
    const told = events.filter(({ type }) => type === 'outcome' || type === 'error');
    expect(told.slice(1)).toMatchObject([
      { type: 'outcome', outcome: { status: 'rolledBack' } },
      { type: 'error', code: 'ERR_BIND', hint: expect.stringMatching(/./) },
      { type: 'outcome', outcome: { status: 'rejected' } },
      { type: 'error', code: 'ERR_CONFIG', hint: expect.stringMatching(/./) },
    ]);
  });

  test('why an edit was undone is told once, and what tries it again', async () => {
    const { events$, events, warnings } = await running();
    events$.next(loaded('two', '192.0.2.1:8080'));
    await expect.poll(() => events.filter(({ type }) => type === 'error')).toMatchObject([{ code: 'ERR_BIND' }]);
    const again = ['not all of the file is in force: SIGHUP, or an edit of the file, tries again'];
    const told = () => warnings.filter((warning) => warning.includes('SIGHUP'));
    await expect.poll(told).toEqual(again);
    events$.next(loaded('three'));
    await expect.poll(() => events.filter(({ type }) => type === 'outcome')).toHaveLength(3);
    expect(events.filter(({ type }) => type === 'error')).toHaveLength(1);
    expect(told()).toEqual(again);
  });

  test('reloading asks the source', async () => {
    const { cluster, reloads } = await running();
    cluster.reload?.();
    expect(reloads).toEqual(['reload']);
  });

  test('an edit of what is fixed at the start is answered with a warning', async () => {
    const { events$, warnings } = await running();
    events$.next({ ...loaded('one'), type: 'loaded', commit: 'independent' } as SourceEvent);
    expect(warnings).toEqual(['commit stays the default until the next start']);
  });

  test('the end of the source is not the end of the cluster', async () => {
    const { cluster, events$ } = await running();
    events$.complete();
    expect(await body(cluster.snapshot?.servers.web?.url)).toBe('one');
    expect(cluster.snapshot?.source).toBe('completed');
  });

  test('stopping lets go of the source first, frees the port, and says how it went', async () => {
    const { cluster, events$, events, states } = await running();
    const url = cluster.snapshot?.servers.web?.url;
    const stopping = cluster.stop();
    expect(events$.observed).toBe(false);
    await stopping;
    await expect(body(url)).rejects.toThrow();
    expect(events.at(-1)).toMatchObject({ type: 'stopped', cut: 0 });
    expect(states.slice(-2)).toEqual(['Stopping', 'Stopped']);
  });
});

describe('on workers', () => {
  const asking = (workers: WorkersConfig, body = 'one'): SourceEvent => ({ ...loaded(body), workers }) as SourceEvent;
  const running = async (first: SourceEvent, asked?: WorkersCount) => {
    const all = open(asked);
    const started = all.cluster.start();
    all.events$.next(first);
    await started;
    return all;
  };

  test('it is made with what the file says, and paths are those of the file', async () => {
    const { made, cluster } = await running(asking({ count: 3, preload: ['./app.ts'], code: './code.ts' }));
    expect(made).toMatchObject([
      {
        count: 3,
        preload: ['/srv/app.ts'],
        code: './code.ts',
        baseDir: '/srv',
        commit: 'atomic',
        strategy: 'hot-swap',
      },
    ]);
    expect(cluster.controlled).toMatchObject({ fixed: { workers: { count: 3 } } });
  });

  test('the command line wins over the file, from the start on', async () => {
    const { made, events$, workers } = await running(asking({ count: 3, spares: 1 }), 2);
    expect(made).toMatchObject([{ count: 2, spares: 1 }]);
    events$.next(asking({ count: 8, spares: 1 }, 'two'));
    expect(workers.orders).toEqual([]);
  });

  test('how many there are follows the file, and what else it says of them does not', async () => {
    const { events$, workers, warnings } = await running(asking(2));
    events$.next(asking(2, 'two'));
    events$.next(asking(4));
    events$.next(asking({ count: 4, spares: 1 }));
    events$.next(loaded('three'));
    expect(workers.orders).toEqual(['scale 4']);
    expect(warnings).toEqual([
      'settings of workers stay as they were until the next start, but for count',
      'workers stay until the next start',
    ]);
  });

  test('a number that cannot be had is told', async () => {
    const { events$, workers, events } = await running(asking(2));
    workers.failure = Object.assign(new Error('no memory'), { code: 'ERR_SPAWN', hint: 'have fewer' });
    events$.next(asking(4));
    await expect.poll(() => events.filter(({ type }) => type === 'error')).toMatchObject([{ code: 'ERR_SPAWN' }]);
  });

  test('a file that holds code when it no longer asks for them changes nothing', async () => {
    const { cluster, events$, events } = await running(asking(2));
    const servers = { web: { listen: '127.0.0.1:0', app: () => new Response('code') } };
    events$.next({ type: 'loaded', file: 'a.ts', servers, problems: [] });
    expect(events.slice(-2)).toMatchObject([
      { type: 'config', status: 'invalid', problems: 1 },
      { type: 'error', code: 'ERR_CONFIG', server: 'web', path: 'app' },
    ]);
    expect(await body(cluster.snapshot?.servers.web?.url)).toBe('one');
  });

  test('what happens to them is shown', async () => {
    const { workers, events } = await running(asking(2));
    const event = { type: 'respawning', at: 1, slot: 0, delayMs: 100 } as const;
    workers.told$.next(event);
    expect(events).toContainEqual({ type: 'worker', event });
  });

  test('restarting replaces them, and a refusal is told', async () => {
    const { cluster, workers, warnings } = await running(asking(2));
    await cluster.restart();
    expect(warnings).toEqual([]);
    workers.report = { ...workers.report, status: 'refused', replaced: [], kept: [0, 1] };
    await cluster.restart();
    expect(workers.orders).toEqual(['restart', 'restart']);
    expect(warnings).toEqual(['the restart was refused']);
  });

  test('that nobody can be kept running is the end, and the exit code tells', async () => {
    const { cluster, workers, states } = await running(asking(2));
    expect(cluster.exitCode).toBe(0);
    workers.error = new Error('no worker could be kept running');
    workers.exitCode = 1;
    workers.states$.next('Error');
    expect(states.at(-1)).toBe('Error');
    expect(cluster.error).toBe(workers.error);
    expect(cluster.exitCode).toBe(1);
  });

  test('settings that cannot be used end the run before anything is served', async () => {
    const { events$, cluster, made } = open();
    made.push = () => {
      throw Object.assign(new Error('count must be less'), { code: 'ERR_OPTIONS', hint: 'have fewer' });
    };
    const started = Promise.resolve(cluster.start());
    events$.next(asking(2));
    await expect(started).rejects.toMatchObject({ exitCode: 3, code: 'ERR_OPTIONS' });
  });
});
