import { concatMap, Subject, Subscription, timer } from 'rxjs';
import type { Clock } from './clock.ts';
import type { ExitIntent, WorkerExit } from './exit.ts';
import type { Farewell } from './farewell.ts';
import type { Fuse } from './fuse.ts';
import type { News, StartReason } from './news.ts';
import { CLEAN, type CrashRecord, counts, decideRespawn, ON_TRIAL } from './respawn.ts';
import type { WorkersSettings } from './settings.ts';
import { isGivenUp } from './slot-state.ts';
import type { WorkerSnapshot } from './snapshot.ts';
import { Standing } from './standing.ts';
import { activeMs, cutShort, follow, isReady, letGo, type Tenure } from './tenure.ts';
import type { Complaint } from './watch.ts';
import type { WorkerLife } from './worker-life.ts';
import type { WorkerState } from './worker-state.ts';

export interface SlotParts {
  readonly settings: WorkersSettings;
  readonly clock: Clock;
  readonly fuse: Fuse;
  /** Gives a slot a process. */
  readonly hire: (slot: number) => WorkerLife;
  readonly hasSpare: () => boolean;
  readonly tell: (news: News) => void;
  /** Something changed; `slight` when it is only what a process says of itself. */
  readonly touch: (slight: boolean) => void;
  /** The process that serves for it complains. */
  readonly complains: (slot: Slot, complaint: Complaint) => void;
  readonly random?: () => number;
}

/**
 * One slot: the process that serves for it, the one that is to take over, those that are still leaving, and the timer
 * that brings one back.
 */
export class Slot {
  readonly id: number;
  /** Emits after everything but beats. Hot, never completes. */
  readonly changed$ = new Subject<void>();
  readonly #parts: SlotParts;
  readonly #leaving = new Set<Tenure>();
  readonly #standing: Standing;
  #current: Tenure | undefined;
  #replacement: Tenure | undefined;
  /** The last that was `#current`. */
  #last: Tenure | undefined;
  #waiting = Subscription.EMPTY;
  #record: CrashRecord = CLEAN;
  #closing = false;

  constructor(id: number, parts: SlotParts) {
    this.id = id;
    this.#parts = parts;
    this.#standing = new Standing(parts.clock);
  }

  get state(): WorkerState {
    return this.#standing.state;
  }

  /** Why it does not run. */
  get error(): Error | undefined {
    return this.#standing.error;
  }

  /** One of its processes has been ready. */
  get wasActive(): boolean {
    return this.#standing.wasActive;
  }

  /** One of its processes has ended. */
  get hasEnded(): boolean {
    return this.#standing.facts.lastExit !== undefined;
  }

  /** The process that serves, or is to. */
  get current(): Tenure | undefined {
    return this.#current;
  }

  /** Nothing is being exchanged: there is one process at most. */
  get isSettled(): boolean {
    return this.#replacement === undefined && this.#leaving.size === 0;
  }

  /** There is no process. */
  get isEmpty(): boolean {
    return this.#current === undefined && this.isSettled;
  }

  /** A timer, or the others, will give it a process. */
  get isPending(): boolean {
    return !this.#waiting.closed;
  }

  /** It was told to leave for good. */
  get isClosing(): boolean {
    return this.#closing;
  }

