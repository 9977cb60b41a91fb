import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { filter, firstValueFrom, map } from 'rxjs';
import { expect, onTestFinished } from 'vitest';
import type { WorkersEvent } from '../../lib/workers/event.ts';
import type { WorkersOptions } from '../../lib/workers/options.ts';
import type { WorkerSnapshot } from '../../lib/workers/snapshot.ts';
import type { Workers } from '../../lib/workers/workers.ts';
import { builtWorkers } from './built-workers.ts';
import { isAlive } from './program.ts';

/** In which way a worker falls; see `programs/falling-worker.mjs`. */
export type Fall = 'boot' | 'exit' | 'clean' | 'throw' | 'block' | 'swell' | 'stay' | 'never';

/** Workers, and what became of them. */
export interface Scene {
  readonly workers: Workers;
  /** What happened, in order. */
  readonly events: readonly WorkersEvent[];
  readonly port: number;
  told<T extends WorkersEvent['type']>(type: T): readonly Extract<WorkersEvent, { readonly type: T }>[];
  /** The first snapshot of a slot that fits. */
  seen(fits: (worker: WorkerSnapshot) => boolean, slot?: number): Promise<WorkerSnapshot>;
  /** Makes the process of a slot fall. */
  fell(slot?: number): void;
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('it has no port');
  return address.port;
};

const quiet = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

/** Workers that are stopped when the test is over; each slot falls in its own way. */
export const hire = async (
  fall: Fall | ((slot: number) => Fall),
  options: Partial<WorkersOptions> = {},
): Promise<Scene> => {
  const { createWorkers } = await builtWorkers();
  const port = await freePort();
  const workers = createWorkers({
    script: join(import.meta.dirname, 'programs/falling-worker.mjs'),
    port,
    count: 1,
    startupDelayMs: 0,
    execArgv: [],
    logger: quiet,
    args: (slot) => [typeof fall === 'function' ? fall(slot) : fall, String(port)],
    ...options,
  });
  const events: WorkersEvent[] = [];
  workers.events$.subscribe((event) => events.push(event));
  onTestFinished(async () => {
    await workers.stop({ drainTimeoutMs: 0 });
    const pids = events.flatMap((event) => (event.type === 'starting' ? [event.pid] : []));
    expect(pids.filter(isAlive)).toEqual([]);
  });
  return {
    workers,
    events,
    port,
    told: <T extends WorkersEvent['type']>(type: T) =>
      events.filter((event): event is Extract<WorkersEvent, { readonly type: T }> => event.type === type),
    seen: (fits, slot = 0) =>
      firstValueFrom(
        workers.workers$.pipe(
          map((snapshot) => snapshot.workers[slot]),
          filter((worker) => worker !== undefined),
          filter(fits),
        ),
      ),
    fell: (slot = 0) => {
      process.kill(workers.workerStats(slot).pid, 'SIGUSR1');
    },
  };
};

/** The same, started. */
export const running = async (...hired: Parameters<typeof hire>): Promise<Scene> => {
  const scene = await hire(...hired);
  await scene.workers.start();
  return scene;
};

/** Asks over a connection of its own; resolves with the pid that answered, rejects when nobody did. */
export const ask = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: new Agent({ keepAlive: false }), timeout: 5_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(Number(text)));
    })
      .on('timeout', () => reject(new Error('nobody answered')))
      .on('error', reject);
  });
