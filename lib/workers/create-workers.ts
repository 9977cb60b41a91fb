import { defer, filter, firstValueFrom, type Observable, takeUntil } from 'rxjs';
import type { StopOptions } from '../cluster/orders.ts';
import { fromAbortSignal } from '../reactive/from-abort-signal.ts';
import { guarded } from '../reactive/guarded.ts';
import { systemClock } from './clock.ts';
import { createSockets } from './create-sockets.ts';
import type { WorkersEvent } from './event.ts';
import { narrate } from './narrate.ts';
import { nodeProcesses } from './node-processes.ts';
import { assertModule } from './option-checks.ts';
import type { WorkersOptions } from './options.ts';
import { Orders } from './orders.ts';
import type { RestartReport } from './restart-report.ts';
import { Run } from './run.ts';
import { settingsOf, type WorkersSettings } from './settings.ts';
import { isGivenUp } from './slot-state.ts';
import type { WorkerSnapshot, WorkersSnapshot } from './snapshot.ts';
import type { Sockets } from './sockets.ts';
import type { CollectedStats, CollectOptions, WorkerReport, WorkersStats } from './statistics.ts';
import type { PrimaryTopic } from './topic.ts';
import type { WorkersState } from './worker-state.ts';
import type { Workers, WorkersStopReport } from './workers.ts';
import type { Workshop } from './workshop.ts';

/** Workers over all their lives. */
export class ReactiveWorkers implements Workers {
  readonly name: string;
  readonly state$: Observable<WorkersState>;
  readonly workers$: Observable<WorkersSnapshot>;
  readonly events$: Observable<WorkersEvent>;
  readonly reports$: Observable<WorkerReport>;
  readonly sockets: Sockets;
  readonly #settings: WorkersSettings;
  readonly #workshop: Workshop;
  #run: Run;
  #orders: Orders;
  /** A start that was asked for while this life was ending. */
  #again = false;

  constructor(settings: WorkersSettings, workshop: Workshop) {
    this.#settings = settings;
    this.#workshop = workshop;
    this.name = settings.name;
    this.#run = this.#newRun();
    this.#orders = new Orders(this.#run);
    this.state$ = this.#guarded(() => this.#run.state$);
    this.workers$ = this.#guarded(() => this.#run.workers$);
    this.events$ = this.#guarded(() => this.#run.events$);
    this.reports$ = this.#guarded(() => this.#run.census.reports$);
    this.sockets = { hold: (address) => this.#guarded(() => this.#run.sockets.hold(address)) };
  }

  get snapshot(): WorkersSnapshot {
    return this.#run.snapshot;
  }

  get error(): Error | undefined {
    return this.#run.error;
  }

  get exitCode(): 0 | 1 {
    const { error, forced, slots } = this.#run;
    const nobodyRuns = slots.every(({ state }) => isGivenUp(state)) && slots.some(({ state }) => state !== 'stopped');
    return error !== undefined || forced.length > 0 || nobodyRuns ? 1 : 0;
  }

  async start(): Promise<void> {
    const before = this.#run;
    if (before.state === 'Stopping') {
      this.#again = true;
      await firstValueFrom(before.ended$);
      if (!this.#again) return;
    }
    if (this.#run.state === 'Stopped' || this.#run.state === 'Error') {
      this.#run = this.#newRun();
      this.#orders = new Orders(this.#run);
    }
    const run = this.#run;
    if (run.state === 'New') this.#begin(run);
    const settled$ = run.state$.pipe(
      filter((state) => state === 'Running' || state === 'Stopped' || state === 'Error'),
    );
    await firstValueFrom(settled$);
    if (run.error !== undefined) throw run.error;
  }

  async stop({ drainTimeoutMs }: StopOptions = {}): Promise<WorkersStopReport> {
    const run = this.#run;
    this.#again = false;
    if (run.state === 'New') return { forced: [], durationMs: 0 };
    // What is no time to wait for leaves them their own.
    const isTime = drainTimeoutMs !== undefined && drainTimeoutMs >= 0;
    run.stop(isTime ? drainTimeoutMs : this.#settings.shutdownTimeoutMs);
    return firstValueFrom(run.ended$);
  }

  restart(): Promise<RestartReport> {
    return this.#orders.restart();
  }

  signal(name: NodeJS.Signals): void {
    this.#orders.signal(name);
  }

  enable(slot: number): Promise<void> {
    return this.#orders.enable(slot);
  }

  scale(count: number | 'auto' | 'physical'): Promise<void> {
    return this.#orders.scale(count);
  }

  stats(): WorkersStats {
    return this.#run.census.stats();
  }

  workerStats(slot: number): WorkerSnapshot {
    return this.#orders.slot(slot).snapshot();
  }

  collect(options?: CollectOptions): Promise<CollectedStats> {
    return this.#run.census.collect(options);
  }

  topic(name: string): PrimaryTopic {
    return {
      messages$: this.#guarded(() => this.#run.topics.messages$(name)),
      send: (pid, body) => this.#guarded(() => this.#run.topics.send(name, pid, body)),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop().then(() => {});
  }

  #begin(run: Run): void {
    const { signal } = this.#settings;
    run.start();
    if (signal === undefined) return;
    fromAbortSignal(signal)
      .pipe(takeUntil(run.ended$))
      .subscribe(() => void this.stop());
  }

  #newRun(): Run {
    const { logger, onStart, onExit } = this.#settings;
    const run = new Run(this.#settings, this.#workshop);
    run.events$.subscribe((event) => narrate(event, logger));
    const events$ = guarded(run.events$, (error) => logger.error('a callback of the workers failed', error));
    events$.subscribe((event) => {
      if (event.type !== 'starting') return undefined;
      return onStart?.({ slot: event.slot, pid: event.pid });
    });
    events$.subscribe((event) => {
      if (event.type !== 'exit') return undefined;
      return onExit?.({ slot: event.slot, pid: event.pid, exit: event.exit });
    });
    return run;
  }

  #guarded<T>(source: () => Observable<T>): Observable<T> {
    const { logger } = this.#settings;
    return guarded(defer(source), (error) => logger.error('a subscriber of the workers failed', error));
  }
}

/** Processes, sockets and time of this machine. */
const machine: Workshop = {
  clock: systemClock,
  processes: ({ sharing }) => nodeProcesses(sharing),
  sockets: ({ sharing }, warn, newcomers$) => createSockets({ sharing, warn, newcomers$ }),
};

/**
 * Makes workers: several processes that run one script and serve one port, each in a slot of its own.
 *
 * Nothing is started until `start`. Slots are numbered from 0 and outlive their processes: one that crashes comes back,
 * one that crashes too often is disabled, and `restart()` replaces all of them without refusing anybody. In the script,
 * `workerContext()` says which one it is.
 *
 * With `await using workers = createWorkers(…)` they stop where its block ends. Should this process end without that, no
 * worker is left behind.
 *
 * @throws OptionsError for options it cannot work with; nothing is started.
 */
export const createWorkers = (options: WorkersOptions): Workers => {
  const settings = settingsOf(options);
  // What this process runs itself is there.
  if (options.script !== undefined) assertModule('script', settings.script);
  return new ReactiveWorkers(settings, machine);
};
