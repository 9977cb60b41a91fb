import {
  asapScheduler,
  auditTime,
  concatMap,
  from,
  map,
  type Observable,
  observeOn,
  of,
  ReplaySubject,
  Subject,
  Subscription,
  share,
  timer,
} from 'rxjs';
import { Census } from './census.ts';
import { WorkersFailedError, WorkersStateError } from './errors.ts';
import type { WorkersEvent } from './event.ts';
import { farewellFor } from './farewell.ts';
import { Fuse } from './fuse.ts';
import type { News, StartReason } from './news.ts';
import { Relief } from './relief.ts';
import type { Warning, WorkersSettings } from './settings.ts';
import { Slot } from './slot.ts';
import type { WorkersSnapshot } from './snapshot.ts';
import type { WorkerSockets } from './sockets.ts';
import { Staff } from './staff.ts';
import { States } from './states.ts';
import { Topics } from './topics.ts';
import { Turns } from './turns.ts';
import { judgeRun, judgeStart } from './verdict.ts';
import type { WorkersState } from './worker-state.ts';
import type { WorkersStopReport } from './workers.ts';
import type { Workshop } from './workshop.ts';

/** One life of workers, from `New` to `Stopped` or `Error`: its slots, and everything that happens to them. */
export class Run {
  readonly settings: WorkersSettings;
  readonly workshop: Workshop;
  readonly topics = new Topics();
  readonly sockets: WorkerSockets;
  readonly census: Census;
  readonly state$: Observable<WorkersState>;
  readonly workers$: Observable<WorkersSnapshot>;
  /** What happens, in order, when the turn's code is done. Hot; completes with the end. */
  readonly events$: Observable<WorkersEvent>;
  /** Emits once it stops, with why nobody else can be dealt with. Replays. */
  readonly stopping$ = new ReplaySubject<WorkersStateError>(1);
  /** Emits when nothing is left and every stream has said its last. Replays. */
  readonly ended$ = new ReplaySubject<WorkersStopReport>(1);
  readonly relief: Relief;
  readonly #states = new States();
  readonly #turns: Turns;
  readonly #fuse: Fuse;
  readonly #happened$ = new Subject<WorkersEvent>();
  readonly #review$ = new Subject<void>();
  readonly #life = new Subscription();
  readonly #forced = new Set<number>();
  readonly #kill = (): void => this.kill();
  #slots: readonly Slot[];
  #count: number;
  #staff: Staff | undefined;
  #sparesGone = false;
  #restarting = false;
  #error: WorkersFailedError | undefined;
  #stoppedAt = 0;

