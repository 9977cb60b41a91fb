import { BehaviorSubject, distinctUntilChanged, filter, type Observable, Subject, Subscription, timer } from 'rxjs';
import type { Clock } from './clock.ts';
import type { WorkerExit } from './exit.ts';
import { CLEAN, type CrashRecord, decideRespawn, ON_TRIAL, type RespawnSettings } from './respawn.ts';
import type { WorkerLife } from './worker-life.ts';

/** A spare that ended before anybody took it. */
export interface SpareEnd {
  readonly pid: number;
  readonly exit: WorkerExit;
  /** They end again and again: there are no new ones until they have cooled down. */
  readonly givenUp: boolean;
}

/** Booted processes that wait for a slot, so that one that lost its own has another at once. */
export interface Spares {
  /** How many wait now. Hot; replays; completes with `stop`. */
  readonly waiting$: Observable<number>;
  readonly waiting: number;
  /** Hot; completes with `stop`. */
  readonly ends$: Observable<SpareEnd>;
  /** Completes once they were stopped and all have ended; replays that. Emits nothing. */
  readonly stopped$: Observable<never>;
  /** Starts them. Once; never after `stop`. */
  start(): void;
  /** The one that has waited longest, which is from then on the caller's; `undefined` when none does. Another is started for it. */
  take(): WorkerLife | undefined;
  /** Replaces those that there are: they have old code. What was held against them is forgotten. */
  renew(): void;
  /** Kills them, as they have nothing to finish; there are none from then on. */
  stop(): void;
}

/** What spares are kept by. */
export interface SparesOptions {
  readonly size: number;
  /** Milliseconds after which spares that ended again and again get one more chance; 0 for never. */
  readonly coolDownMs: number;
  readonly settings: Omit<RespawnSettings, 'respawn'>;
  readonly clock: Clock;
  /** Numbers in `[0, 1)`; `Math.random` by default. */
  readonly random?: () => number;
}

/**
 * Keeps as many processes booted as are wanted.
 *
 * One that is taken is followed by another after the respawn delay: the one that was taken has the CPU first. One that
 * ends by itself is treated as a worker that crashed: the delay grows, and too many too soon are given up for a while.
 *
 * @param boot - starts a process that is assigned to nobody.
 */
export const createSpares = (boot: () => WorkerLife, options: SparesOptions): Spares => {
  const { size, coolDownMs, settings, clock, random = Math.random } = options;
  /** Those that there are, the oldest first, each with who listens for its end. */
  const pool = new Map<WorkerLife, Subscription>();
  /** Those that were killed and have not ended. */
  let leaving = 0;
  const waiting = new BehaviorSubject(0);
  const ends = new Subject<SpareEnd>();
  const stopped = new Subject<never>();
  let state: 'new' | 'kept' | 'stopped' = 'new';
  let record: CrashRecord = CLEAN;
  let givenUp = false;
  let due = Subscription.EMPTY;

  const count = (): void => waiting.next([...pool.keys()].filter(isWaiting).length);

  const fillLater = (delayMs: number): void => {
    if (givenUp) return;
    due.unsubscribe();
    due = timer(delayMs, clock.scheduler).subscribe(fill);
  };

  const fill = (): void => {
    // Counted first: one that could not even be started has ended by the time it was added.
    for (let missing = size - pool.size; missing > 0 && state === 'kept'; missing -= 1) add(boot());
  };

  const add = (life: WorkerLife): void => {
    let waitsSince: number | undefined;
    const following = new Subscription();
    pool.set(life, following);
    following.add(
      life.status$.subscribe(({ phase, exit }) => {
        if (phase === 'waiting') waitsSince ??= clock.now();
        if (exit !== undefined) lost(life, exit, waitsSince);
        else count();
      }),
    );
  };

  const lost = (life: WorkerLife, exit: WorkerExit, waitsSince: number | undefined): void => {
    pool.delete(life);
    const at = clock.now();
    const activeMs = waitsSince === undefined ? undefined : at - waitsSince;
    const decision = decideRespawn(record, { exit, at, activeMs }, { ...settings, respawn: 'always' }, random());
    record = decision.record;
    if (decision.type === 'respawn') fillLater(decision.delayMs);
    else giveUp();
    ends.next({ pid: life.process.pid, exit, givenUp });
    count();
  };

  const giveUp = (): void => {
    givenUp = true;
    due.unsubscribe();
    if (coolDownMs === 0) return;
    due = timer(coolDownMs, clock.scheduler).subscribe(() => {
      givenUp = false;
      record = ON_TRIAL;
      fill();
    });
  };

  const clear = (intent: 'restart' | 'stop'): void => {
    due.unsubscribe();
    for (const [life, following] of pool) {
      following.unsubscribe();
      leaving += 1;
      life.status$.pipe(filter(({ phase }) => phase === 'exited')).subscribe(() => {
        leaving -= 1;
        finish();
      });
      life.kill(intent);
    }
    pool.clear();
  };

  const finish = (): void => {
    if (state === 'stopped' && leaving === 0) stopped.complete();
  };

  return {
    waiting$: waiting.pipe(distinctUntilChanged()),
    get waiting() {
      return waiting.value;
    },
    ends$: ends.asObservable(),
    stopped$: stopped.asObservable(),
    start() {
      if (state !== 'new') return;
      state = 'kept';
      fill();
    },
    take() {
      const life = [...pool.keys()].find(isWaiting);
      if (life === undefined) return undefined;
      pool.get(life)?.unsubscribe();
      pool.delete(life);
      count();
      if (due.closed) fillLater(settings.respawnDelayMs);
      return life;
    },
    renew() {
      if (state !== 'kept') return;
      clear('restart');
      record = CLEAN;
      givenUp = false;
      count();
      fillLater(settings.respawnDelayMs);
    },
    stop() {
      if (state === 'stopped') return;
      state = 'stopped';
      clear('stop');
      count();
      waiting.complete();
      ends.complete();
      finish();
    },
  };
};

const isWaiting = (life: WorkerLife): boolean => life.status.phase === 'waiting';
