import { NEVER } from 'rxjs';
import { onTestFinished } from 'vitest';
import type { Logger } from '../../lib/log/logger.ts';
import { ReactiveWorkers } from '../../lib/workers/create-workers.ts';
import type { WorkersEvent } from '../../lib/workers/event.ts';
import type { WorkersOptions } from '../../lib/workers/options.ts';
import type { ToWorker } from '../../lib/workers/protocol.ts';
import { settingsOf } from '../../lib/workers/settings.ts';
import { type FakeProcess, fakeProcesses, type VirtualTime, virtualTime } from './fake-process.ts';

/** How a fake process behaves, by the order in which it was started. Milliseconds of virtual time. */
export interface Manners {
  /** From its assignment to `ready`; 50 by default. */
  readonly readyMs?: number;
  /** From the request to leave to its end; 20 by default. */
  readonly leaveMs?: number;
  /** From its assignment to an exit with code 1. */
  readonly crashMs?: number;
  /** It cannot even be started. */
  readonly unstarted?: Error;
}

export interface Fleet {
  readonly workers: ReactiveWorkers;
  readonly time: VirtualTime;
  /** Every process, in the order in which they were started. */
  readonly started: readonly FakeProcess[];
  readonly events: readonly WorkersEvent[];
  /** The events as short lines: `starting 0`, `exit 1`. */
  readonly lines: () => readonly string[];
  readonly logged: readonly string[];
  /** Lets time go by in small steps, and everything that follows from each happen. */
  pass(ms: number): Promise<void>;
  /** How many processes say that they are ready, and were not asked to leave. */
  readonly serving: () => number;
}

/** For what does not happen. */
export const NEVER_MS = Number.POSITIVE_INFINITY;

const STEP_MS = 10;

/** Lets promises and microtasks come to their end. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const silent = (logged: string[]): Logger => {
  const write =
    (level: string) =>
    (message: string): void => {
      logged.push(`${level}: ${message}`);
    };
  return { error: write('error'), warn: write('warn'), info: write('info'), debug: () => {} };
};

/** Workers without processes, in virtual time. */
export const fleet = (
  options: Partial<WorkersOptions> = {},
  manners: (index: number, process: FakeProcess) => Manners = () => ({}),
): Fleet => {
  const time = virtualTime();
  const logged: string[] = [];
  const later = (ms: number, work: () => void): void => {
    time.scheduler.schedule(() => work(), ms);
  };
  const mannersOf = new Map<FakeProcess, Manners>();
  const ready = new Set<FakeProcess>();
  const onMessage = (message: ToWorker, process: FakeProcess): void => {
    const { readyMs = 50, leaveMs = 20, crashMs } = mannersOf.get(process) ?? {};
    if (message.type === 'assign') {
      if (crashMs !== undefined) later(crashMs, () => process.exits(1));
      if (readyMs !== NEVER_MS) {
        later(readyMs, () => {
          if (process.ended) return;
          ready.add(process);
          process.ready();
        });
      }
    }
    if (message.type === 'drain') {
      ready.delete(process);
      if (leaveMs !== NEVER_MS) later(leaveMs, () => process.exits(0));
    }
  };
  const processes = fakeProcesses(
    (process, index) => {
      const own = manners(index, process);
      mannersOf.set(process, own);
      const { unstarted } = own;
      if (unstarted !== undefined) process.fails(unstarted);
      else later(10, () => process.hello());
    },
    { onMessage },
  );
  const settings = settingsOf({
    port: 3000,
    script: '/srv/worker.js',
    count: 3,
    heartbeatMs: 0,
    logger: silent(logged),
    ...options,
  });
  const workers = new ReactiveWorkers(settings, {
    clock: time,
    processes: () => processes,
    sockets: () => ({ hold: () => NEVER, serve: () => ({ unsubscribe: () => {} }), close: () => {} }),
  });
  const events: WorkersEvent[] = [];
  workers.events$.subscribe((event) => events.push(event));
  const pass = async (ms: number): Promise<void> => {
    await turn();
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      time.pass(Math.min(STEP_MS, ms - passed));
      await turn();
    }
  };
  onTestFinished(async () => {
    void workers.stop({ drainTimeoutMs: 0 });
    await pass(STEP_MS);
  });
  return {
    workers,
    time,
    pass,
    started: processes.started,
    events,
    lines: () => events.map((event) => ('slot' in event ? `${event.type} ${event.slot}` : event.type)),
    logged,
    serving: () => [...ready].filter(({ ended }) => !ended).length,
  };
};

/** Workers that have been started and are active. */
export const startedFleet = async (...parameters: Parameters<typeof fleet>): Promise<Fleet> => {
  const made = fleet(...parameters);
  const starting = made.workers.start();
  await made.pass(500);
  await starting;
  return made;
};
