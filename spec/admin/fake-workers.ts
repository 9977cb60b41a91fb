import { BehaviorSubject, NEVER, Subject } from 'rxjs';
import type { WorkersEvent } from '../../lib/workers/event.ts';
import type { RestartReport } from '../../lib/workers/restart-report.ts';
import type { WorkerSnapshot, WorkersSnapshot } from '../../lib/workers/snapshot.ts';
import type { WorkersState } from '../../lib/workers/worker-state.ts';
import type { Workers } from '../../lib/workers/workers.ts';

/** An active worker; what is given is different. */
export const slotOf = (slot: number, over: Partial<WorkerSnapshot> = {}): WorkerSnapshot => ({
  slot,
  state: 'active',
  pid: 100 + slot,
  port: 0,
  startedAt: 0,
  since: 0,
  uptimeMs: 1_000,
  restarts: 0,
  crashes: 0,
  recentCrashes: 0,
  ...over,
});

const DONE: RestartReport = { status: 'done', replaced: [0, 1], kept: [], failed: [], forced: [], durationMs: 1 };

/** Workers without processes: they do what they are told at once, and what the test says. */
export class FakeWorkers implements Workers {
  readonly name = 'workers';
  readonly states$ = new BehaviorSubject<WorkersState>('Running');
  readonly told$ = new Subject<WorkersEvent>();
  readonly state$ = this.states$.asObservable();
  readonly events$ = this.told$.asObservable();
  readonly workers$ = NEVER;
  readonly reports$ = NEVER;
  readonly sockets = { hold: () => NEVER };
  error: Error | undefined;
  exitCode: 0 | 1 = 0;
  slots: readonly WorkerSnapshot[] = [slotOf(0), slotOf(1)];
  report: RestartReport = DONE;
  /** What `scale` and `enable` fail with. */
  failure: Error | undefined;
  readonly orders: string[] = [];

  get snapshot(): WorkersSnapshot {
    const active = this.slots.filter(({ state }) => state === 'active').length;
    const state = this.states$.value;
    return { state, count: this.slots.length, active, restarting: false, workers: this.slots, spares: 0 };
  }
  start(): Promise<void> {
    return Promise.resolve();
  }
  stop() {
    this.orders.push('stop');
    return Promise.resolve({ forced: [], durationMs: 1 });
  }
  restart(): Promise<RestartReport> {
    this.orders.push('restart');
    return Promise.resolve(this.report);
  }
  signal(): void {}
  async enable(slot: number): Promise<void> {
    this.orders.push(`enable ${slot}`);
    if (this.failure !== undefined) throw this.failure;
  }
  async scale(count: number | 'auto' | 'physical'): Promise<void> {
    this.orders.push(`scale ${count}`);
    if (this.failure !== undefined) throw this.failure;
    this.slots = Array.from({ length: Number(count) }, (_, slot) => slotOf(slot));
  }
  stats() {
    const { count, active } = this.snapshot;
    return {
      total: count,
      active,
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
    };
  }
  workerStats(slot: number): WorkerSnapshot {
    return this.slots[slot] ?? slotOf(slot);
  }
  collect() {
    return Promise.resolve({ ...this.stats(), workers: this.slots, missing: [], complete: true });
  }
  topic() {
    return { messages$: NEVER, send: () => NEVER };
  }
  async [Symbol.asyncDispose](): Promise<void> {}
}
