import {
  asyncScheduler,
  defer,
  EMPTY,
  filter,
  firstValueFrom,
  map,
  merge,
  type Observable,
  of,
  type SchedulerLike,
  Subject,
  Subscription,
  take,
  timer,
} from 'rxjs';
import { CountedProcess } from './counted-process.ts';
import type { FromWorker } from './protocol.ts';
import { SlotCounts } from './slot-counts.ts';
import type { WorkersSnapshot } from './snapshot.ts';
import {
  type CollectedStats,
  type CollectOptions,
  countStates,
  type WorkerReport,
  type WorkersStats,
} from './statistics.ts';
import { toStatisticsData } from './statistics-data.ts';
import { type Share, Tally } from './tally.ts';
import type { WorkerProcess } from './worker-process.ts';

const TIMEOUT_MS = 1_000;

/** Who asks from a worker waits no longer, whatever it says. */
const LONGEST_MS = 60_000;

/** What is counted in slots, and where that can be read. */
export interface Slots {
  readonly workers$: Observable<WorkersSnapshot>;
  readonly snapshot: WorkersSnapshot;
}

/** One process that lives, and what it adds to the totals. */
interface Resident {
  readonly process: CountedProcess;
  readonly requests: Share;
  readonly counters: Share;
  /** What it asked for and was not told yet. */
  readonly asked: Subscription;
}

/**
 * Keeps the numbers of all workers: those that live, and what those that do not had counted.
 *
 * 1. `add` follows a process from the moment it has a slot to its end, however many of a slot there are.
 * 2. Its beats and reports are counted as they come; with its end it is no part of the sums any more, but what it
 *    counted stays.
 * 3. `collect` asks those that are ready, and answers with what is known when all have answered, have ended, or the time
 *    is over. Workers that ask for statistics are answered in the same way.
 */
export class Census {
  readonly #slots: Slots;
  readonly #scheduler: SchedulerLike;
  readonly #residents = new Map<WorkerProcess, Resident>();
  readonly #requests = new Tally();
  readonly #counters = new Tally();
  readonly #slotCounts = new SlotCounts();
  readonly #reports = new Subject<WorkerReport>();
  /** Emits after everything that somebody may have waited for. */
  readonly #progress = new Subject<void>();
  readonly #watching: Subscription;

  /** @param scheduler - whose time is waited for. */
  constructor(slots: Slots, scheduler: SchedulerLike = asyncScheduler) {
    this.#slots = slots;
    this.#scheduler = scheduler;
    // A slot that goes takes its numbers along: they are noted whether or not anybody reads them.
    this.#watching = slots.workers$.subscribe({ next: (snapshot) => this.#slotCounts.observe(snapshot) });
  }

  /** What processes report, and their ends. Hot; completes when this is closed. */
  get reports$(): Observable<WorkerReport> {
    return this.#reports.asObservable();
  }