  /** Starts its process now, and returns it; `undefined` when it has one, or is to have none. */
  begin(why: StartReason): Tenure | undefined {
    this.#waiting.unsubscribe();
    if (this.#closing || this.#current !== undefined) return undefined;
    if (isGivenUp(this.state)) this.#standing.enter('starting');
    return this.#hire(why, (tenure) => this.#become(tenure));
  }

  /** Starts another process beside the one there is, or in its place where there is none. It may have ended already. */
  prepare(): Tenure | undefined {
    if (this.#closing) return undefined;
    if (this.#current === undefined) return this.begin('replacement');
    return this.#hire('replacement', (tenure) => {
      this.#replacement = tenure;
    });
  }

  /** The replacement serves from now on, and the old process is let go of. Returns that; `undefined` without either. */
  takeOver(farewell: Farewell): Tenure | undefined {
    const old = this.#current;
    const next = this.#replacement;
    if (old === undefined || next === undefined) return undefined;
    this.#become(next);
    this.#standing.enter(isReady(next) ? 'active' : 'respawning');
    this.#leaving.add(old);
    this.#drain(old, farewell);
    this.#touch();
    return old;
  }

  /** The replacement is not to take over: it ends now. */
  dismiss(intent: ExitIntent): void {
    const tenure = this.#replacement;
    if (tenure === undefined) return;
    this.#replacement = undefined;
    this.#leaving.add(tenure);
    cutShort(tenure, intent);
    this.#touch();
  }

  /** Lets go of every process, and brings none back. Again with less time hastens it. */
  close(farewell: Farewell): void {
    this.#waiting.unsubscribe();
    this.#closing = true;
    this.dismiss(farewell.intent);
    const current = this.#current;
    if (current !== undefined) {
      this.#standing.enter('stopping');
      this.#drain(current, farewell);
    } else if (!isGivenUp(this.state)) this.#standing.enter('stopped');
    for (const tenure of [...this.#leaving]) this.#drain(tenure, farewell);
    this.#touch();
  }

  /** Gives it another chance; to a caller it is as new, after the cool-down its next failure is its last. */
  enable(by: 'caller' | 'cool-down'): void {
    this.#record = by === 'caller' ? CLEAN : ON_TRIAL;
    if (this.#current !== undefined || this.#closing) return;
    this.#parts.tell({ type: 'enabled', slot: this.id, by });
    this.begin('enable');
  }

  /** Every process it has, also those that leave. */
  get lives(): readonly WorkerLife[] {
    return [this.#current, this.#replacement, ...this.#leaving].flatMap((tenure) =>
      tenure === undefined ? [] : [tenure.life],
    );
  }

  /** As it is now. */
  snapshot(): WorkerSnapshot {
    const { clock, settings } = this.#parts;
    const [current, replacement] = [this.#current, this.#replacement];
    const heartbeat = current?.life.status.heartbeat;
    return Object.freeze({
      slot: this.id,
      ...this.#standing.facts,
      pid: current?.pid ?? 0,
      port: settings.port,
      startedAt: this.#last?.startedAt ?? 0,
      uptimeMs: this.state === 'active' && current !== undefined ? (activeMs(current, clock.now()) ?? 0) : 0,
      recentCrashes: this.#record.ends.length,
      ...(replacement !== undefined && { replacement: { pid: replacement.pid, ready: isReady(replacement) } }),
      ...(heartbeat !== undefined && { heartbeat }),
    });
  }

  /** @param place - gives it its place in the slot, before anything is heard of it. */
  #hire(why: StartReason, place: (tenure: Tenure) => void): Tenure {
    const { clock, hire, tell } = this.#parts;
    const [startedAt, spawnedAt] = [clock.date(), clock.now()];
    const life = hire(this.id);
    const { pid } = life.process;
    const tenure: Tenure = { life, pid, why, startedAt, spawnedAt, asked: false, silent: false };
    place(tenure);
    // One that could not be started has no pid; its end says why.
    if (pid > 0) tell({ type: 'starting', slot: this.id, pid, why });
    follow(tenure, {
      ready: () => this.#ready(tenure),
      leaving: () => this.#leaves(tenure),
      complains: (complaint) => {
        if (tenure === this.#current && !this.#closing) this.#parts.complains(this, complaint);
      },
      beats: () => this.#parts.touch(true),
      ended: (exit) => this.#ended(tenure, exit),
    });
    this.#touch();
    return tenure;
  }

  #become(tenure: Tenure): void {
    this.#standing.countProcess();
    if (this.#replacement === tenure) this.#replacement = undefined;
    this.#current = tenure;
    this.#last = tenure;
  }

  #ready(tenure: Tenure): void {
    const bootMs = tenure.life.status.readyAt - tenure.spawnedAt;
    this.#parts.tell({ type: 'active', slot: this.id, pid: tenure.pid, bootMs });
    if (tenure === this.#current) this.#standing.enter('active');
    this.#touch();
  }

  #leaves(tenure: Tenure): void {
    this.#parts.tell({ type: 'draining', slot: this.id, pid: tenure.pid, reason: 'its own' });
    if (tenure === this.#current) this.#standing.enter('stopping');
    this.#touch();
  }

  #ended(tenure: Tenure, exit: WorkerExit): void {
    const { settings, fuse, tell } = this.#parts;
    const failed = this.#standing.note(exit);
    tell({ type: 'exit', slot: this.id, pid: tenure.pid, exit });
    if (!this.#closing && counts(exit, settings.respawn)) fuse.blow();
    if (tenure === this.#replacement) this.#replacement = undefined;
    this.#leaving.delete(tenure);
    if (tenure === this.#current) {
      this.#current = undefined;
      if (failed) this.#standing.fail(tenure.pid, exit);
      this.#fillIn(tenure, exit, failed);
    }
    this.#touch();
  }

  /** Its process is gone: somebody else comes, now, later or never. */
  #fillIn(tenure: Tenure, exit: WorkerExit, failed: boolean): void {
    const { clock, settings, hasSpare, tell, random = Math.random } = this.#parts;
    if (this.#closing) {
      this.#standing.enter('stopped');
      return;
    }
    if (failed) this.#standing.enter('crashed');
    const next = this.#replacement;
    if (next !== undefined) {
      this.#become(next);
      this.#standing.enter('respawning');
      if (isReady(next)) this.#standing.enter('active');
      return;
    }
    const at = clock.now();
    const end = { exit, at, activeMs: activeMs(tenure, at), hasSpare: hasSpare() };
    const decision = decideRespawn(this.#record, end, settings, random());
    this.#record = decision.record;
    switch (decision.type) {
      case 'stay-down':
        if (!failed) this.#standing.enter('stopped');
        return;
      case 'respawn':
        this.#standing.enter('respawning');
        tell({ type: 'respawning', slot: this.id, delayMs: decision.delayMs });
        this.#later(decision.delayMs, () => this.begin('respawn'));
        return;
      case 'disable':
        this.#standing.enter('crashed');
        this.#standing.enter('disabled');
        tell({ type: 'disabled', slot: this.id, crashes: decision.crashes, withinMs: decision.withinMs });
        if (settings.coolDownMs > 0) this.#later(settings.coolDownMs, () => this.enable('cool-down'));
    }
  }

  /** After some time, and not while too many fail. */
  #later(ms: number, work: () => void): void {
    const { clock, fuse } = this.#parts;
    this.#waiting = timer(ms, clock.scheduler)
      .pipe(concatMap(() => fuse.clear$))
      .subscribe(work);
  }

  #drain(tenure: Tenure, farewell: Farewell): void {
    if (!letGo(tenure, farewell)) return;
    this.#parts.tell({ type: 'draining', slot: this.id, pid: tenure.pid, reason: farewell.request.reason });
  }

  #touch(): void {
    this.#parts.touch(false);
    this.changed$.next();
  }
}