  constructor(settings: WorkersSettings, workshop: Workshop) {
    this.settings = settings;
    this.workshop = workshop;
    this.#count = settings.count;
    this.state$ = this.#states.state$;
    this.events$ = this.#happened$.pipe(observeOn(asapScheduler), share());
    this.#turns = new Turns(() => this.#take(), workshop.clock.scheduler);
    this.workers$ = this.#turns.workers$;
    const warn = (warning: Warning): void => this.tell({ type: 'warning', ...warning });
    this.sockets = workshop.sockets(settings, warn, this.#turns.newcomers$);
    this.#fuse = new Fuse({ ...settings, clock: workshop.clock, tell: (news) => this.tell(news) });
    this.relief = new Relief({
      clock: workshop.clock,
      longestRetryMs: settings.backoff.maxMs,
      farewell: (reason) => farewellFor(reason, settings.shutdownTimeoutMs),
      tell: (news) => this.tell(news),
    });
    this.#slots = this.#create(0, settings.count);
    this.census = new Census(this.#turns, workshop.clock.scheduler);
  }

  get state(): WorkersState {
    return this.#states.current;
  }

  get error(): WorkersFailedError | undefined {
    return this.#error;
  }

  get snapshot(): WorkersSnapshot {
    return this.#turns.snapshot;
  }

  get slots(): readonly Slot[] {
    return this.#slots;
  }

  /** How many there are to be; more slots than that exist while some leave. */
  get count(): number {
    return this.#count;
  }

  get restarting(): boolean {
    return this.#restarting;
  }

  set restarting(restarting: boolean) {
    this.#restarting = restarting;
    this.#turns.touch(false);
  }

  /** Slots whose process had to be killed while everything stopped. */
  get forced(): readonly number[] {
    return [...this.#forced].sort((a, b) => a - b);
  }

  /** Starts every slot. Throws, with nothing started, when this process cannot have workers. */
  start(): void {
    const { settings, workshop, sockets, census, topics } = this;
    const processes = workshop.processes(settings);
    const count = (): number => this.#count;
    const staff = new Staff({ settings, clock: workshop.clock, processes, sockets, census, topics, count });
    this.#staff = staff;
    this.#life.add(this.#review$.pipe(auditTime(0, asapScheduler)).subscribe(() => this.#review()));
    this.#life.add(staff.spares.waiting$.subscribe(() => this.#touch(false)));
    this.#life.add(
      staff.spares.ends$.subscribe(({ pid, givenUp }) => {
        const after = givenUp ? '; there are none for a while' : '';
        this.tell({ type: 'warning', code: 'WARN_SPARE_ENDED', message: `spare process ${pid} ended${after}` });
      }),
    );
    process.on('exit', this.#kill);
    this.#enter('Booting');
    for (const warning of settings.warnings) this.tell({ type: 'warning', ...warning });
    this.boot(this.#slots, 'start', () => staff.spares.start());
  }

  /** Starts slots, one after the other. */
  boot(slots: readonly Slot[], why: StartReason, begun: () => void = () => {}): void {
    const { startupDelayMs } = this.settings;
    const { scheduler } = this.workshop.clock;
    const turn$ = from(slots).pipe(
      concatMap((slot, nth) => (nth === 0 ? of(slot) : timer(startupDelayMs, scheduler).pipe(map(() => slot)))),
    );
    this.#life.add(turn$.subscribe({ next: (slot) => slot.begin(why), complete: begun }));
  }

  /** Lets every worker finish, then kills who is late; again with less time hastens it. */
  stop(deadlineMs: number): void {
    const { state } = this;
    if (state === 'New' || state === 'Stopped' || state === 'Error') return;
    this.#wind();
    const farewell = farewellFor('stop', deadlineMs);
    for (const slot of this.#slots) slot.close(farewell);
  }

  /** Ends every process in this turn. */
  kill(): void {
    this.#staff?.spares.stop();
    for (const life of this.#slots.flatMap(({ lives }) => lives)) life.kill('stop');
  }

  /** There are to be so many from now on. Returns the slots that are new, and those that are too many. */
  resize(count: number): { readonly more: readonly Slot[]; readonly less: readonly Slot[] } {
    const from = this.#count;
    this.#count = count;
    const more = this.#create(this.#slots.length, count);
    const less = this.#slots.slice(count);
    this.#slots = [...this.#slots, ...more];
    this.tell({ type: 'scaled', from, to: count });
    for (const { process } of this.#slots.flatMap(({ lives }) => lives)) process.send({ type: 'count', count });
    this.#touch(false);
    return { more, less };
  }

  /** Slots beyond the count are forgotten. */
  trim(): void {
    this.#slots = this.#slots.slice(0, this.#count);
    this.#touch(false);
  }

  /** Spares are of before: they make way for new ones. */
  renewSpares(): void {
    this.#staff?.spares.renew();
  }

  tell(news: News): void {
    if (news.type === 'exit' && news.exit.forced && this.#isOver) this.#forced.add(news.slot);
    this.#happened$.next({ at: this.workshop.clock.date(), ...news });
  }

  get #isOver(): boolean {
    return !['New', 'Booting', 'Running'].includes(this.state);
  }

  #create(first: number, count: number): readonly Slot[] {
    return Array.from({ length: Math.max(0, count - first) }, (_, index) => {
      return new Slot(first + index, {
        settings: this.settings,
        clock: this.workshop.clock,
        fuse: this.#fuse,
        hire: (id) => this.#hire(id),
        hasSpare: () => (this.#staff?.spares.waiting ?? 0) > 0,
        tell: (news) => this.tell(news),
        touch: (slight) => this.#touch(slight),
        complains: (slot, complaint) => this.relief.hear(slot, complaint),
      });
    });
  }

  #hire(id: number) {
    if (this.#staff === undefined) throw new WorkersStateError(`worker ${id} cannot be started`, this.state);
    return this.#staff.hire(id);
  }

  /** Looked at when the turn's code is done: what one slot does next is decided by then. */
  #review(): void {
    if (this.state === 'Booting') {
      const verdict = judgeStart(this.#slots);
      if (verdict === 'failed') this.#fail('start');
      if (verdict === 'running') this.#enter('Running');
    }
    if (this.state === 'Running') {
      const verdict = judgeRun(this.#slots);
      if (verdict === 'failed') this.#fail('later');
      if (verdict === 'finished') this.stop(0);
    }
    if (this.state === 'Stopping') this.#endIfEmpty();
  }

  #fail(when: 'start' | 'later'): void {
    const { error: cause } = this.#slots.find(({ error }) => error !== undefined) ?? {};
    this.#error = new WorkersFailedError(this.#slots.length, when, cause);
    this.stop(0);
  }

  /** Nobody is started any more. Once. */
  #wind(): void {
    if (this.#isOver) return;
    this.#stoppedAt = this.workshop.clock.now();
    this.#enter('Stopping');
    this.#fuse.stop();
    this.relief.stop();
    this.stopping$.next(new WorkersStateError('it was given up', 'everything stops'));
    const spares = this.#staff?.spares;
    spares?.stop();
    this.#life.add(
      spares?.stopped$.subscribe({
        complete: () => {
          this.#sparesGone = true;
          this.#touch(false);
        },
      }),
    );
  }

  #endIfEmpty(): void {
    if (!this.#sparesGone || this.#slots.some(({ isEmpty }) => !isEmpty)) return;
    this.#life.unsubscribe();
    process.off('exit', this.#kill);
    this.sockets.close();
    this.#enter(this.#error === undefined ? 'Stopped' : 'Error');
    this.census.close();
    this.topics.complete();
    for (const stream of [this.#states, this.#turns]) stream.complete();
    this.#happened$.complete();
    const durationMs = this.workshop.clock.now() - this.#stoppedAt;
    asapScheduler.schedule(() => this.ended$.next({ forced: this.forced, durationMs }));
  }

  #enter(state: WorkersState): void {
    this.#states.enter(state);
    this.#touch(false);
  }

  #touch(slight: boolean): void {
    this.#turns.touch(slight);
    if (!slight) this.#review$.next();
  }

  #take(): WorkersSnapshot {
    const workers = this.#slots.map((slot) => slot.snapshot());
    return Object.freeze({
      state: this.state,
      count: this.#count,
      active: workers.filter(({ state }) => state === 'active').length,
      restarting: this.#restarting,
      workers,
      spares: this.#staff?.spares.waiting ?? 0,
      ...(this.#error !== undefined && { error: this.#error }),
    });
  }
}