  /** Counts a process from now on: before it has said that it is ready. */
  add(slot: number, child: WorkerProcess): void {
    const resident: Resident = {
      process: new CountedProcess(slot, child, () => this.#scheduler.now()),
      requests: this.#requests.begin(),
      counters: this.#counters.begin(),
      asked: new Subscription(),
    };
    this.#residents.set(child, resident);
    resident.process.follow(
      (message) => this.#hear(child, resident, message),
      () => this.#end(child, resident),
    );
  }

  /** Numbers as they were last heard of. */
  stats(): WorkersStats {
    const { snapshot } = this.#slots;
    this.#slotCounts.observe(snapshot);
    const beats = Array.from(this.#residents.values(), ({ process }) => process.beat).filter(
      (beat) => beat !== undefined,
    );
    const sum = (name: 'connections' | 'inFlight' | 'rssBytes'): number =>
      beats.reduce((total, beat) => total + beat[name], 0);
    return {
      ...countStates(snapshot),
      restarts: this.#slotCounts.restarts,
      crashes: this.#slotCounts.crashes,
      connections: sum('connections'),
      inFlight: sum('inFlight'),
      rssBytes: sum('rssBytes'),
      requests: this.#requests.total('requests'),
      counters: this.#counters.read(),
    };
  }

  /**
   * Asks every process that is ready, all at once.
   *
   * Shape: cold; emits once, after `timeoutMs` at the latest, and completes; never errors. Unsubscribing ends the
   * waiting. Nobody is asked twice at a time, however many collect: answers that were given after the subscription are
   * shared.
   */
  collect$({ timeoutMs = TIMEOUT_MS, series = false }: CollectOptions = {}): Observable<CollectedStats> {
    return defer(() => {
      const asked = Array.from(this.#residents.values(), ({ process }) => process)
        .filter(({ isReady }) => isReady)
        .map((process) => ({ process, question: timeoutMs === 0 ? Number.POSITIVE_INFINITY : process.ask(series) }));
      const isDone = (): boolean =>
        asked.every(({ process, question }) => process.isOver || process.hasAnswered(question));
      const missing = (): readonly number[] =>
        asked
          .filter(({ process, question }) => !process.hasLeft && !process.hasAnswered(question))
          .map(({ process }) => process.slot);
      const over$ = timeoutMs === 0 ? of(undefined) : timer(timeoutMs, this.#scheduler);
      return merge(isDone() ? of(undefined) : EMPTY, this.#progress.pipe(filter(isDone)), over$).pipe(
        take(1),
        map(() => this.#collected(missing())),
      );
    });
  }

  /** The same, once; never rejects. */
  collect(options: CollectOptions = {}): Promise<CollectedStats> {
    return firstValueFrom(this.collect$(options));
  }

  /** Ends `reports$` and the watching of slots; once all processes have ended, nothing is left. */
  close(): void {
    this.#watching.unsubscribe();
    this.#reports.complete();
  }

  #collected(missing: readonly number[]): CollectedStats {
    const beats = new Map(Array.from(this.#residents.values(), ({ process }) => [process.pid, process.beat] as const));
    const workers = this.#slots.snapshot.workers.map((worker) => {
      const heartbeat = beats.get(worker.pid) ?? worker.heartbeat;
      return heartbeat === undefined ? worker : { ...worker, heartbeat };
    });
    const slots = [...new Set(missing)].sort((a, b) => a - b);
    return { ...this.stats(), workers, missing: slots, complete: slots.length === 0 };
  }

  #hear(child: WorkerProcess, resident: Resident, message: FromWorker): void {
    const { process } = resident;
    if (message.type === 'statistics') {
      resident.asked.add(this.#answer(child, message));
      return;
    }
    const beat = process.hear(message);
    if (beat !== undefined) {
      resident.requests.count({ requests: beat.requests });
      resident.counters.count(beat.counters);
    }
    if (message.type !== 'report') return;
    process.settle(message);
    const { slot, pid } = process;
    this.#reports.next({ type: 'report', slot, pid, beat: message.beat, series: message.series });
    this.#progress.next();
  }

  #answer(child: WorkerProcess, { id, timeoutMs }: Extract<FromWorker, { type: 'statistics' }>): Subscription {
    const patience = Number.isFinite(timeoutMs) ? Math.min(Math.max(0, timeoutMs), LONGEST_MS) : TIMEOUT_MS;
    return this.collect$({ timeoutMs: patience }).subscribe((stats) => {
      child.send({ type: 'collected', id, statistics: toStatisticsData(stats) });
    });
  }

  #end(child: WorkerProcess, { process, requests, counters, asked }: Resident): void {
    if (!this.#residents.delete(child)) return;
    process.end();
    requests.end();
    counters.end();
    asked.unsubscribe();
    this.#reports.next({ type: 'ended', slot: process.slot, pid: process.pid });
    this.#progress.next();
  }
}
